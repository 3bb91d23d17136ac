#include "cli/streams_flags.h"

#include <CLI/CLI.hpp>

#include "cli/choices.h"
#include "cli/numbers.h"
#include "cli/options.h"

namespace restitch::cli {

void StreamsFlags::add_to(CLI::App& command) {
  command.add_flag("--json", options_.json, "One JSON object a line for each direction with payload");
  command
      .add_option("--columns", columns_, "Columns of the table, in this order;\nwithout it those that fit")
      ->type_name("NAME,NAME...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(offers(column_names()));
  command.add_flag("--console", options_.console,
                   "What is said instead, as it comes;\nand who says it, as tcpflow -c prints it");
  add_sorting(command);
}

void StreamsFlags::add_sorting(CLI::App& command) {
  command
      .add_option("--sort", options_.sort,
                  "The largest first: by bytes, packets, gaps, duration, events; or by start")
      ->type_name("KEY")
      ->transform(one_of<SortKey>({{"bytes", SortKey::bytes},
                                   {"packets", SortKey::packets},
                                   {"gaps", SortKey::gaps},
                                   {"duration", SortKey::duration},
                                   {"events", SortKey::events},
                                   {"start", SortKey::start}}));
  command.add_option("--top", options_.top, "Only the first N,\nby bytes if --sort says nothing else")
      ->type_name("N")
      ->transform(whole_number(1));
}

bool StreamsFlags::finish(std::string& complaint) {
  if (!take_columns(complaint)) return false;
  if (options_.top != 0 && !options_.sort) options_.sort = SortKey::bytes;
  if (!options_.sort || !options_.input.endless()) return true;
  complaint = "--sort, --top: they take an input that ends";
  return false;
}

bool StreamsFlags::take_columns(std::string& complaint) {
  for (const std::string& name : columns_) {
    const auto column = find_column(name);
    if (!column) {
      complaint = "--columns: " + none_of(name, column_names());
      return false;
    }
    options_.columns.push_back(*column);
  }
  if (!columns_.empty() && options_.json)
    complaint = "--columns: they are those of the table, without --json";
  const bool table =
      options_.json || options_.events || options_.sort || options_.top != 0 || !columns_.empty();
  if (options_.console && table) complaint = "--console: it prints what is said, and no table";
  return complaint.empty();
}

}  // namespace restitch::cli
