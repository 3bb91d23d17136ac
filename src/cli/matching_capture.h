// The packets of chosen connections, whole, as one capture.
#pragma once

#include "cli/options.h"
#include "cli/selection.h"

namespace restitch::cli {

// Reads the inputs again, and writes the packets of those connections to options.grep.capture, which must not
// be there yet. Answers the exit status; if it is not 0, one line said what is missing.
int write_matching_capture(const Options& options, const Selection& matching);

}  // namespace restitch::cli
