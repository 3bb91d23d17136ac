// The words of a command line, before they are parsed. Pure functions.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace restitch::cli {

// In the order of Command.
constexpr std::array<std::string_view, 11> command_names = {
    "streams", "extract", "follow", "diff", "log", "grep", "har", "batch", "sense", "work", "cluster"};

// "restitch FILE" means "restitch streams FILE": the command, if there is one, comes first; and "restitch
// help diff" means "restitch diff --help".
std::vector<std::string> with_command(std::vector<std::string> words);

}  // namespace restitch::cli
