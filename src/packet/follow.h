// follow(): the loop of a walk, for every frame that is not plain.
#pragma once

#include "packet/walk.h"

namespace restitch {

// Walks from `header` to an end, or as deep as decode() goes; the depth counts on over several calls for one
// frame.
void follow(Header header, Walk& walk, DecodedPacket& packet);

}  // namespace restitch
