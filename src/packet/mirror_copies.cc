#include "restitch/mirror_copies.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "restitch/detail/prefetch.h"
#include "restitch/detail/require.h"

namespace restitch {
namespace {

// 64 KiB in all, which leave room in a cache for the rest. A packet is forgotten once four others came into
// its set: its test finds all that come again 100 packets later, and 19 of 20 that come 1,000 later.
constexpr unsigned set_bits = 10;
// By the upper bits: by the lower ones more were missed.
constexpr std::size_t set_of(std::uint64_t digest) { return digest >> (64 - set_bits); }
constexpr std::size_t header_size_max = 60;

// The header is digested where it lies; what else identifies a packet goes into the seed.
std::uint64_t digest_of(const DecodedPacket& packet) {
  using Words = std::array<std::uint64_t, 2>;
  const auto source = std::bit_cast<Words>(packet.net.source.bytes);
  const auto destination = std::bit_cast<Words>(packet.net.destination.bytes);
  const std::uint64_t size = packet.tcp.payload.size() + packet.tcp.missing_size;
  // Any odd numbers, so that no product has to wait for another.
  const std::uint64_t addresses = source[0] * 0x9E3779B97F4A7C15 + source[1] * 0xC2B2AE3D27D4EB4F +
                                  destination[0] * 0x165667B19E3779F9 + destination[1] * 0x27D4EB2F165667C5;
  const std::uint64_t seed = (addresses ^ addresses >> 32) + (size << 16 | packet.ip_id);
  const Bytes all = packet.tcp.bytes;
  const std::size_t header_size = std::min(all.size() - packet.tcp.payload.size(), header_size_max);
  return XXH3_64bits_withSeed(all.data(), header_size, seed);
}

}  // namespace

MirrorCopies::MirrorCopies(std::int64_t window_ns)
    : window_ns_(window_ns), sets_(std::size_t{1} << set_bits) {}

void MirrorCopies::remember(std::span<const std::byte> memory) {
  RESTITCH_REQUIRE(memory.size() == sets_.size() * sizeof(Set),
                   "what is remembered has the size of memory()");
  std::memcpy(sets_.data(), memory.data(), memory.size());
}

MirrorCopies::Question MirrorCopies::ask(const DecodedPacket& packet, Timestamp time) const {
  Question question;
  if (packet.tcp.bytes.empty()) return question;
  question.digest = digest_of(packet);
  question.time = time;
  question.numbered = packet.ip_id != 0;
  detail::prefetch(&sets_[set_of(question.digest)]);
  return question;
}

bool MirrorCopies::seen_before(const Question& question) {
  if (question.digest == 0) return false;  // without a header to tell it by
  auto& entries = sets_[set_of(question.digest)].entries;
  std::size_t at = 0;
  while (at + 1 < entries.size() && entries[at].digest != question.digest) ++at;
  if (entries[at].digest != question.digest) {
    for (; at > 0; --at) entries[at] = entries[at - 1];
    entries[0] = {question.digest, question.time};
    return false;
  }
  const std::int64_t window = question.numbered ? window_ns_ : std::min(window_ns_, unnumbered_window_ns);
  const Timestamp before = std::exchange(entries[at].time, question.time);
  std::int64_t age = 0;
  return !__builtin_sub_overflow(question.time.ns, before.ns, &age) && age <= window && age >= -window;
}

}  // namespace restitch
