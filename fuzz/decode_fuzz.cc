// Any bytes as a frame of any link type: the first two bytes are the link type, the third says how much
// the snap length cut, the rest is the frame. decode() must answer inside its promises.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "restitch/defragmenter.h"
#include "restitch/detail/flow_hash.h"
#include "restitch/packet.h"
#include "restitch/tcp_helpers.h"

namespace {

using restitch::Bytes;
using restitch::DecodedPacket;
using restitch::DropReason;
using restitch::TcpFlowDirection;

void require(bool condition) {
  if (!condition) std::abort();
}

bool lies_inside(Bytes part, Bytes whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void check_segment(const DecodedPacket& packet, Bytes frame, std::size_t original_size) {
  const restitch::TcpSegment& tcp = packet.tcp;
  require(lies_inside(tcp.bytes, frame));
  require(lies_inside(tcp.options, tcp.bytes));
  require(lies_inside(tcp.payload, tcp.bytes));
  require(tcp.bytes.size() == 20 + tcp.options.size() + tcp.payload.size());
  require(tcp.options.size() <= 40);
  require(tcp.missing_size <= original_size - frame.size());
  require(packet.net.source.version == 4 || packet.net.source.version == 6);
  require(packet.net.source.version == packet.net.destination.version);
  require(packet.vlan <= 0x0fff);
}

void check_accessors(const DecodedPacket& packet) {
  const restitch::TcpOptions options = restitch::parse_options(packet.tcp.options);
  require(options.sack_count <= options.sacks.size());
  restitch::checksum_ok(packet.net, packet.tcp);
  require(!restitch::endpoint_to_string(packet.net.source, packet.tcp.source_port).empty());
  restitch::TcpStateMachine machine({.missing_establishment = true});
  restitch::TcpOptionCheck check;
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    machine.check_state(packet.tcp, direction);
    check.accept(packet.tcp, direction, packet.tcp.acknowledgment, packet.tcp.syn());
  }
}

// What an aggregate holds behind its first frame lies inside too, and ends: each frame takes 16 bytes of what
// was on the wire.
void check_rest(restitch::Decoder& decoder, bool more, const restitch::CaptureInfo& info, Bytes frame) {
  std::size_t left = info.original_size / 16;
  while (more) {
    require(left-- > 0);
    const DecodedPacket packet = decoder.decode_more(info);
    require(packet.reason < DropReason::count_);
    require(decoder.layers().items().size() <= restitch::decode_depth_max);
    if (packet.reason == DropReason::none) check_segment(packet, frame, info.original_size);
    more = packet.more;
  }
}

// A Decoder that notes everything finds what decode() finds, or waits for more fragments.
void check_decoder(restitch::LinkType link_type, Bytes frame, std::size_t original_size,
                   const DecodedPacket& plain) {
  restitch::Decoder decoder({.vlan_in_key = true, .tunnel_in_key = true});
  restitch::CaptureInfo info;
  info.original_size = static_cast<std::uint32_t>(original_size);
  const DecodedPacket packet = decoder.decode(link_type, frame, info);
  require(packet.vlan == plain.vlan && packet.tunnel == plain.tunnel && packet.tunnel_id == plain.tunnel_id);
  const auto layers = decoder.layers().items();
  require((packet.net.domain == 0) == layers.empty());
  require(layers.size() <= restitch::decode_depth_max);
  require(!packet.reassembled);  // one fragment is never a whole datagram
  require(packet.reason == plain.reason);
  require(packet.more == plain.more);
  if (packet.reason == DropReason::none) require(packet.tcp.bytes.data() == plain.tcp.bytes.data());
  check_rest(decoder, packet.more, info, frame);
}

// Connections are dealt out by the one or the other.
void check_flow_hash(restitch::LinkType link_type, Bytes frame, const DecodedPacket& packet) {
  const auto hash = restitch::detail::flow_hash(link_type, frame);
  if (hash) require(*hash == restitch::detail::flow_hash(packet.net, packet.tcp.transport()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto link_type = static_cast<restitch::LinkType>(data[0] << 8 | data[1]);
  const std::size_t frame_size = size - 3;
  const std::size_t original_size = frame_size + data[2] * std::size_t{8};
  // A block of its own, so that AddressSanitizer guards both ends.
  const auto block = std::make_unique<std::uint8_t[]>(frame_size);
  if (frame_size > 0) std::memcpy(block.get(), data + 3, frame_size);
  const Bytes frame(block.get(), frame_size);

  const DecodedPacket packet = restitch::decode(link_type, frame, original_size);
  require(packet.reason < DropReason::count_);
  require(restitch::is_supported(link_type) == (packet.reason != DropReason::unknown_link_type));
  check_decoder(link_type, frame, original_size, packet);
  if (packet.reason != DropReason::none) return 0;
  check_segment(packet, frame, original_size);
  check_accessors(packet);
  check_flow_hash(link_type, frame, packet);
  return 0;
}
