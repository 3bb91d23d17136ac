// PcapngPackets: packets of connections as a pcapng file (draft-ietf-opsawg-pcapng), block by block, in the
// byte order of this machine and with times in nanoseconds. Whoever appends owns the bytes. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "restitch/packet.h"
#include "restitch/packet_context.h"

namespace RESTITCH_API restitch {

class PcapngPackets {
 public:
  // Appends the start of a file, with the interfaces of the packets so far.
  void append_start(std::vector<std::uint8_t>& out) const;

  // Appends the packet of a segment between `net.source` and `net.destination`, behind its interface if that
  // is new; nothing if its frame was the one appended last, as one that holds several segments is. A datagram
  // that came in fragments is written whole, without its link layer: no one frame has it.
  void append(std::vector<std::uint8_t>& out, const TcpSegment& tcp, const NetFlow& net,
              const PacketContext& packet);

 private:
  bool appended(const CaptureInfo& info);
  std::uint32_t interface_of(std::vector<std::uint8_t>& out, LinkType link_type);

  std::vector<LinkType> interfaces_;  // in order
  std::uint64_t frame_number_ = 0;    // of the frame appended last, as a packet
  std::uint32_t frame_source_ = 0;
};

}  // namespace restitch
