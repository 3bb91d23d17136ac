// Point-to-point links: PPP (RFC 1661), PPP in HDLC framing and Cisco HDLC (RFC 1547), PPPoE (RFC 2516),
// Frame Relay (RFC 2427).
#pragma once

#include "packet/walk.h"

namespace restitch {

Header enter_ppp(Walk& walk, DecodedPacket& packet);
Header enter_hdlc(Walk& walk, DecodedPacket& packet);
Header enter_pppoe(Walk& walk, DecodedPacket& packet);
Header enter_frame_relay(Walk& walk, DecodedPacket& packet);

// A frame behind a byte that says which way it went. pppd writes it over the address byte instead.
Header enter_direction_ppp(Walk& walk, DecodedPacket& packet);

}  // namespace restitch
