// What CLI11 asks when it prints help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/help_page.h"

namespace restitch::cli {

class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string /*name*/, CLI::AppFormatMode mode) const override {
    const bool all = mode == CLI::AppFormatMode::All;
    if (app->get_parent() != nullptr) return all ? long_help(table_of(*app)) : short_help(table_of(*app));
    const std::vector<CommandTable> commands = tables_of(*app);
    return all ? long_program_help(app->get_description(), commands)
               : program_help(app->get_description(), commands);
  }
};

}  // namespace restitch::cli
