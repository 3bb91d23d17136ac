#include "packet/walk.h"

namespace restitch {

constinit const DecodedPacket empty_packet{};

}  // namespace restitch
