// The packets of chosen connections, whole, as one capture.
#pragma once

#include "cli/options.h"
#include "cli/selection.h"

namespace restitch::cli {

// Reads the inputs again, and writes the packets of those connections to options.grep.capture, which must not
// be there yet. False: it could not be done, and one line said why.
bool write_matching_capture(const Options& options, const Selection& matching);

}  // namespace restitch::cli
