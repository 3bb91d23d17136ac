// Digests in hex, as fingerprints are written. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "restitch/packet.h"

namespace restitch {

std::string hex_of(Bytes bytes);
std::string md5_hex(std::string_view text);
std::string sha1_hex(Bytes bytes);
std::string sha256_hex(Bytes bytes);

}  // namespace restitch
