// The whole path: any bytes as a capture, read, decoded and reassembled, with streams and accounts that check
// themselves (tests/support/checked_world.h). The last six bytes choose policy, limits, answers, decoder and
// the pieces in which the input arrives; the capture stands in front of them, as in a file.
#include <cstdint>
#include <memory>

#include "capture/open_source.h"
#include "support/checked_feeder.h"
#include "unit/capture/capture_builder.h"

namespace {

using namespace restitch;
using restitch::test::CheckedSettings;
using restitch::test::CheckedWorld;

constexpr std::size_t settings_size = CheckedSettings::size + 2;
constexpr std::uint64_t bytes_max = 4 << 20;  // a few compressed bytes can stand for very many

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < settings_size) return 0;
  const Bytes capture(data, size - settings_size);
  const std::uint8_t* const choices = data + capture.size();
  const std::size_t piece = choices[5] < 0x80 ? capture.size() + 1 : std::size_t{choices[5]} * 4;
  auto opened = open_source(std::make_unique<testing::MemorySource>(capture, piece), {std::size_t{1} << 16});
  if (!opened) return 0;
  CheckedWorld world{CheckedSettings(choices)};
  test::CheckedFeeder feeder(world);
  Decoder decoder(test::decoder_options_of(choices[4]));
  FeedCounts counts;
  feed(**opened, decoder, feeder, counts, [&] { return counts.bytes < bytes_max; });
  std::uint64_t told = 0;
  for (const std::uint64_t count : counts.dropped) told += count;
  test::require(told == counts.frames(), "each frame is a segment, or dropped for a reason");
  world.flush_all();
  return 0;
}
