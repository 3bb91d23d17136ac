// Bytes that a log may hold: as batches, with the sum that belongs to them, through the order of a partition;
// and as checkpoints and segments.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "cluster/crc32c.h"
#include "restitch/cluster/checkpoint.h"
#include "restitch/cluster/release_order.h"
#include "restitch/cluster/segment.h"

namespace {

using namespace restitch;
using namespace restitch::cluster;

// With the right sum behind it, so that what is inside is looked at.
std::vector<std::uint8_t> summed(Bytes bytes) {
  std::vector<std::uint8_t> whole(bytes.begin(), bytes.end());
  std::uint32_t sum = crc32c(bytes);
  for (int i = 0; i < 4; ++i, sum >>= 8) whole.push_back(static_cast<std::uint8_t>(sum));
  return whole;
}

// What was decoded goes on as the same bytes would.
void expect_same_again(const Batch& batch) {
  const auto bytes = encode_batch(batch);
  const auto again = decode_batch(bytes);
  if (!again || again->records.size() != batch.records.size() || encode_batch(*again) != bytes) std::abort();
}

void take(Bytes message) {
  ReleaseOrder order(4);
  for (std::uint64_t sequence = 1; sequence < 4; ++sequence) {
    LogMessage copy{sequence, {message.begin(), message.end()}};
    auto batch = decode_batch(copy.bytes);
    const auto head = decode_batch_head(copy.bytes);  // as a spool reads it
    if (batch && (!head || head->id() != batch->id())) std::abort();
    if (!batch) return;
    if (sequence == 1) expect_same_again(*batch);
    batch->number += sequence - 1;
    order.take(std::move(copy), std::move(*batch));
    while (!order.next_run().records.empty()) {
    }
    (void)order.state();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  (void)decode_batch(bytes);
  (void)decode_batch_head(bytes);
  take(summed(bytes));
  if (const auto state = decode_state(bytes)) (void)encode_state(*state);
  if (const auto head = decode_head(bytes)) (void)encode_head(*head);
  (void)read_segment({reinterpret_cast<const char*>(data), size});
  return 0;
}
