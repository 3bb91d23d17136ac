// Tunnels in UDP. Only the port speaks for them, so each checks what its header promises, and what turns
// out not to hold up is not_tcp.
#pragma once

#include "packet/walk.h"

namespace restitch {

Header enter_udp(Walk& walk, DecodedPacket& packet);

}  // namespace restitch
