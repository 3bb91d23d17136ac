// What is said about files of directories that are not read. Pure functions.
#pragma once

#include <span>
#include <string>

#include "restitch/capture_inputs.h"

namespace restitch::cli {

// "3 files skipped: 2 not captures, 1 bzip2-compressed; 1 directory not entered (see --recursive)"; empty if
// there are none.
std::string skipped_text(std::span<const SkippedFile> files);

// "logs/readme: skipped: not a capture".
std::string skipped_text(const SkippedFile& file);

}  // namespace restitch::cli
