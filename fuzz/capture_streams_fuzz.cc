// The whole path: any bytes as a capture, read, decoded and reassembled, with streams and accounts that check
// themselves (tests/support/checked_world.h). The last six bytes choose policy, limits, answers, decoder and
// the pieces in which the input arrives; the capture stands in front of them, as in a file.
#include <algorithm>
#include <cstdint>
#include <memory>

#include "capture/open_source.h"
#include "restitch/engine.h"
#include "support/checked_world.h"
#include "unit/capture/capture_builder.h"

namespace {

using namespace restitch;
using restitch::test::CheckedSettings;
using restitch::test::CheckedWorld;

constexpr std::size_t settings_size = CheckedSettings::size + 2;
constexpr std::uint64_t bytes_max = 4 << 20;  // a few compressed bytes can stand for very many

// What feed() takes for an assembler.
class Feeder {
 public:
  explicit Feeder(CheckedWorld& world) : world_(world) {}

  void assemble(std::span<const AssemblerPacket> packets) {
    for (const AssemblerPacket& packet : packets) {
      const CaptureInfo& info = packet.context->capture_info();
      answer(info.packet_number);
      world_.send(packet.decoded.net, packet.decoded.tcp, *packet.context);
      if (info.packet_number % 16 == 0) flush(info.timestamp);
    }
  }

 private:
  void answer(std::uint64_t number) {
    test::StreamAnswers& answers = world_.answers;
    if (world_.settings().streams_refuse) {
      answers.wants = number % 17 != 3;
      answers.accepts = number % 11 != 5;
      answers.begins_here = number % 13 == 6;
      answers.forgets = number % 5 != 1;
    }
    if (world_.settings().streams_fail) answers.fails = number % 7 == 2;
  }

  void flush(Timestamp now) {
    constexpr std::int64_t second = 1'000'000'000;
    if (now.ns > 3 * second) world_.flush({{now.ns - second}, {now.ns - 2 * second}});
  }

  CheckedWorld& world_;
};

DecoderOptions decoder_options(std::uint8_t choice) {
  DecoderOptions options;
  options.vlan_in_key = (choice & 1) != 0;
  options.tunnel_in_key = (choice & 2) != 0;
  options.interface_in_key = (choice & 4) != 0;
  if ((choice & 8) != 0) options.copies_window_ns = 1'000'000;
  options.defragmenter.policy = static_cast<FragmentPolicy>((choice >> 4) % 5);
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < settings_size) return 0;
  const Bytes capture(data, size - settings_size);
  const std::uint8_t* const choices = data + capture.size();
  const std::size_t piece = choices[5] < 0x80 ? capture.size() + 1 : std::size_t{choices[5]} * 4;
  auto opened = open_source(std::make_unique<testing::MemorySource>(capture, piece), {std::size_t{1} << 16});
  if (!opened) return 0;
  CheckedWorld world{CheckedSettings(choices)};
  Feeder feeder(world);
  Decoder decoder(decoder_options(choices[4]));
  FeedCounts counts;
  feed(**opened, decoder, feeder, counts, [&] { return counts.bytes < bytes_max; });
  std::uint64_t told = 0;
  for (const std::uint64_t count : counts.dropped) told += count;
  test::require(told == counts.frames(), "each frame is a segment, or dropped for a reason");
  world.flush_all();
  return 0;
}
