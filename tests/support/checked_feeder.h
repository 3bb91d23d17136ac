// CheckedFeeder: what feed() takes for an assembler: passes packets on to a CheckedWorld, whose streams say
// no or throw now and then as its settings want it, and which is flushed now and then. decoder_options_of()
// makes settings of a Decoder from a byte. One thread.
#pragma once

#include <cstdint>
#include <span>

#include "restitch/engine.h"
#include "support/checked_world.h"

namespace restitch::test {

class CheckedFeeder {
 public:
  explicit CheckedFeeder(CheckedWorld& world) : world_(world) {}

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
    StreamAnswers& answers = world_.answers;
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

inline DecoderOptions decoder_options_of(std::uint8_t choice) {
  DecoderOptions options;
  options.vlan_in_key = (choice & 1) != 0;
  options.tunnel_in_key = (choice & 2) != 0;
  options.interface_in_key = (choice & 4) != 0;
  if ((choice & 8) != 0) options.copies_window_ns = 1'000'000;
  options.defragmenter.policy = static_cast<FragmentPolicy>((choice >> 4) % 5);
  return options;
}

}  // namespace restitch::test
