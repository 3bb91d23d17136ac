// A segment as bytes, with all that a decoder knows of it: nothing has to be decoded again. Pure functions;
// any thread.
#pragma once

#include <string>

#include "batch/byte_text.h"
#include "batch/dissector.h"

namespace RESTITCH_API restitch {
namespace batch {

void append_segment(std::string& out, const FoundSegment& segment);

// Borrows the bytes of `text`. `low_to_high` is the flow of its tuple. False: it is no such segment.
bool take_segment(ByteText& text, const NetFlow& low_to_high, TransportFlow ports, FoundSegment& segment);

}  // namespace batch
}  // namespace restitch
