// L2TP: version 2 in UDP (RFC 2661), version 3 in UDP and directly in IP (RFC 3931).
#pragma once

#include "packet/walk.h"

namespace restitch {

Header enter_l2tp(Walk& walk, DecodedPacket& packet);
Header enter_l2tpv3(Walk& walk, DecodedPacket& packet);

}  // namespace restitch
