// What somebody may have meant who mistyped. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "cli/flag_table.h"

namespace restitch::cli {

// How many letters have to be left out, put in, replaced or swapped with their neighbour to make one of the
// other.
std::size_t edit_distance(std::string_view one, std::string_view other);

// The candidate that `word` is nearest to, or begins; empty if it is like none of them.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// One line about a first word that is neither a command nor a file, and like one of `commands`; else empty.
std::string about_unknown_command(const std::string& word, std::span<const std::string_view> commands);

// One line about a flag that `command` has not: the one that is meant, or which of `all` have it.
std::string about_unknown_flag(std::string_view word, const CommandTable& command,
                               std::span<const CommandTable> all);

}  // namespace restitch::cli
