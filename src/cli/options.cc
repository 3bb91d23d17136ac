#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <sstream>
#include <string_view>
#include <utility>

#include "cli/batch_flags.h"
#include "cli/choice_flags.h"
#include "cli/choices.h"
#include "cli/cluster_flags.h"
#include "cli/command_words.h"
#include "cli/completion.h"
#include "cli/diff_flags.h"
#include "cli/exit_status.h"
#include "cli/extract_flags.h"
#include "cli/flag_table.h"
#include "cli/general_flags.h"
#include "cli/grep_flags.h"
#include "cli/har_flags.h"
#include "cli/help_formatter.h"
#include "cli/log_flags.h"
#include "cli/messages.h"
#include "cli/nearest.h"
#include "cli/numbers.h"
#include "cli/standard_output.h"
#include "cli/streams_flags.h"

namespace restitch::cli {
namespace {

constexpr const char* two_colours =
    "Client and server in two colours: auto, always, never;\n"
    "auto is on a terminal, and without $NO_COLOR";

class Parser {
 public:
  Parser();
  ParsedOptions parse(std::vector<std::string> arguments);

 private:
  ParsedOptions parse_known(std::vector<std::string> arguments);
  void add_streams();
  void add_extract();
  void add_follow();
  void add_diff();
  void add_log();
  void add_grep();
  void add_har();
  void add_batch();
  void add_sense();
  void add_work();
  void add_cluster();
  bool finish_input(std::string& complaint);
  bool finish(std::string& complaint);
  [[nodiscard]] CommandCost cost() const;
  void plan();
  CLI::App* add_command(Command command, const char* description);
  CLI::App* add_reading(Command command, const char* description);
  void add_lines(CLI::App& command);
  void add_keylog(CLI::App& command);
  void add_colour(CLI::App& command, const char* description);
  void add_common(CLI::App& command);
  [[nodiscard]] int complain(const std::string& message) const;
  [[nodiscard]] std::string text_of(const CLI::ParseError& error) const;

  CLI::App app_{"Captured TCP segments back into the byte streams that the endpoints exchanged."};
  Options options_;
  InputFlags input_{options_.input};
  ReceiverFlags receivers_{options_.receivers};
  LimitFlags limits_{options_.limits};
  ChoiceFlags choice_{options_.where};
  ExtractFlags extract_{options_};
  StreamsFlags streams_{options_};
  LogFlags log_{options_.log, options_.log_rows};
  DiffFlags diff_{options_};
  FollowFlags follow_{options_.follow};
  GrepFlags grep_{options_.grep};
  HarFlags har_{options_.har_body_max};
  BatchFlags batch_{options_.batch};
  ClusterFlags cluster_{options_.cluster};
  GeneralFlags general_{options_};
};

Parser::Parser() {
  app_.name("restitch");
  app_.formatter(std::make_shared<HelpFormatter>());
  app_.require_subcommand(1);
  app_.set_help_flag("-h,--help", "The everyday flags, and examples")->group("General");
  app_.set_help_all_flag("--help-all", "All flags")->group("General");
  app_.set_version_flag("-V,--version", version_text(), "Print the version, and those of the libraries");

  add_streams();
  add_extract();
  add_follow();
  add_diff();
  add_log();
  add_grep();
  add_har();
  add_batch();
  add_sense();
  add_work();
  add_cluster();
}

void Parser::add_streams() {
  CLI::App* streams =
      add_reading(Command::streams, "List the connections (this is what happens without a COMMAND)");
  streams_.add_to(*streams);
  add_lines(*streams);
  add_colour(*streams, two_colours);
  choice_.add_to(*streams);
  general_.add_threads_to(*streams);
}

void Parser::add_extract() {
  CLI::App* extract =
      add_reading(Command::extract, "Write each direction to a file of its own, and an index of them");
  extract_.add_to(*extract);
  add_keylog(*extract);
  choice_.add_to(*extract);
}

void Parser::add_follow() {
  CLI::App* follow = add_reading(Command::follow, "Print one connection, both directions, as tshark does");
  follow_.add_to(*follow);
  add_keylog(*follow);
  add_colour(*follow, two_colours);
  choice_.add_to(*follow);
}

void Parser::add_diff() {
  CLI::App* diff = add_reading(Command::diff, "Print where several receivers would read different bytes");
  diff_.add_to(*diff);
  choice_.add_to(*diff);
}

void Parser::add_log() {
  CLI::App* log =
      add_reading(Command::log, "Write a record for each connection, as Zeek, Suricata and others do");
  log->add_option("-o,--output", options_.directory,
                  "Folder to write to; standard output without it.\nIt is made if it is not there")
      ->type_name("DIR");
  log_.add_to(*log);
  add_keylog(*log);
  choice_.add_to(*log);
  general_.add_threads_to(*log);
}

void Parser::add_grep() {
  CLI::App* grep = add_reading(Command::grep, "Search what is said in connections, across packets");
  grep_.add_to(*grep);
  add_keylog(*grep);
  add_colour(*grep, "Matches in colours: auto, always, never;\nauto is on a terminal, and without $NO_COLOR");
  choice_.add_to(*grep);
  general_.add_threads_to(*grep);
}

void Parser::add_har() {
  CLI::App* har = add_reading(Command::har, "Write what HTTP carried as HAR, the format of browsers");
  har_.add_to(*har);
  add_keylog(*har);
  choice_.add_to(*har);
  general_.add_threads_to(*har);
}

void Parser::add_batch() {
  CLI::App* batch = add_reading(Command::batch, "List the connections of many files, one task for each file");
  batch_.add_to(*batch);
  add_lines(*batch);
}

void Parser::add_sense() {
  CLI::App* sense = add_command(Command::sense, "Send packets to a cluster, of many sensors and workers");
  cluster_.add_sense_to(*sense);
  input_.add_to(*sense);
  limits_.add_memory_to(*sense);
  general_.add_quiet_to(*sense);
}

void Parser::add_work() {
  CLI::App* work = add_command(Command::work, "List the connections of a cluster, together with others");
  cluster_.add_work_to(*work);
  input_.add_decoding_to(*work);
  receivers_.add_to(*work, true);
  limits_.add_to(*work);
}

void Parser::add_cluster() {
  CLI::App* cluster = add_command(Command::cluster, "Make a cluster, look at it, end its input, print it");
  cluster_.add_action_to(*cluster);
  cluster_.add_cluster_to(*cluster);
}

CLI::App* Parser::add_command(Command command, const char* description) {
  const std::string name(command_names[static_cast<std::size_t>(command)]);
  CLI::App* added = app_.add_subcommand(name, description);
  added->callback([this, command] { options_.command = command; });
  return added;
}

// One that reads captures and looks into their connections.
CLI::App* Parser::add_reading(Command command, const char* description) {
  CLI::App* added = add_command(command, description);
  add_common(*added);
  return added;
}

void Parser::add_lines(CLI::App& command) {
  command.add_flag("--events", options_.events,
                   "With --json: also the events themselves,\nas \"event_list\"; watches as --observe does");
  command.add_flag("--all", options_.with_empty, "With --json: also directions without payload");
}

void Parser::add_keylog(CLI::App& command) {
  command
      .add_option(
          "--keylog", options_.keylog,
          "Secrets of TLS sessions, as browsers write them\n(SSLKEYLOGFILE): what they open is looked into")
      ->type_name("FILE");
}

void Parser::add_colour(CLI::App& command, const char* description) {
  command.add_option("--color", options_.colour, description)
      ->option_text("WHEN=auto")
      ->transform(one_of<ColourMode>(
          {{"auto", ColourMode::automatic}, {"always", ColourMode::always}, {"never", ColourMode::never}}));
}

void Parser::add_common(CLI::App& command) {
  const bool grep = command.get_name() == "grep";
  if (command.get_name() == "follow") follow_.add_target_to(command);
  if (grep) grep_.add_pattern_to(command);
  if (command.get_name() == "batch") batch_.add_step_to(command);
  input_.add_to(command, grep ? GrepFlags::taken_letters : std::string_view());
  receivers_.add_to(command, command.get_name() != "diff");
  limits_.add_to(command);
  general_.add_to(command, grep);
}

int Parser::complain(const std::string& message) const {
  const auto commands = app_.get_subcommands();
  say(fmt::format("{} (try restitch {}--help)", message,
                  commands.empty() ? "" : commands.front()->get_name() + " "));
  // 1 is grep's word for having found nothing.
  return !commands.empty() && commands.front()->get_name() == "grep" ? exit_input : exit_usage;
}

// One line. A flag that there is not is behind whatever else is missed.
std::string Parser::text_of(const CLI::ParseError& error) const {
  for (const CLI::App* command : app_.get_subcommands()) {
    for (const std::string& word : command->remaining()) {
      if (word.size() > 1 && word.front() == '-' && word != "--") {
        return about_unknown_flag(word, table_of(*command), tables_of(app_));
      }
    }
  }
  std::string message = error.what();
  std::replace(message.begin(), message.end(), '\n', ' ');
  return message;
}

ParsedOptions Parser::parse(std::vector<std::string> arguments) {
  if (!arguments.empty() && arguments.front() == completion_command) {
    return {std::nullopt, run_completion(std::span(arguments).subspan(1), tables_of(app_))};
  }
  const std::string complaint =
      arguments.empty() ? "" : about_unknown_command(arguments.front(), command_names);
  if (!complaint.empty()) return {std::nullopt, complain(complaint)};
  return parse_known(with_command(std::move(arguments)));
}

ParsedOptions Parser::parse_known(std::vector<std::string> arguments) {
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app_.parse(arguments);
  } catch (const CLI::Success& success) {
    std::ostringstream text;
    (void)app_.exit(success, text, text);
    return {std::nullopt, print(text.str())};
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, complain(text_of(error))};
  }
  std::string complaint;
  if (!finish(complaint)) return {std::nullopt, complain(complaint)};
  return {options_, exit_ok};
}

// What each command keeps of a connection: a stream, and what tells of it.
CommandCost Parser::cost() const {
  constexpr std::size_t summary = 1000;  // and the place of its node
  switch (options_.command) {
    case Command::streams:
      return {options_.console ? summary + 1200 : options_.json ? summary + 370 : summary + 120};
    case Command::extract:
      return {summary + 1000};  // two files
    case Command::follow:
      return {options_.follow.all ? summary + 1200 : summary + 300};
    case Command::log:
    case Command::har:
      return {summary + 1200};
    case Command::grep:
      return {summary + 400 +
              (options_.grep.plan.rules.excerpts ? 2 * options_.grep.plan.rules.remembered() : 0)};
    case Command::work:
      return {summary + 500};  // and where it began
    case Command::batch:
    case Command::sense:
    case Command::cluster:
      break;
    case Command::diff:
      return {2400 + 600 * options_.diff_receivers.size(), options_.diff_receivers.size()};
  }
  return {};
}

void Parser::plan() {
  MemoryPlan& plan = options_.memory;
  plan = plan_memory(options_.limits.memory, cost());
  plan.pool.pool.at_total_bytes = options_.limits.at_total_bytes;
  plan.pool.pool.at_connections = options_.limits.at_connections;
  options_.extraction.limits = plan.files;
  if (options_.input.buffer_kib == 0 && options_.input.live()) {
    const std::size_t room = options_.limits.memory / 8 / options_.input.interfaces.size();
    constexpr std::size_t least = 64;
    options_.input.buffer_kib = std::max(std::min(LiveOptions().buffer_size, room) >> 10, least);
  }
  options_.input.decoder.defragmenter.bytes_max = plan.pool.defragmenter_bytes_max;
  options_.input.decoder.domains_max = plan.pool.domains_max;
}

bool Parser::finish_input(std::string& complaint) {
  switch (options_.command) {
    case Command::batch:
      return (!batch_.takes_files() || input_.finish(complaint)) &&
             batch_.finish(*app_.get_subcommand("batch"), options_.input, complaint);
    case Command::sense:
      return cluster_.finish(complaint) && input_.finish(complaint) &&
             cluster_.finish_sense(options_.input, complaint);
    case Command::work:
      return cluster_.finish(complaint) && input_.finish_decoding(complaint);
    case Command::cluster:
      return cluster_.finish(complaint) && cluster_.finish_action(complaint);
    default:
      return input_.finish(complaint);
  }
}

// What CLI11 cannot check by itself.
bool Parser::finish(std::string& complaint) {
  if (!choice_.finish(options_.community_seed, complaint)) return false;
  const bool follow = options_.command == Command::follow;
  if (options_.command == Command::grep && !grep_.finish(input_, complaint)) return false;
  if (follow && !follow_.finish(!options_.where.passes_all(), input_, complaint)) return false;
  if (!finish_input(complaint)) return false;
  if (!limits_.finish(options_.input, complaint)) return false;
  // As without it.
  if (options_.command == Command::log && options_.directory == "-") options_.directory.clear();
  if (!log_.finish(options_.directory, complaint)) return false;
  if (options_.command == Command::extract && !extract_.finish(complaint)) return false;
  if (!streams_.finish(complaint)) return false;
  if (!receivers_.finish(complaint) || !diff_.finish(complaint)) return false;
  if (options_.events || options_.follow.style.notes) options_.receivers.observe = true;
  options_.log.log.community_seed = options_.log_rows.community_seed = options_.community_seed;
  options_.extraction.community_seed = options_.community_seed;
  options_.grep.plan.rules.at_once = options_.input.endless();
  plan();
  options_.extraction.index_directions = options_.input.endless();
  return general_.finish(complaint);
}

}  // namespace

ParsedOptions parse_options(int argc, const char* const* argv) {
  return Parser().parse(std::vector<std::string>(argv + 1, argv + argc));
}

}  // namespace restitch::cli
