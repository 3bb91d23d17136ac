// CRC32C (Castagnoli; RFC 3720, B.4), by which bytes that changed on their way are known. Pure; any thread.
#pragma once

#include <cstdint>

#include "restitch/packet.h"

namespace restitch::cluster {

std::uint32_t crc32c(Bytes bytes);

}  // namespace restitch::cluster
