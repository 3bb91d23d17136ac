#include "cli/flag_table.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "cli/choices.h"

namespace restitch::cli {
namespace {

// Flags that were given no group are about what comes out, but for --help, which CLI11 adds by itself.
std::string group_of(const CLI::Option& option) {
  if (option.get_group() != "Options") return option.get_group();
  return option.check_lname("help") || option.check_lname("help-all") ? "General" : "Output";
}

void split_description(const std::string& text, Flag& flag) {
  flag.summary = text.substr(0, text.find('\n'));
  flag.summary.erase(flag.summary.find_last_not_of(":;,.") + 1);  // which lead to the rest
  flag.description = text;
  std::replace(flag.description.begin(), flag.description.end(), '\n', ' ');
}

std::string value_of(const CLI::Option& option, const OfferedWords& offered) {
  if (!option.get_option_text().empty()) return option.get_option_text();
  if (option.get_items_expected_max() == 0 || option.get_positional()) return {};
  const std::string usual = option.get_default_str();
  return offered.type_name + (usual.empty() ? "" : "=" + usual);
}

Flag flag_of(const CLI::Option& option) {
  const OfferedWords offered = offered_by(option.get_type_name());
  Flag flag;
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  if (flag.names.empty()) flag.names.push_back(option.get_name(true));
  flag.value = value_of(option, offered);
  split_description(option.get_description(), flag);
  flag.group = group_of(option);
  flag.words = offered.words;
  flag.takes_word = option.get_items_expected_max() > 0;
  flag.takes_list = option.get_delimiter() != '\0';
  return flag;
}

}  // namespace

bool Flag::has_name(std::string_view name) const {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const Flag* CommandTable::find(std::string_view flag_name) const {
  const auto found =
      std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) { return flag.has_name(flag_name); });
  return found == flags.end() ? nullptr : &*found;
}

CommandTable table_of(const CLI::App& command) {
  CommandTable table{command.get_name(), command.get_description(), {}};
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_group().empty()) table.flags.push_back(flag_of(*option));
  }
  return table;
}

std::vector<CommandTable> tables_of(const CLI::App& app) {
  std::vector<CommandTable> tables;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* /*any*/) { return true; })) {
    tables.push_back(table_of(*command));
  }
  return tables;
}

}  // namespace restitch::cli
