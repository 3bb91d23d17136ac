#include "cli/commands.h"

#include <string_view>

namespace restitch::cli {
namespace {

int run(const Options& options) {
  switch (options.command) {
    case Command::extract:
      return run_extract(options);
    case Command::log:
      return run_log(options);
    case Command::follow:
      return run_follow(options);
    case Command::diff:
      return run_diff(options);
    case Command::grep:
      return run_grep(options);
    case Command::har:
      return run_har(options);
    case Command::batch:
      return run_batch(options);
    case Command::sense:
      return run_sense(options);
    case Command::work:
      return run_work(options);
    case Command::cluster:
      return run_cluster(options);
    case Command::streams:
      break;
  }
  return run_streams(options);
}

}  // namespace

int run_command(int argc, const char* const* argv) {
  if (argc > 1 && std::string_view(argv[1]) == "extcap") return run_extcap(argc - 2, argv + 2);
  const ParsedOptions parsed = parse_options(argc, argv);
  if (!parsed.options) return parsed.status;
  return parsed.options->input.list_interfaces ? run_list_interfaces() : run(*parsed.options);
}

}  // namespace restitch::cli
