// The flags of the commands, as help, corrections and completion need them: taken from the parser itself, so
// that none of these can differ from what is parsed. Values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace restitch::cli {

struct Flag {
  std::vector<std::string> names;  // "-c", "--count"; of what stands by its place that alone: "FILE"
  std::string value;               // "N", "MODE=skip", "[=SECONDS]"; empty: it takes none
  std::string summary;             // the first line of its description
  std::string description;         // all of it, in one line
  std::string group;
  std::vector<std::string> words;  // that its value can be; behind one that ends in = more is to come
  bool takes_word = false;         // the next word is its value
  bool takes_list = false;         // which may be several, with commas between

  // By its place, not by a name.
  [[nodiscard]] bool positional() const { return !names.front().starts_with('-'); }
  [[nodiscard]] bool has_name(std::string_view name) const;
};

struct CommandTable {
  std::string name;
  std::string description;
  std::vector<Flag> flags;  // in the order in which they were added

  // Null: it has none of this name.
  [[nodiscard]] const Flag* find(std::string_view flag_name) const;
};

CommandTable table_of(const CLI::App& command);
// Of all commands of `app`.
std::vector<CommandTable> tables_of(const CLI::App& app);

}  // namespace restitch::cli
