// Where bytes came from: the range of a TCP stream, and the packet, that brought them or that they were
// decoded from. Values.
#pragma once

#include <cstdint>

#include "restitch/capture_info.h"

namespace RESTITCH_API restitch {

struct Origin {
  std::uint64_t offset = 0;  // in the stream of the direction, gaps counted
  // How many bytes of the stream these bytes were made from together, such as a record of TLS. 0: they are
  // the bytes of the stream themselves, one for one.
  std::uint64_t size = 0;
  Timestamp time;            // of the packet that brought the last of them
  std::uint64_t packet = 0;  // its number in its input; 0: not known
};

}  // namespace restitch
