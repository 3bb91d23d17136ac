#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

#include "cli/choice_flags.h"
#include "cli/choices.h"
#include "cli/exit_status.h"
#include "cli/listening_address.h"
#include "cli/log_flags.h"
#include "cli/messages.h"
#include "cli/numbers.h"
#include "cli/standard_output.h"

namespace restitch::cli {
namespace {

constexpr std::array<std::string_view, 5> command_names = {"streams", "extract", "follow", "diff", "log"};

constexpr std::string_view examples = R"(
Examples:
  restitch capture.pcapng                     a table of the connections, and a summary
  restitch streams --json capture.pcap.gz     one JSON object for each direction with payload
  restitch extract -o files capture.pcapng    a file for each direction, and files/index.jsonl about them
  restitch follow 3 -T hex capture.pcapng     connection number 3 of the table, both directions
  tcpdump -w - port 80 | restitch -           the table, from a pipe
  restitch log --format zeek capture.pcapng   a record for each connection, as in Zeek's conn.log
  restitch diff capture.pcapng                where Linux, BSD and others read different bytes
  restitch -i eth0 tcp port 80                live, until interrupted

Captures are pcap or pcapng, also compressed with gzip, zstd, lz4 or xz; several are merged by time, and
connections continue from one to the next. Data goes to standard output, all else to standard error.
Exit status: 0 all well, 1 wrong usage, 2 an input that is unreadable or cut off, or an output that cannot be
written, 130 (143, 129) interrupted by ^C (SIGTERM, SIGHUP) before the end of the files. What could be read is
there in any case.
)";

// "restitch FILE" means "restitch streams FILE": the command, if there is one, comes first.
std::vector<std::string> with_command(int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string first = arguments.empty() ? "" : arguments.front();
  const bool named = std::find(command_names.begin(), command_names.end(), first) != command_names.end();
  const bool general = first == "--help" || first == "-h" || first == "--version" || first == "-V";
  if (!named && !general) arguments.insert(arguments.begin(), "streams");
  // What begins like an option is none if it is a number: it is meant as N, or as what stands there for N.
  const auto negative = [](const std::string& word) {
    return word.size() > 1 && word[0] == '-' && word.find_first_not_of("0123456789", 1) == std::string::npos;
  };
  if (first == "follow" && arguments.size() > 1 && negative(arguments[1])) {
    arguments.insert(arguments.begin() + 1, "--");
  }
  return arguments;
}

// CLI11's own usage line knows nothing of a command that may be left out, nor of FILE....
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string /*name*/) const override {
    if (app->get_parent() == nullptr) {
      return "Usage: restitch [COMMAND] [OPTIONS] FILE... [FILTER]\n       restitch COMMAND --help\n";
    }
    const std::string& name = app->get_name();
    return "Usage: restitch " + name + (name == "follow" ? " N" : "") + " [OPTIONS] FILE... [FILTER]\n";
  }
};

class Parser {
 public:
  Parser();
  ParsedOptions parse(std::vector<std::string> arguments);

 private:
  void add_streams();
  void add_extract();
  void add_follow();
  void add_diff();
  void add_log();
  bool take_follow_target(std::string& complaint);
  bool check_extraction(std::string& complaint) const;
  bool take_diff_receivers(std::string& complaint);
  bool finish(std::string& complaint);
  [[nodiscard]] CommandCost cost() const;
  void plan();
  CLI::App* add_command(Command command, const char* description);
  void add_threads(CLI::App& command);
  void add_common(CLI::App& command);
  int complain(const std::string& message) const;
  int print(const CLI::Success& success) const;

  CLI::App app_{"restitch: captured TCP segments back into the byte streams that the endpoints exchanged."};
  Options options_;
  InputFlags input_{options_.input};
  ReceiverFlags receivers_{options_.receivers};
  LimitFlags limits_{options_.limits};
  ChoiceFlags choice_{options_.where};
  LogFlags log_{options_.log};
  std::vector<std::string> diff_receivers_{"first", "last", "linux", "bsd"};
  std::string target_;  // of follow: a number, or two ends
  std::string template_{NameTemplate::tcpflow_default};
  unsigned threads_ = 0;  // 0: as many as there is work for
};

Parser::Parser() {
  app_.name("restitch");
  app_.formatter(std::make_shared<HelpFormatter>());
  app_.require_subcommand(1);
  app_.footer(std::string(examples));
  app_.set_version_flag("-V,--version", version_text(), "Print the version, and those of the libraries");

  add_streams();
  add_extract();
  add_follow();
  add_diff();
  add_log();
}

void Parser::add_streams() {
  CLI::App* streams =
      add_command(Command::streams, "List the connections (this is what happens without a COMMAND)");
  streams->add_flag("--json", options_.json, "One JSON object a line for each direction with payload");
  streams->add_flag("--events", options_.events,
                    "With --json: also the events themselves, as\n\"event_list\"; watches as --observe does");
  streams->add_flag("--all", options_.with_empty, "With --json: also directions without payload");
  streams
      ->add_option("--sort", options_.sort,
                   "Sorted, the largest first: by bytes, packets, gaps,\nduration, events; or by start")
      ->type_name("KEY")
      ->transform(one_of<SortKey>({{"bytes", SortKey::bytes},
                                   {"packets", SortKey::packets},
                                   {"gaps", SortKey::gaps},
                                   {"duration", SortKey::duration},
                                   {"events", SortKey::events},
                                   {"start", SortKey::start}}));
  streams->add_option("--top", options_.top, "Only the first N of them, by bytes if nothing is said")
      ->type_name("N")
      ->transform(whole_number(1));
  choice_.add_to(*streams);
  add_threads(*streams);
}

void Parser::add_extract() {
  CLI::App* extract =
      add_command(Command::extract, "Write each direction to a file of its own, and an index of them");
  extract->footer(
      "\nThe files have tcpflow's names: 010.000.000.001.40000-192.000.002.001.00080 is what 10.0.0.1 sent.\n"
      "DIR/index.jsonl has a JSON object for each: endpoints, gaps, how it ended, and which packet brought\n"
      "what (\"runs\": [file offset, stream offset, size, time, packet number]).\n"
      "Nothing is overwritten: a name that is taken gets c1, c2, ... at its end, as in tcpflow, and a DIR\n"
      "that holds an index.jsonl already is refused.\n");
  extract->add_option("-o,--output", options_.directory, "Folder to write to; made if it is not there")
      ->type_name("DIR");
  extract->add_flag("--pcap", options_.captures,
                    "Write the packets of each connection to a\npcapng of its own instead");
  extract
      ->add_option(
          "--listen", options_.listen,
          "With --pcap: send the packets of all to whoever\nconnects, as one pcapng, in place of files\n"
          "(pcap-over-IP); of files once somebody reads")
      ->type_name("[ADDRESS:]PORT");
  extract
      ->add_option(
          "--gaps", options_.extraction.gaps,
          "Bytes that were not captured: skip (leave them\nout), zero (zeros in their place), stop (end the\n"
          "file there)")
      ->option_text("MODE=skip")
      ->transform(
          one_of<GapMode>({{"skip", GapMode::skip}, {"zero", GapMode::zero}, {"stop", GapMode::stop}}));
  extract
      ->add_option("--zeros-max", options_.extraction.zeros_max,
                   "With --gaps=zero: bytes of zeros in one file; a gap\nbeyond is left out")
      ->type_name("SIZE")
      ->transform(size_with_unit(0))
      ->option_text("SIZE=64M");
  extract
      ->add_option("--zeros-total-max", options_.extraction.zeros_total_max, "The same of all files together")
      ->type_name("SIZE")
      ->transform(size_with_unit(0))
      ->option_text("SIZE=1G");
  extract
      ->add_option("--files-max", options_.extraction.files_max,
                   "Write no more files than these; what has none is\ncounted")
      ->type_name("N")
      ->transform(whole_number(0));
  extract
      ->add_option("--bytes-max", options_.extraction.bytes_max,
                   "Write no more bytes than these, zeros included; what\nis left out is counted")
      ->type_name("SIZE")
      ->transform(size_with_unit(0));
  extract
      ->add_option("--flush-interval", options_.flush_interval_s,
                   "How long bytes may wait in memory before they\nare written; 0: not at all")
      ->type_name("SECONDS")
      ->transform(decimal_number(0, 1e9))
      ->capture_default_str();
  extract
      ->add_option("--template", template_,
                   "Names of the files, in tcpflow's letters:\n%A %a %B %b addresses and ports, %T %t time,\n"
                   "%C%c repeats, %# %N %K %M %G numbers;\n/ makes folders")
      ->type_name("NAME")
      ->capture_default_str();
  choice_.add_to(*extract);
}

void Parser::add_follow() {
  CLI::App* follow = add_command(Command::follow, "Print one connection, both directions, as tshark does");
  follow->add_option("-T,--format", options_.format, "ascii, hex, raw or yaml")
      ->option_text("FORMAT=ascii")
      ->transform(one_of<FollowFormat>({{"ascii", FollowFormat::ascii},
                                        {"hex", FollowFormat::hex},
                                        {"raw", FollowFormat::raw},
                                        {"yaml", FollowFormat::yaml}}));
  follow->add_flag(
      "--notes", options_.notes,
      "Lines that begin with # about which packet brought\nwhat, and the events; watches as --observe "
      "does");
  follow->add_flag("--read-on", options_.read_on,
                   "Read on to the end when the connection is complete,\nto hear of damage there");
}

void Parser::add_diff() {
  CLI::App* diff = add_command(
      Command::diff, "Read each connection as several receivers would, and print where they differ");
  diff->add_option("--receivers", diff_receivers_, "Those to compare, of the names of --receiver")
      ->type_name("NAME,NAME...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("NAME,NAME...=first,last,linux,bsd");
  diff->add_flag("--json", options_.json, "One JSON object a line for each connection that differs");
  choice_.add_to(*diff);
}

void Parser::add_log() {
  CLI::App* log =
      add_command(Command::log, "Write a record for each connection, as Zeek, Suricata and others do");
  log->footer(
      "\nExamples:\n"
      "  restitch log --format zeek -o logs capture.pcap     logs/conn.log\n"
      "  restitch log --format json -i eth0 | jq .uid        live, a line when a connection ends\n"
      "  restitch log --format parquet -o logs --rotate 1h -i eth0\n"
      "zeek and zeek-json have the fields of Zeek's conn.log, and community_id; eve has Suricata's flow "
      "events.\n"
      "Nothing is overwritten. On SIGHUP a live run opens its file anew.\n");
  log->add_option("-o,--output", options_.directory,
                  "Folder to write to, made if it is not there;\nstandard output without it")
      ->type_name("DIR");
  log_.add_to(*log);
  choice_.add_to(*log);
  add_threads(*log);
}

bool Parser::take_follow_target(std::string& complaint) {
  if (options_.command != Command::follow) return true;
  const auto target = parse_follow_target(target_);
  if (target) {
    options_.follow = *target;
  } else {
    complaint = fmt::format(
        "N: \"{}\" is no pair of ends, as in: restitch follow 10.0.0.1:4711,10.0.0.2:80 FILE", target_);
  }
  return target.has_value();
}

CLI::App* Parser::add_command(Command command, const char* description) {
  const std::string name(command_names[static_cast<std::size_t>(command)]);
  CLI::App* added = app_.add_subcommand(name, description);
  added->callback([this, command] { options_.command = command; });
  add_common(*added);
  return added;
}

void Parser::add_threads(CLI::App& command) {
  command
      .add_option(
          "--threads", threads_,
          "Work with N threads. What comes out does not\ndepend on it. All processors; live and with\n"
          "--follow one")
      ->type_name("N")
      ->transform(whole_number(1, 64));
}

void Parser::add_common(CLI::App& command) {
  if (command.get_name() == "follow") {
    command
        .add_option("N", target_,
                    "Number of the connection, as in the table, or its ends:\n10.0.0.1:4711,10.0.0.2:80")
        ->option_text("")
        ->transform(follow_target_text())
        ->required();
  }
  input_.add_to(command);
  receivers_.add_to(command, command.get_name() != "diff");
  limits_.add_to(command);
  command
      .add_option("--stats", options_.statistics,
                  "What is told in the end: summary, or all that was\ncounted, as text or json")
      ->option_text("FORMAT=summary")
      ->transform(one_of<Statistics>(
          {{"summary", Statistics::summary}, {"text", Statistics::text}, {"json", Statistics::json}}));
  command
      .add_option("--metrics", options_.metrics,
                  "Serve what is counted to Prometheus while the run\ngoes on: http://127.0.0.1:PORT/metrics")
      ->type_name("[ADDRESS:]PORT");
  command.add_flag("-q,--quiet", options_.quiet, "No summary and no progress, only errors");
  command.add_flag("-v,--verbose", options_.verbose, "Say more about the inputs");
}

int Parser::complain(const std::string& message) const {
  say(message + " (try restitch --help)");
  return exit_usage;
}

// Help, or the version.
int Parser::print(const CLI::Success& success) const {
  std::ostringstream text;
  (void)app_.exit(success, text, text);
  StandardOutput output;
  output.write(text.str());
  return output.flush() ? exit_ok : exit_input;
}

ParsedOptions Parser::parse(std::vector<std::string> arguments) {
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app_.parse(arguments);
  } catch (const CLI::Success& success) {
    return {std::nullopt, print(success)};
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    return {std::nullopt, complain(message)};
  }
  std::string complaint;
  if (!finish(complaint)) return {std::nullopt, complain(complaint)};
  return {options_, exit_ok};
}

bool Parser::take_diff_receivers(std::string& complaint) {
  for (const std::string& name : diff_receivers_) {
    options_.diff_receivers.push_back(find_receiver_policy(name));
    if (options_.diff_receivers.back() != nullptr) continue;
    complaint = fmt::format("--receivers: there is no \"{}\", but {}", name, receiver_names(1000));
    return false;
  }
  std::vector<std::string> sorted = diff_receivers_;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) complaint = fmt::format("--receivers: {} is named twice", *twice);
  if (diff_receivers_.size() < 2) complaint = "--receivers: it takes two to differ";
  return complaint.empty();
}

// What each command keeps of a connection: a stream, and what tells of it.
CommandCost Parser::cost() const {
  constexpr std::size_t summary = 1000;  // and the place of its node
  switch (options_.command) {
    case Command::streams:
      return {options_.json ? summary + 370 : summary + 120};
    case Command::extract:
      return {summary + 1000};  // two files
    case Command::follow:
      return {summary + 300};
    case Command::log:
      return {summary + 1200};
    case Command::diff:
      return {2400 + 600 * diff_receivers_.size(), diff_receivers_.size()};
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

// Files need a folder; what is sent needs none.
bool Parser::check_extraction(std::string& complaint) const {
  if (options_.command != Command::extract) return true;
  const bool to_folder = !options_.directory.empty();
  if (options_.listen.empty()) {
    if (!to_folder) complaint = "-o DIR: where to write to";
  } else if (!options_.captures) {
    complaint = "--listen: it sends packets: --pcap";
  } else if (to_folder) {
    complaint = "--listen: it writes no files: leave -o out";
  } else if (const auto address = check_listening_address("--listen", options_.listen); !address) {
    complaint = address.error().message;
  }
  return complaint.empty();
}

// What CLI11 cannot check by itself.
bool Parser::finish(std::string& complaint) {
  if (!input_.finish(complaint) || !limits_.finish(options_.input, complaint)) return false;
  if (!log_.finish(options_.directory, complaint) || !choice_.finish(complaint)) return false;
  if (!take_follow_target(complaint) || !check_extraction(complaint)) return false;
  if (options_.top != 0 && !options_.sort) options_.sort = SortKey::bytes;
  if (options_.sort && options_.input.endless()) {
    complaint = "--sort, --top: they take an input that ends";
    return false;
  }
  if (!receivers_.finish(complaint) || !take_diff_receivers(complaint)) return false;
  if (options_.events || options_.notes) options_.receivers.observe = true;
  plan();
  options_.extraction.index_directions = options_.input.endless();
  if (threads_ == 0) threads_ = options_.input.endless() ? 1 : std::thread::hardware_concurrency();
  options_.threads = std::clamp(threads_, 1U, options_.memory.threads_max);
  if (!options_.metrics.empty()) {
    if (const auto address = check_listening_address("--metrics", options_.metrics); !address) {
      complaint = address.error().message;
    }
  }
  const auto names = NameTemplate::parse(template_);
  if (!names) {
    complaint = names.error().message;
  } else {
    options_.extraction.names = *names;
  }
  return complaint.empty();
}

}  // namespace

ParsedOptions parse_options(int argc, const char* const* argv) {
  return Parser().parse(with_command(argc, argv));
}

}  // namespace restitch::cli
