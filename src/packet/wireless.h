// IEEE 802.11, and the headers that capturing systems put in front of it.
#pragma once

#include "packet/walk.h"

namespace restitch {

Header enter_ieee80211(Walk& walk, DecodedPacket& packet);
Header enter_aggregate(Walk& walk, DecodedPacket& packet);
Header enter_radiotap(Walk& walk, DecodedPacket& packet);
Header enter_prism(Walk& walk, DecodedPacket& packet);
Header enter_avs(Walk& walk, DecodedPacket& packet);
Header enter_ppi(Walk& walk, DecodedPacket& packet);

}  // namespace restitch
