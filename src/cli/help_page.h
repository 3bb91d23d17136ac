// What --help and --help-all print: a page for a screen, and one with all flags. Pure functions.
#pragma once

#include <span>
#include <string>

#include "cli/flag_table.h"

namespace restitch::cli {

// Of a command: its everyday flags, and examples.
std::string short_help(const CommandTable& command);
// All flags, in groups.
std::string long_help(const CommandTable& command);

// Of the program: its commands, and examples. At length also the flags of the first command, which is the one
// that is meant where none is named.
std::string program_help(const std::string& description, std::span<const CommandTable> commands);
std::string long_program_help(const std::string& description, std::span<const CommandTable> commands);

}  // namespace restitch::cli
