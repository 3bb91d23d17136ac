#include "cli/input_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli/choices.h"
#include "cli/filter_words.h"
#include "cli/numbers.h"
#include "restitch/capture_filter.h"

namespace restitch::cli {
namespace {

constexpr double seconds_max = 1e9;

// "-f,--filter", or without its letter if that is taken.
std::string free_names(const char* names, std::string_view taken) {
  const std::string all = names;
  return taken.find(all[1]) == std::string_view::npos ? all : all.substr(all.find(',') + 1);
}

}  // namespace

void InputFlags::add_to(CLI::App& command, std::string_view taken) {
  add_files(command, taken);
  add_live(command, taken);
  add_decoding_to(command);
}

void InputFlags::add_files(CLI::App& command, std::string_view taken) {
  const char* const group = "Input";
  command
      .add_option(
          "FILE", words_,
          "Captures, directories of captures, - for standard\ninput, tcp://HOST:PORT for a sender of "
          "packets\n"
          "(pcap-over-IP), or http(s)://…; a filter of\npcap-filter(7) may stand behind them: port 80")
      ->group(group);
  command
      .add_option("-r,--read", read_, "The same as FILE, as tcpdump and tshark spell\nit; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->take_all()
      ->group(group);
  command
      .add_option(free_names("-f,--filter", taken), filter_, "The filter in one argument, as tshark takes it")
      ->type_name("EXPR")
      ->group(group);
  command.add_option(free_names("-F,--filter-file", taken), filter_file_, "… or from a file")
      ->type_name("FILE")
      ->group(group);
  const bool counts = taken.find('c') == std::string_view::npos;
  command
      .add_option(counts ? "-c,--count" : "--packets", selection_.packets_max, "Stop after so many packets")
      ->type_name("N")
      ->transform(whole_number(1))
      ->group(group);
  command.add_flag("--recursive", selection_.recursive, "Of directories, also what lies below them")
      ->group(group);
  command
      .add_flag("--follow", selection_.follow,
                "Files and directories still grow: wait for more\nuntil interrupted")
      ->group(group);
  command
      .add_option("--idle-timeout", selection_.idle_timeout_s,
                  "With --follow or tcp://: end after so long without\nnews")
      ->type_name("SECONDS")
      ->transform(decimal_number(0, seconds_max))
      ->group(group);
  command
      .add_option(
          "--merge-window", selection_.merge_window_s,
          "How long packets wait for an interface or a\ngrowing file whose own may be older; files are\n"
          "merged by time without it")
      ->type_name("SECONDS")
      ->transform(decimal_number(0, seconds_max))
      ->capture_default_str()
      ->group(group);
}

void InputFlags::add_live(CLI::App& command, std::string_view taken) {
  const char* const group = "Live capture";
  command
      .add_option(free_names("-i,--interface", taken), selection_.interfaces,
                  "Capture live here instead of reading files;\nmay be repeated")
      ->type_name("IFACE")
      ->allow_extra_args(false)
      ->take_all()
      ->group(group);
  command
      .add_flag("-D,--list-interfaces", selection_.list_interfaces,
                "Print the interfaces there are, and exit")
      ->group(group);
  command.add_option("-s,--snaplen", selection_.snap_size, "Bytes kept of each packet")
      ->type_name("BYTES")
      ->transform(whole_number(1, 262'144))
      ->capture_default_str()
      ->group(group);
  command
      .add_option(free_names("-B,--buffer-size", taken), selection_.buffer_kib,
                  "Buffer in the kernel, in KiB")
      ->transform(whole_number(64, 1 << 21))
      ->option_text("KIB=32768")
      ->group(group);
  command
      .add_flag("-p,--no-promiscuous-mode", selection_.not_promiscuous, "Only what is meant for this host")
      ->group(group);
  command.add_option("--backend", selection_.backend, "auto, libpcap, or ring (AF_PACKET)")
      ->option_text("NAME=auto")
      ->transform(one_of<LiveBackend>(
          {{"auto", LiveBackend::automatic}, {"libpcap", LiveBackend::libpcap}, {"ring", LiveBackend::ring}}))
      ->group(group);
  command
      .add_option(
          "-Z,--relinquish-privileges", selection_.user,
          "As root: become USER once the interfaces are\nopen. Default: who called sudo, else nobody;\n"
          "root: stay root")
      ->type_name("USER")
      ->group(group);
}

void InputFlags::add_decoding_to(CLI::App& command) {
  const char* const group = "Decoding";
  command
      .add_option(
          "--key", key_,
          "What tells connections of equal addresses and\nports apart, besides kinds of tunnels, separated\n"
          "by commas: vlan, tunnel (its ids too),\ninterface; none: nothing does, not even tunnels")
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(offers({"vlan", "tunnel", "interface", "none"}))
      ->group(group);
  command
      .add_option(
          "--copies-window", copies_window_ms_,
          "A packet that comes again within this time is\ncounted as a copy, not as a retransmission; 0:\n"
          "do not look")
      ->type_name("MS")
      ->transform(decimal_number(0, 1e6))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--fragments", selection_.decoder.defragmenter.policy,
                  "Which copy counts where IPv4 fragments overlap:\nfirst, last, bsd, old-linux, linux")
      ->option_text("POLICY=first")
      ->transform(one_of<FragmentPolicy>({{"first", FragmentPolicy::first},
                                          {"last", FragmentPolicy::last},
                                          {"bsd", FragmentPolicy::bsd},
                                          {"old-linux", FragmentPolicy::old_linux},
                                          {"linux", FragmentPolicy::linux_}}))
      ->group(group);
}

bool InputFlags::finish(std::string& complaint) {
  if (!finish_decoding(complaint)) return false;
  if (selection_.list_interfaces) return true;
  if (!take_filter(complaint)) return false;
  std::vector<std::string>& files = selection_.files;
  files = read_;
  files.insert(files.end(), words_.begin(), words_.end());
  if (!take_senders(complaint)) return false;
  if (files.empty() && !selection_.live()) {
    complaint = "no FILE to read, and no interface (-i)";
  } else if (!files.empty() && selection_.live()) {
    complaint =
        fmt::format("{}: with -i there is nothing to read (or is it meant as a filter?)", files.front());
  } else if (std::count(files.begin(), files.end(), "-") > 1) {
    complaint = "standard input (-) can be read only once";
  }
  return complaint.empty();
}

// Wireshark's users name a sender of packets as an interface.
bool InputFlags::take_senders(std::string& complaint) {
  std::vector<std::string>& interfaces = selection_.interfaces;
  const auto senders = std::stable_partition(interfaces.begin(), interfaces.end(),
                                             [](const std::string& name) { return !is_remote(name); });
  selection_.files.insert(selection_.files.end(), senders, interfaces.end());
  interfaces.erase(senders, interfaces.end());
  for (const std::string& name : selection_.files) {
    if (!is_remote(name)) continue;
    selection_.remote = true;
    if (const auto known = check_remote(name); !known) {
      complaint = known.error().message;
      return false;
    }
  }
  return true;
}

// Moves the filter out of the words.
bool InputFlags::take_filter(std::string& complaint) {
  const std::size_t start = filter_start(words_);
  std::string text = joined(words_, start);
  words_.resize(start);
  if (!filter_file_.empty()) {
    std::ifstream file(filter_file_);
    if (!file) {
      complaint = filter_file_ + ": cannot read the filter";
      return false;
    }
    filter_.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (!text.empty() && !filter_.empty()) {
    complaint = fmt::format("two filters: \"{}\" and \"{}\"", filter_, text);
    return false;
  }
  if (!text.empty()) filter_ = std::move(text);
  if (filter_.empty()) return true;
  const auto compiled = PacketFilter::compile(filter_);
  if (!compiled) complaint = compiled.error().message;
  selection_.filter = filter_;
  return complaint.empty();
}

bool InputFlags::finish_decoding(std::string& complaint) {
  selection_.decoder.copies_window_ns = static_cast<std::int64_t>(copies_window_ms_ * 1e6);
  for (const std::string& part : key_) {
    DecoderOptions& decoder = selection_.decoder;
    if (part == "vlan") {
      decoder.vlan_in_key = true;
    } else if (part == "tunnel") {
      decoder.tunnel_in_key = true;
    } else if (part == "interface") {
      decoder.interface_in_key = true;
    } else if (part == "none") {
      decoder.encapsulation_in_key = false;
    } else {
      complaint = fmt::format("--key: {} is none of vlan, tunnel, interface, none", part);
    }
  }
  return complaint.empty();
}

}  // namespace restitch::cli
