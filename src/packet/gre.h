// GRE (RFC 2784, 2890; 2637 for PPTP) and what is found in it: ERSPAN, WCCP; EtherIP (RFC 3378).
#pragma once

#include "packet/walk.h"

namespace restitch {

Header enter_gre(Walk& walk, DecodedPacket& packet);
Header enter_etherip(Walk& walk, DecodedPacket& packet);

}  // namespace restitch
