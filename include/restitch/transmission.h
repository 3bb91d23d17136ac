// Transmission: whether a packet was a retransmission, as far as the capture shows. A value.
#pragma once

#include <cstdint>
#include <string_view>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

// How bytes came, as far as the capture shows; of the packet that brought them.
enum class Transmission : std::uint8_t {
  first,  // nothing of the packet, nor anything behind it, had been captured before
  late,   // bytes behind it had: it was overtaken, or repeats one that was lost before it was captured
  again,  // some of its bytes had been captured before: a retransmission, whole or in part
};

// "first", "late", "again".
std::string_view to_string(Transmission transmission);

}  // namespace restitch
