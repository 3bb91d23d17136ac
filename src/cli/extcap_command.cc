#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/clean_text.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/extcap_arguments.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "restitch/capture_filter.h"
#include "restitch/output_pcapng.h"
#include "restitch/output_pipe.h"

namespace restitch::cli {
namespace {

constexpr std::string_view of_file = "restitch-file";
constexpr std::string_view of_interface = "restitch-live";

constexpr std::string_view interfaces_text =
    "extcap {{version={}}}{{display=restitch}}\n"
    "interface {{value={}}}{{display=restitch: chosen connections of a file}}\n"
    "interface {{value={}}}{{display=restitch: chosen connections, live}}\n";

// What is captured names its own link type; this is for the list.
constexpr std::string_view link_types_text = "dlt {number=1}{name=EN10MB}{display=As in the capture}\n";

constexpr std::string_view where_text =
    "arg {number=1}{call=--where}{display=Connections that match}{type=string}"
    "{tooltip=As in: client 10.0.0.0/8 and port 443 and bytes > 1M. Empty: all}\n";

constexpr std::string_view file_text =
    "arg {number=0}{call=--read}{display=Capture file}{type=fileselect}{mustexist=true}{required=true}"
    "{tooltip=pcap or pcapng, also compressed}\n";

constexpr std::string_view numbers_text =
    "arg {number=2}{call=--connection}{display=Their numbers}{type=string}"
    "{tooltip=As in restitch's table: 7,12-15. Empty: all}\n";

// A sentence of extcap ends with a brace, and a value with the line.
std::string extcap_value(std::string_view text) {
  std::string value = clean_text(text);
  std::erase_if(value, [](char c) { return c == '{' || c == '}'; });
  return value;
}

std::string live_config() {
  std::string text =
      "arg {number=0}{call=--interface}{display=Interface}{type=selector}{required=true}"
      "{tooltip=Where to capture}\n";
  const auto interfaces = live_interfaces();
  if (interfaces) {
    for (const LiveInterface& interface : *interfaces) {
      const std::string name = extcap_value(interface.name);
      const std::string more =
          interface.description.empty() ? "" : ": " + extcap_value(interface.description);
      text += fmt::format("value {{arg=0}}{{value={}}}{{display={}{}}}\n", name, name, more);
    }
  }
  return text.append(where_text);
}

int answer(const std::string& text) {
  StandardOutput output;
  output.write(text);
  return output.flush() ? exit_ok : exit_input;
}

// From here on standard output is what Wireshark reads.
bool open_fifo(const std::string& path) {
  const int fifo = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fifo < 0 || ::dup2(fifo, STDOUT_FILENO) < 0) {
    say(fmt::format("{}: {}", path, std::generic_category().message(errno)));
    return false;
  }
  ::close(fifo);
  return true;
}

// Packets of connections that match. Of files: all packets of them, which takes reading them twice. Live:
// those from the moment on at which the connection matches.
int capture(const Options& options) {
  int status = exit_ok;
  const bool endless = options.input.endless();
  const auto selection = Selection::read_ahead(options, endless ? ConnectionFilter() : options.where, status);
  if (!selection) return status;
  Session session(options);
  if (!session.open() || !session.give_up_rights()) return session.status();
  StandardOutput output;
  PcapngPackets file;
  std::vector<std::uint8_t> blocks;
  const auto write = [&] {
    output.write({reinterpret_cast<const char*>(blocks.data()), blocks.size()});
    blocks.clear();
  };
  file.append_start(blocks);
  write();
  PacketPipe pipe(
      [&](const TcpSegment& tcp, const NetFlow& net, const PacketContext& packet) {
        file.append(blocks, tcp, net, packet);
        write();
      },
      [&](const ConnectionSummary& summary) {
        return endless ? options.where.matches(summary) : selection->has(summary.number);
      });
  output.flush();  // the reader waits for the head
  ConnectionLog log([](const ConnectionSummary&) {}, ConnectionOrder::as_they_end, options.memory.log);
  PipedStreamFactory factory(pipe, log);
  session.run<PipedStream>(factory, [&] { return session.show(output); });
  return output.flush() ? session.status() : exit_input;
}

int start_capture(const ExtcapArguments& arguments) {
  // The rest is as on the command line of `restitch streams`.
  std::vector<std::string> words = {"restitch", "streams", "--quiet"};
  if (!arguments.filter.empty()) words.push_back("--filter=" + arguments.filter);
  words.insert(words.end(), arguments.rest.begin(), arguments.rest.end());
  std::vector<const char*> pointers;
  std::transform(words.begin(), words.end(), std::back_inserter(pointers),
                 [](const std::string& word) { return word.c_str(); });
  const ParsedOptions parsed = parse_options(static_cast<int>(pointers.size()), pointers.data());
  if (!parsed.options) return parsed.status;
  return open_fifo(arguments.fifo) ? capture(*parsed.options) : exit_input;
}

int complain(std::string_view message) {
  say(message);
  return exit_usage;
}

}  // namespace

int run_extcap(int argc, const char* const* argv) {
  const ExtcapArguments arguments(std::vector<std::string>(argv, argv + argc));
  if (arguments.interfaces) {
    return answer(fmt::format(interfaces_text, RESTITCH_VERSION, of_file, of_interface));
  }
  const bool live = arguments.interface == of_interface;
  if (!live && arguments.interface != of_file) {
    return complain(fmt::format("extcap: it takes --extcap-interfaces, or --extcap-interface={} or {}",
                                of_file, of_interface));
  }
  if (arguments.link_types) return answer(std::string(link_types_text));
  if (arguments.config) {
    return answer(live ? live_config() : std::string(file_text).append(where_text).append(numbers_text));
  }
  if (arguments.capture) {
    return arguments.fifo.empty() ? complain("extcap: --capture takes --fifo") : start_capture(arguments);
  }
  // Wireshark asks whether a filter is one, and shows what is answered.
  const auto filter = PacketFilter::compile(arguments.filter);
  return answer(filter || arguments.filter.empty() ? std::string() : filter.error().message + "\n");
}

}  // namespace restitch::cli
