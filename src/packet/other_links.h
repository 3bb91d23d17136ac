// Link headers that are met now and then: rings, ATM, FireWire, InfiniBand, packet filters, switches.
#pragma once

#include "packet/walk.h"

namespace restitch {

Header enter_fddi(Walk& walk, DecodedPacket& packet);
Header enter_token_ring(Walk& walk, DecodedPacket& packet);
Header enter_atm(Walk& walk, DecodedPacket& packet);
Header enter_sunatm(Walk& walk, DecodedPacket& packet);
Header enter_ip_over_infiniband(Walk& walk, DecodedPacket& packet);
Header enter_openbsd_enc(Walk& walk, DecodedPacket& packet);
Header enter_pflog(Walk& walk, DecodedPacket& packet);
Header enter_nflog(Walk& walk, DecodedPacket& packet);
Header enter_pktap(Walk& walk, DecodedPacket& packet);
Header enter_mpacket(Walk& walk, DecodedPacket& packet);
Header enter_edsa(Walk& walk, DecodedPacket& packet);

}  // namespace restitch
