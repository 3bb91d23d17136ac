// What may stand next on a command line: `restitch __complete WORD...` prints it for the completion of a
// shell (completions/), so that all shells offer the same, and what is parsed. Pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/flag_table.h"

namespace restitch::cli {

// The hidden command; the words behind it are those of the command line, up to the one that is being typed.
constexpr std::string_view completion_command = "__complete";

struct Candidate {
  std::string word;  // the whole of it; if it ends in = or , more is to come
  std::string description;
};

// What may stand there besides the candidates.
enum class Further { nothing, files, directories, interfaces };

struct Completion {
  Further further = Further::nothing;
  std::vector<Candidate> candidates;  // that begin with what was typed
};

// The last of `words` is the one that is being typed, and may be empty.
Completion complete(std::span<const std::string> words, std::span<const CommandTable> commands);

// For the scripts: a line that names what may stand there further, and one for each candidate: the word, a
// tab, and its description.
std::string completion_text(const Completion& completion);

// Prints that, with the interfaces of this host where they may stand. The exit status.
int run_completion(std::span<const std::string> words, std::span<const CommandTable> commands);

}  // namespace restitch::cli
