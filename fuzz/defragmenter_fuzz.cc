// Any bytes as a row of fragments: the first byte chooses the policy and the IP version, then five bytes
// make a fragment. IPv4 fragments of one datagram are held against the byte map; limits hold always.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "restitch/defragmenter.h"
#include "support/fragment_model.h"

namespace {

using restitch::FragmentPolicy;
using restitch::IpDefragmenter;
using restitch::IpFragment;
using restitch::testing::FragmentModel;

void require(bool condition) {
  if (!condition) std::abort();
}

// Small offsets mostly, so that fragments meet; now and then the far end.
IpFragment make_fragment(const std::uint8_t* p, std::uint8_t version, std::vector<std::uint8_t>& bytes) {
  bytes.assign(p[2] & 0x7fu, p[3]);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(bytes[i] + i);
  IpFragment fragment;
  fragment.source.version = version;
  fragment.destination.version = version;
  fragment.id = p[0] >> 6;
  fragment.more = (p[0] & 1) != 0;
  fragment.whole = (p[0] & 0x3e) != 0x3e;
  fragment.offset = ((p[0] & 0x20) != 0 && p[1] > 0xf0 ? 8000u + (p[1] & 0xfu) * 16 : p[1] & 0x1fu) * 8u;
  fragment.data = bytes;
  return fragment;
}

// What the model is to see of an IPv4 fragment; empty: nothing.
restitch::Bytes seen_data(const IpFragment& fragment) {
  restitch::Bytes data = fragment.data;
  if (fragment.more) data = data.first(data.size() / 8 * 8);
  return fragment.whole && fragment.offset + data.size() <= 65535 ? data : restitch::Bytes{};
}

void check_limits(const IpDefragmenter& defragmenter, const restitch::DefragmenterOptions& options) {
  require(defragmenter.bytes_held() <= options.bytes_max);
  require(defragmenter.datagrams_held() <= options.datagrams_max);
  require((defragmenter.bytes_held() == 0) == (defragmenter.datagrams_held() == 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  restitch::DefragmenterOptions options;
  options.policy = static_cast<FragmentPolicy>(data[0] % 5);
  const bool tight = (data[0] & 0x80) != 0;
  if (tight) options.bytes_max = 4096, options.datagrams_max = 2, options.timeout_ns = 1000;
  const std::uint8_t version = (data[0] & 0x40) != 0 ? 6 : 4;
  const bool modelled = version == 4 && !tight && options.policy != FragmentPolicy::linux_;
  IpDefragmenter defragmenter(options);
  std::array<std::unique_ptr<FragmentModel>, 4> models;
  std::vector<std::uint8_t> bytes;
  std::int64_t now = 0;
  for (std::size_t i = 1; i + 5 <= size; i += 5) {
    const IpFragment fragment = make_fragment(data + i, version, bytes);
    now += tight ? data[i + 4] : 0;
    const auto datagram = defragmenter.add(fragment, {now});
    check_limits(defragmenter, options);
    if (datagram) require(!datagram->payload.empty() && datagram->payload.size() <= 65535);
    if (!modelled) continue;
    auto& model = models[fragment.id];
    const restitch::Bytes seen = seen_data(fragment);
    if (seen.empty()) continue;
    if (!model) model = std::make_unique<FragmentModel>(options.policy);
    const auto expected = model->add(fragment.offset, fragment.more, seen);
    require(expected.has_value() == datagram.has_value());
    if (expected) require(*expected == datagram->payload);
    if (expected) model.reset();
  }
  return 0;
}
