// The whole path with two inputs, as from the taps of two directions: any bytes as two captures, merged by
// time, decoded and reassembled, with streams and accounts that check themselves
// (tests/support/checked_world.h). The last eight bytes choose policy, limits, answers, decoder, the pieces
// in which the inputs arrive, and where the second capture begins: so many bytes behind the first.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "capture/compressed_source.h"
#include "capture/open_source.h"
#include "restitch/capture_inputs.h"
#include "support/checked_feeder.h"
#include "unit/capture/capture_builder.h"

namespace {

using namespace restitch;
using restitch::test::CheckedSettings;
using restitch::test::CheckedWorld;
using restitch::testing::MemorySource;

constexpr std::size_t settings_size = CheckedSettings::size + 4;

Result<std::unique_ptr<CaptureReader>> open(Bytes capture, std::uint8_t choice) {
  const std::size_t piece = choice < 0x80 ? capture.size() + 1 : std::size_t{choice} * 4;
  return open_source(std::make_unique<MemorySource>(capture, piece), {std::size_t{1} << 16});
}

// How many records a capture has.
std::uint64_t records_of(Bytes capture) {
  const auto reader = open(capture, 0);
  std::uint64_t records = 0;
  while (reader && !(*reader)->finished()) records += (*reader)->next_batch().size();
  return records;
}

// Passes on what is merged, and counts what comes from each input.
class Counting final : public CaptureReader {
 public:
  explicit Counting(MergedReader& merged) : merged_(merged) {}

  std::span<const Record> next_batch() override {
    const auto batch = merged_.next_batch();
    for (const Record& record : batch) {
      test::require(record.info.source_index < 2, "each record is of one of the two");
      ++came[record.info.source_index];
    }
    return batch;
  }
  [[nodiscard]] bool finished() const override { return merged_.finished(); }
  [[nodiscard]] const CaptureEnd& end() const override { return merged_.end(); }
  [[nodiscard]] const CaptureMetadata& metadata() const override { return merged_.metadata(); }
  [[nodiscard]] std::string format_name() const override { return merged_.format_name(); }
  [[nodiscard]] std::uint64_t bytes_read() const override { return merged_.bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return merged_.size(); }

  std::array<std::uint64_t, 2> came{};

 private:
  MergedReader& merged_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < settings_size) return 0;
  const Bytes captures(data, size - settings_size);
  const std::uint8_t* const choices = data + captures.size();
  const std::size_t first = std::min<std::size_t>(captures.size(), choices[6] | choices[7] << 8);
  const std::array<Bytes, 2> parts{captures.first(first), captures.subspan(first)};
  if (is_compressed(parts[0]) || is_compressed(parts[1])) return 0;  // capture_streams has those
  std::vector<MergeInput> inputs;
  for (const Bytes part : parts) {
    inputs.push_back({"tap", {}, std::nullopt, [part, choice = choices[5]] { return open(part, choice); }});
  }
  MergedReader merged(std::move(inputs));
  Counting reader(merged);
  CheckedWorld world{CheckedSettings(choices)};
  test::CheckedFeeder feeder(world);
  Decoder decoder(test::decoder_options_of(choices[4]));
  FeedCounts counts;
  feed(reader, decoder, feeder, counts, [] { return true; });
  std::uint64_t told = 0;
  for (const std::uint64_t count : counts.dropped) told += count;
  test::require(told == counts.frames(), "each frame is a segment, or dropped for a reason");
  for (std::size_t i = 0; i < 2; ++i) {
    test::require(reader.came[i] == records_of(parts[i]), "each record of either comes");
  }
  world.flush_all();
  return 0;
}
