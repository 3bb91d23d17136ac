// Plain frames: TCP in IPv4 without options, on Ethernet. That is nearly every frame, so who meets all of
// them asks for these first.
#pragma once

#include "base/bytes.h"
#include "packet/ip.h"
#include "packet/link_layer.h"

namespace restitch {

constexpr std::size_t plain_ipv4_size = 20;

// Whether the frame is one, as its Ethernet and IPv4 headers say; it may be a fragment, or end within TCP.
// Requires: both headers are there.
inline bool is_plain(LinkType link_type, Bytes frame) {
  const std::uint8_t* const ip = frame.data() + ethernet_size;
  return link_type == LinkType::ethernet && load_be16(frame.data() + 12) == ethertype_ipv4 && ip[0] == 0x45 &&
         ip[9] == protocol_tcp;
}

}  // namespace restitch
