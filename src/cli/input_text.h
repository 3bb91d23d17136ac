// What -v tells of the inputs: formats, what the captures say about themselves, comments. Pure; any thread.
#pragma once

#include <string>

#include "cli/input.h"

namespace restitch::cli {

// Several lines.
std::string input_text(const Input& input);

}  // namespace restitch::cli
