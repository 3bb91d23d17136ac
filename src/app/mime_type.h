// mime_type_of: what kind of file begins with these bytes. A pure function.
#pragma once

#include <string_view>

#include "restitch/packet.h"

namespace restitch {

// "image/png", …, in the names of Zeek; empty: not known. It looks at no more than mime_type_head bytes.
std::string_view mime_type_of(Bytes head);

inline constexpr std::size_t mime_type_head = 512;

}  // namespace restitch
