#include "batch/carry_segment.h"

#include <utility>

#include "restitch/detail/connection.h"

namespace restitch::batch {
namespace {

enum Mark : std::uint8_t {
  from_high = 1,
  network_ok = 2,
  fragment_overlap = 4,
  reassembled = 8,
  copied = 16,
  ip_checksum_ok = 32,
  encapsulated = 64,
};

// Where a part lies in the whole; 0 for an empty one.
std::size_t place_of(Bytes part, Bytes whole) {
  return part.empty() ? 0 : static_cast<std::size_t>(part.data() - whole.data());
}

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void append_part(std::string& out, Bytes part, Bytes whole) {
  append_bytes(out, static_cast<std::uint32_t>(place_of(part, whole)));
  append_bytes(out, static_cast<std::uint32_t>(part.size()));
}

bool take_part(ByteText& text, Bytes whole, Bytes& part) {
  const std::size_t at = text.take<std::uint32_t>();
  const std::size_t size = text.take<std::uint32_t>();
  if (at > whole.size() || size > whole.size() - at) return false;
  part = whole.subspan(at, size);
  return true;
}

std::uint8_t marks_of(const DecodedPacket& packet) {
  const auto mark = [](bool on, Mark bit) { return on ? unsigned{bit} : 0U; };
  const bool high = detail::make_key(packet.net, packet.tcp.transport()).from_high;
  return static_cast<std::uint8_t>(mark(high, from_high) | mark(packet.tcp.network_ok, network_ok) |
                                   mark(packet.tcp.fragment_overlap, fragment_overlap) |
                                   mark(packet.reassembled, reassembled) | mark(packet.copied, copied) |
                                   mark(packet.ip_checksum_ok, ip_checksum_ok) |
                                   mark(packet.encapsulated, encapsulated));
}

void take_flow(std::uint8_t marks, const NetFlow& low_to_high, TransportFlow ports, DecodedPacket& packet) {
  packet.net = low_to_high;
  if ((marks & from_high) != 0) {
    std::swap(packet.net.source, packet.net.destination);
    std::swap(ports.source_port, ports.destination_port);
  }
  packet.tcp.source_port = ports.source_port;
  packet.tcp.destination_port = ports.destination_port;
}

}  // namespace

void append_segment(std::string& out, const FoundSegment& segment) {
  const DecodedPacket& packet = segment.decoded;
  const TcpSegment& tcp = packet.tcp;
  append_bytes(out, segment.rank);
  append_bytes(out, segment.elapsed.ticks);
  append_bytes(out, segment.info.timestamp.ns);
  append_bytes(out, segment.info.packet_number);
  append_bytes(out, segment.info.captured_size);
  append_bytes(out, segment.info.original_size);
  append_bytes(out, marks_of(packet));
  append_bytes(out, static_cast<std::uint8_t>(packet.tunnel));
  append_bytes(out, packet.tunnel_id);
  append_bytes(out, packet.vlan);
  append_bytes(out, packet.ip_id);
  append_bytes(out, packet.ttl);
  append_bytes(out, packet.net.network_tag);
  append_bytes(out, tcp.sequence.value());
  append_bytes(out, tcp.acknowledgment.value());
  append_bytes(out, tcp.window);
  append_bytes(out, tcp.urgent_pointer);
  append_bytes(out, tcp.flags.bits);
  append_bytes(out, tcp.network_words);
  append_bytes(out, tcp.missing_size);
  append_part(out, tcp.options, tcp.bytes);
  append_part(out, tcp.payload, tcp.bytes);
  append_text(out, {reinterpret_cast<const char*>(tcp.bytes.data()), tcp.bytes.size()});
}

bool take_segment(ByteText& text, const NetFlow& low_to_high, TransportFlow ports, FoundSegment& segment) {
  segment = {};
  DecodedPacket& packet = segment.decoded;
  TcpSegment& tcp = packet.tcp;
  packet.reason = DropReason::none;
  segment.rank = text.take<std::uint64_t>();
  segment.elapsed.ticks = text.take<std::int64_t>();
  segment.info.timestamp.ns = text.take<std::int64_t>();
  segment.info.packet_number = text.take<std::uint64_t>();
  segment.info.captured_size = text.take<std::uint32_t>();
  segment.info.original_size = text.take<std::uint32_t>();
  const auto marks = text.take<std::uint8_t>();
  const auto tunnel = text.take<std::uint8_t>();
  if (tunnel >= static_cast<std::uint8_t>(LayerKind::count_)) return false;
  packet.tunnel = static_cast<LayerKind>(tunnel);
  packet.tunnel_id = text.take<std::uint32_t>();
  packet.vlan = text.take<std::uint16_t>();
  packet.ip_id = text.take<std::uint16_t>();
  packet.ttl = text.take<std::uint8_t>();
  take_flow(marks, low_to_high, ports, packet);
  packet.net.network_tag = text.take<std::uint16_t>();
  packet.reassembled = (marks & reassembled) != 0;
  packet.copied = (marks & copied) != 0;
  packet.ip_checksum_ok = (marks & ip_checksum_ok) != 0;
  packet.encapsulated = (marks & encapsulated) != 0;
  tcp.network_ok = (marks & network_ok) != 0;
  tcp.fragment_overlap = (marks & fragment_overlap) != 0;
  tcp.sequence = Sequence(text.take<std::uint32_t>());
  tcp.acknowledgment = Sequence(text.take<std::uint32_t>());
  tcp.window = text.take<std::uint16_t>();
  tcp.urgent_pointer = text.take<std::uint16_t>();
  tcp.flags.bits = text.take<std::uint8_t>();
  tcp.network_words = text.take<std::uint8_t>();
  tcp.missing_size = text.take<std::uint32_t>();
  // The parts lie in what follows them.
  ByteText parts = text;
  text.take_bytes(4 * sizeof(std::uint32_t));
  tcp.bytes = bytes_of(text.take_text());
  return take_part(parts, tcp.bytes, tcp.options) && take_part(parts, tcp.bytes, tcp.payload) &&
         !text.failed();
}

}  // namespace restitch::batch
