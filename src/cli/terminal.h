// What standard output is, and what the environment says of how to write to it. Any thread.
#pragma once

#include <cstddef>

namespace restitch::cli {

enum class ColourMode { automatic, always, never };

bool output_is_terminal();

// Columns of a line: $COLUMNS, else those of the terminal, else 80.
std::size_t output_width();

// Whether to colour what is printed. `automatic` means on a terminal, unless $NO_COLOR is set.
bool coloured(ColourMode mode);

}  // namespace restitch::cli
