// Any bytes as what a few connections send, both ways: after the settings (tests/support/checked_world.h) and
// the sequence numbers they begin at, eight bytes make a segment, a flush or a jump of the clock. Numbers are
// small around those beginnings, so that segments meet, wrap and acknowledge each other.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "support/checked_world.h"

namespace {

using namespace restitch;
using restitch::test::CheckedSettings;
using restitch::test::CheckedWorld;

constexpr std::size_t step_size = 8;
constexpr std::int64_t second = 1'000'000'000;

class Player {
 public:
  Player(CheckedWorld& world, std::uint8_t bases) : world_(world), bases_(bases) {}

  void step(const std::uint8_t* bytes) {
    constexpr std::array<std::int64_t, 8> waits{0,      1,          1000,        second / 10,
                                                second, 3 * second, 10 * second, -second};
    now_ns_ += waits[bytes[6] & 7];
    if (bytes[0] >= 0xf0) return act(bytes);
    const std::string payload = payload_of(bytes);
    const std::vector<std::uint8_t> options = options_of(bytes);
    TcpSegment tcp = segment_of(bytes);
    tcp.payload = Bytes(reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size());
    tcp.options = options;
    answer(bytes[7]);
    ++packets_;
    AssemblerContext context(CaptureInfo{.timestamp = {now_ns_}, .packet_number = packets_});
    world_.send(net_of(bytes[0]), tcp, context);
  }

 private:
  // What is no segment.
  void act(const std::uint8_t* bytes) {
    const std::int64_t back = bytes[2] * second / 16;
    switch (bytes[1] % 8) {
      case 0:
        return world_.flush_all();
      case 1:
        return set_clock(20);
      case 2:
        return set_clock(-20);
      case 3:
        return world_.flush({{now_ns_ - back}, {}});
      case 4:
        return world_.flush({{}, {now_ns_ - back}});
      default:
        return world_.flush({{now_ns_ - back}, {now_ns_ - back}});
    }
  }

  // Somebody set the clock; within what nanoseconds can say, with room for the packets of a whole input.
  void set_clock(std::int64_t years) {
    constexpr std::int64_t year = 365 * 86400 * second;
    now_ns_ = std::clamp(now_ns_ + years * year, -200 * year, 200 * year);
  }

  // Bits 0 and 1 of the first byte are the connection, bit 2 is who sends.
  static bool from_server(std::uint8_t who) { return (who & 4) != 0; }

  static NetFlow net_of(std::uint8_t who) {
    NetFlow net;
    net.source.version = net.destination.version = 4;
    net.source.bytes[15] = from_server(who) ? 2 : 1;
    net.destination.bytes[15] = from_server(who) ? 1 : 2;
    return net;
  }

  [[nodiscard]] Sequence base(bool server) const {
    constexpr std::array<std::uint32_t, 4> bases{0, 0xFFFFFFC0, 0x7FFFFFC0, 0xFFFFFFFF};
    return Sequence(bases[(server ? bases_ >> 2 : bases_) & 3]);
  }

  // Bit 3: far away, where only a wide window reaches or none does.
  [[nodiscard]] Sequence place(const std::uint8_t* bytes) const {
    constexpr std::array<std::int64_t, 4> far{30'000, 70'000, 0x40000000, 0x7fffff80};
    const std::int64_t jump = (bytes[0] & 8) != 0 ? far[bytes[0] >> 4 & 3] : 0;
    return base(from_server(bytes[0])).add(jump + bytes[2]);
  }

  [[nodiscard]] TcpSegment segment_of(const std::uint8_t* bytes) const {
    constexpr std::array<std::uint16_t, 8> windows{65535, 0, 1, 10, 100, 1000, 8000, 30000};
    const bool server = from_server(bytes[0]);
    const auto port = static_cast<std::uint16_t>(1000 + (bytes[0] & 3));
    TcpSegment tcp;
    tcp.source_port = server ? 80 : port;
    tcp.destination_port = server ? port : 80;
    tcp.sequence = place(bytes);
    tcp.acknowledgment = base(!server).add(bytes[4]);
    // ACK is the rule, as in life; both bits above it together take it away.
    tcp.flags = {static_cast<std::uint8_t>(bytes[1] & 0x3f)};
    if ((bytes[1] & 0xc0) != 0xc0) tcp.flags = tcp.flags | TcpFlag::ack;
    tcp.window = windows[bytes[5] & 7];
    tcp.urgent_pointer = tcp.urg() ? static_cast<std::uint16_t>(bytes[6] >> 3) : std::uint16_t{0};
    tcp.network_ok = (bytes[7] & 0xc0) != 0x40;
    tcp.fragment_overlap = (bytes[7] & 0xc0) == 0x80;
    tcp.missing_size = (bytes[7] & 0xc0) == 0xc0 ? 5 : 0;
    return tcp;
  }

  // The same byte at the same place, unless this copy is to differ.
  static std::string payload_of(const std::uint8_t* bytes) {
    std::size_t size = bytes[3] & 0x1f;
    if ((bytes[3] & 0xe0) == 0xe0) size *= 100;  // more than a page
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      payload[i] = static_cast<char>((bytes[2] + i) * 7 + ((bytes[3] & 0x20) != 0 ? bytes[6] : 0u));
    }
    return payload;
  }

  static std::vector<std::uint8_t> options_of(const std::uint8_t* bytes) {
    const std::uint8_t value = bytes[6] >> 3;
    switch (bytes[5] >> 3 & 7) {
      case 1:
      case 2:
        return {1, 1, 8, 10, 0, 0, 0, value, 0, 0, 0, bytes[4]};  // timestamps
      case 3:
        return {3, 3, static_cast<std::uint8_t>(value % 16), 1};  // window scale
      case 4:
        return {2, 4, 0, value, 4, 2, 1, 1};  // MSS, SACK permitted
      case 5:
        return {34, 2, 1, 1};  // fast open
      case 6:
        return {19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};  // MD5
      case 7:
        return {8, value, 2, bytes[4]};  // of an impossible length
      default:
        return {};
    }
  }

  void answer(std::uint8_t choice) {
    test::StreamAnswers& answers = world_.answers;
    if (world_.settings().streams_refuse) {
      answers.wants = (choice & 0x07) != 0x07;
      answers.accepts = (choice & 0x0b) != 0x0b;
      answers.begins_here = (choice & 0x07) == 0x04;
      answers.forgets = (choice & 0x10) == 0;
    }
    if (world_.settings().streams_fail) answers.fails = (choice & 0x20) != 0;
  }

  CheckedWorld& world_;
  std::uint8_t bases_;
  std::int64_t now_ns_ = 1'700'000'000 * second;
  std::uint64_t packets_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t steps_max = 400;
  if (size < CheckedSettings::size + 1) return 0;
  CheckedWorld world{CheckedSettings(data)};
  Player player(world, data[CheckedSettings::size]);
  std::size_t at = CheckedSettings::size + 1;
  for (std::size_t steps = 0; at + step_size <= size && steps < steps_max; at += step_size, ++steps) {
    player.step(data + at);
  }
  world.flush_all();
  return 0;
}
