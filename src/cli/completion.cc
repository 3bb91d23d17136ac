#include "cli/completion.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace restitch::cli {
namespace {

bool is_flag(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

Further further_of(std::string_view value) {
  const std::string_view name = value.substr(0, value.find('='));
  if (name == "FILE") return Further::files;
  if (name == "DIR") return Further::directories;
  return name == "IFACE" ? Further::interfaces : Further::nothing;
}

// A command line of which the last word is being typed.
class Line {
 public:
  Line(std::span<const std::string> words, std::span<const CommandTable> commands);
  Completion complete() const;

 private:
  [[nodiscard]] bool begins_with_typed(std::string_view word) const { return word.starts_with(typed_); }
  // The flag whose value is being typed as a word of its own.
  [[nodiscard]] const Flag* waiting_flag() const;
  [[nodiscard]] std::size_t places_taken() const;
  [[nodiscard]] bool flags_are_over() const {
    return std::find(before_.begin(), before_.end(), "--") != before_.end();
  }
  void add(Completion& to, std::string word, std::string_view description) const;
  void add_commands(Completion& to) const;
  void add_flags(Completion& to) const;
  Completion value_of(const Flag& flag, const std::string& start) const;
  Completion place() const;

  std::span<const CommandTable> commands_;
  std::span<const std::string> before_;  // behind the command, and before the word
  std::string typed_;
  const CommandTable* command_ = nullptr;
  bool named_ = false;  // the command is
};

Line::Line(std::span<const std::string> words, std::span<const CommandTable> commands)
    : commands_(commands),
      before_(words.first(words.size() - 1)),
      typed_(words.back()),
      command_(&commands.front()) {
  if (before_.empty()) return;
  for (const CommandTable& command : commands) {
    if (command.name != before_.front()) continue;
    command_ = &command;
    named_ = true;
  }
  if (named_) before_ = before_.subspan(1);
}

const Flag* Line::waiting_flag() const {
  const Flag* waiting = nullptr;
  for (const std::string& word : before_) {
    if (waiting != nullptr) {
      waiting = nullptr;
    } else if (word == "--") {
      return nullptr;
    } else if (const Flag* const flag = is_flag(word) ? command_->find(word) : nullptr) {
      waiting = flag->takes_word ? flag : nullptr;
    }
  }
  return waiting;
}

std::size_t Line::places_taken() const {
  std::size_t taken = 0;
  bool is_value = false;
  for (const std::string& word : before_) {
    const Flag* const flag = is_flag(word) ? command_->find(word) : nullptr;
    if (!is_value && !is_flag(word)) ++taken;
    is_value = !is_value && flag != nullptr && flag->takes_word;
  }
  return taken;
}

void Line::add(Completion& to, std::string word, std::string_view description) const {
  if (begins_with_typed(word)) to.candidates.push_back({std::move(word), std::string(description)});
}

void Line::add_commands(Completion& to) const {
  for (const CommandTable& command : commands_) add(to, command.name, command.description);
}

void Line::add_flags(Completion& to) const {
  for (const Flag& flag : command_->flags) {
    for (const std::string& name : flag.names) {
      if (is_flag(name)) add(to, name, flag.summary);
    }
  }
  if (named_ || !before_.empty()) return;
  add(to, "--version", "Print the version, and those of the libraries");
}

// `start` stands before the value in the same word: "--format=".
Completion Line::value_of(const Flag& flag, const std::string& start) const {
  Completion completion{further_of(flag.value), {}};
  std::string given = start;
  const std::string_view value = std::string_view(typed_).substr(start.size());
  // Behind the last comma of a list, or behind the = that comes after a prefix of addresses.
  const std::size_t cut = value.find_last_of(flag.takes_list ? "," : "=");
  if (cut != std::string_view::npos) given += value.substr(0, cut + 1);
  for (const std::string& word : flag.words) {
    const bool has_had_it = cut != std::string_view::npos && word.ends_with('=');
    if (!has_had_it) add(completion, given + word, {});
  }
  return completion;
}

// What stands by its place: the first word may be a command.
Completion Line::place() const {
  Completion completion;
  std::size_t place = places_taken();
  for (const Flag& flag : command_->flags) {
    if (!flag.positional()) continue;
    completion.further = further_of(flag.names.front());
    const bool here = place-- == 0;
    if (here) {
      for (const std::string& word : flag.words) add(completion, word, {});
    }
    if (here || completion.further == Further::files) break;
  }
  if (!named_ && before_.empty()) add_commands(completion);
  return completion;
}

Completion Line::complete() const {
  if (const Flag* const flag = waiting_flag()) return value_of(*flag, "");
  if (flags_are_over() || !typed_.starts_with('-')) return place();
  const std::size_t equals = typed_.find('=');
  if (equals != std::string::npos) {
    const Flag* const flag = command_->find(std::string_view(typed_).substr(0, equals));
    return flag == nullptr ? Completion{} : value_of(*flag, typed_.substr(0, equals + 1));
  }
  Completion completion;
  add_flags(completion);
  return completion;
}

}  // namespace

Completion complete(std::span<const std::string> words, std::span<const CommandTable> commands) {
  if (words.empty() || commands.empty()) return {};
  return Line(words, commands).complete();
}

std::string completion_text(const Completion& completion) {
  constexpr std::array<std::string_view, 4> names = {"nothing", "files", "directories", "interfaces"};
  std::string out(names.at(static_cast<std::size_t>(completion.further)));
  out += '\n';
  for (const Candidate& candidate : completion.candidates) {
    out.append(candidate.word).append("\t").append(candidate.description).append("\n");
  }
  return out;
}

}  // namespace restitch::cli
