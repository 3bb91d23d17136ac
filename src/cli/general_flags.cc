#include "cli/general_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "cli/choices.h"
#include "cli/listening_address.h"
#include "cli/numbers.h"
#include "cli/options.h"

namespace restitch::cli {
namespace {

constexpr const char* general_group = "General";

}  // namespace

void GeneralFlags::add_threads_to(CLI::App& command) {
  command
      .add_option(
          "--threads", threads_,
          "Work with N threads. What comes out does not\ndepend on it. All processors; live and with\n"
          "--follow one")
      ->type_name("N")
      ->transform(whole_number(1, 64))
      ->group(general_group);
}

void GeneralFlags::add_to(CLI::App& command, bool grep) {
  command
      .add_option("--stats", options_.statistics,
                  "What is told in the end: summary, or all that was\ncounted, as text or json")
      ->option_text("FORMAT=summary")
      ->transform(one_of<Statistics>(
          {{"summary", Statistics::summary}, {"text", Statistics::text}, {"json", Statistics::json}}))
      ->group(general_group);
  command
      .add_option("--metrics", options_.metrics,
                  "Serve what is counted to Prometheus while the run\ngoes on: http://127.0.0.1:PORT/metrics")
      ->type_name("[ADDRESS:]PORT")
      ->group(general_group);
  command.add_option("--community-seed", options_.community_seed, "Seed of the Community IDs")
      ->type_name("N")
      ->transform(whole_number(0, 65535))
      ->option_text("N=0")
      ->group(general_group);
  if (!grep) add_quiet_to(command);
  command.add_flag(grep ? "--verbose" : "-v,--verbose", options_.verbose, "Say more about the inputs")
      ->group(general_group);
}

void GeneralFlags::add_quiet_to(CLI::App& command) {
  command.add_flag("-q,--quiet", options_.quiet, "No summary and no progress, only errors")
      ->group(general_group);
}

bool GeneralFlags::finish(std::string& complaint) {
  if (threads_ == 0) threads_ = options_.input.endless() ? 1 : std::thread::hardware_concurrency();
  options_.threads = std::clamp(threads_, 1U, options_.memory.threads_max);
  if (options_.metrics.empty()) return true;
  const auto address = check_listening_address("--metrics", options_.metrics);
  if (!address) complaint = address.error().message;
  return address.has_value();
}

}  // namespace restitch::cli
