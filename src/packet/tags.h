// Headers between Ethernet and IP: what provider bridges, data centres and security add.
#pragma once

#include "packet/walk.h"

namespace restitch {

Header enter_pbb(Walk& walk, DecodedPacket& packet);
Header enter_cisco_metadata(Walk& walk, DecodedPacket& packet);
Header enter_macsec(Walk& walk, DecodedPacket& packet);
Header enter_trill(Walk& walk, DecodedPacket& packet);
Header enter_nsh(Walk& walk, DecodedPacket& packet);
Header enter_mpls(Walk& walk, DecodedPacket& packet);

}  // namespace restitch
