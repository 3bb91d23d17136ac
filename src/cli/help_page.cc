#include "cli/help_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

#include "cli/help_texts.h"

namespace restitch::cli {
namespace {

constexpr std::size_t width = 80;
constexpr std::size_t text_column = 30;  // where the descriptions stand

constexpr std::array<std::string_view, 9> group_order = {
    "Output", "Broker", "Choosing", "Input", "Live capture", "Decoding", "Reassembly", "Limits", "General"};

// Columns on a terminal; the texts have no wide characters.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// "-c, --count N"; what has no short name is moved to where the long ones stand.
std::string left_side(const Flag& flag) {
  std::string out = flag.names.front().starts_with("--") ? "    " : "";
  out += fmt::format("{}", fmt::join(flag.names, ", "));
  if (flag.value.empty()) return out;
  return out + (flag.value.starts_with('[') && !flag.takes_word ? "" : " ") + flag.value;
}

void append_flag(std::string& out, const Flag& flag, const std::string& text) {
  std::string line = "  " + left_side(flag);
  std::size_t column = columns_of(line);
  if (column + 2 > text_column) {
    out += line + '\n';
    line.clear();
    column = 0;
  }
  line.append(text_column - column, ' ');
  column = text_column;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column != text_column && column + 1 + columns_of(word) > width) {
      out += line + '\n';
      line.assign(text_column, ' ');
      column = text_column;
    }
    if (column != text_column) line += ' ';
    column += columns_of(word) + (column != text_column ? 1 : 0);
    line += word;
  }
  out += line + '\n';
}

void append_group(std::string& out, const CommandTable& command, std::string_view group) {
  bool headed = false;
  for (const Flag& flag : command.flags) {
    if (flag.group != group) continue;
    if (!headed) out += fmt::format("\n{}:\n", group);
    headed = true;
    append_flag(out, flag, flag.description);
  }
}

// The known ones in their order, then what else there is.
std::vector<std::string_view> groups_of(const CommandTable& command) {
  std::vector<std::string_view> groups(group_order.begin(), group_order.end());
  for (const Flag& flag : command.flags) {
    if (std::find(groups.begin(), groups.end(), flag.group) == groups.end()) groups.push_back(flag.group);
  }
  return groups;
}

void append_groups(std::string& out, const CommandTable& command) {
  for (const std::string_view group : groups_of(command)) append_group(out, command, group);
}

std::string head_of(const CommandTable& command) {
  return fmt::format("Usage: {}\n{}.\n", help_text(command.name).usage, command.description);
}

}  // namespace

std::string short_help(const CommandTable& command) {
  const HelpText& text = help_text(command.name);
  std::string out = head_of(command) + '\n';
  for (const std::string_view name : text.everyday) {
    if (const Flag* const flag = command.find(name)) append_flag(out, *flag, flag->summary);
  }
  return out + fmt::format("\nExamples:\n{0}\nAll flags: restitch {1} --help-all, or man restitch-{1}\n",
                           text.examples, command.name);
}

std::string long_help(const CommandTable& command) {
  const HelpText& text = help_text(command.name);
  std::string out = head_of(command);
  append_groups(out, command);
  out += fmt::format("\nExamples:\n{}", text.examples);
  if (!text.more.empty()) out += fmt::format("\n{}", text.more);
  return out;
}

std::string program_help(const std::string& description, std::span<const CommandTable> commands) {
  std::string out = fmt::format("Usage: {}\n{}\n\nCommands:\n", help_text({}).usage, description);
  for (const CommandTable& command : commands) {
    out += fmt::format("  {:<8} {}\n", command.name, command.description);
  }
  return out + fmt::format(
                   "\nExamples:\n{}\nFlags of a command: restitch COMMAND --help; all of them: --help-all\n",
                   help_text({}).examples);
}

std::string long_program_help(const std::string& description, std::span<const CommandTable> commands) {
  std::string out = program_help(description, commands);
  if (!commands.empty()) {
    out += fmt::format("\nWithout a COMMAND, {} is meant. Its flags:\n", commands.front().name);
    append_groups(out, commands.front());
  }
  return out + fmt::format("\n{}", help_text({}).more);
}

}  // namespace restitch::cli
