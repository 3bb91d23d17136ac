// `restitch extract --objects`.
#pragma once

#include "cli/options.h"
#include "cli/selection.h"

namespace restitch::cli {

// Answers the exit status.
int extract_objects(const Options& options, const Selection& selection);

}  // namespace restitch::cli
