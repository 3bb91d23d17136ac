#include "cli/receiver_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>
#include <utility>

#include "cli/choices.h"
#include "cli/numbers.h"

namespace restitch::cli {
namespace {

constexpr const char* group = "Reassembly";

// What is printed when all was read, or minutes later, can wait for what disproves a reset.
constexpr std::int64_t reset_doubt_ns = 30'000'000'000;

}  // namespace

void ReceiverSelection::apply(PoolOptions& options) const {
  options.receiver = &table.rest();
  if (table.has_prefixes()) options.choose_receiver = table.chooser();
  options.acknowledged_tolerance_ns = acknowledged_tolerance_ns;
  options.reset_doubt_ns = reset_doubt_ns;
  options.observe = observe;
  options.checksums = checksums;
  options.tell_copies = tell_copies;
}

std::string receiver_names(std::size_t width) {
  std::string lines;
  std::string line;
  for (const ReceiverPolicy& policy : receiver_policies()) {
    if (line.size() + policy.name.size() + 2 > width) lines += std::exchange(line, {}) + "\n";
    line += std::string(policy.name) + (&policy == &receiver_policies().back() ? "" : ", ");
  }
  return lines + line;
}

std::vector<std::string> receiver_words() {
  std::vector<std::string> words;
  for (const ReceiverPolicy& policy : receiver_policies()) words.emplace_back(policy.name);
  return words;
}

void ReceiverFlags::add_to(CLI::App& command, bool choose) {
  if (choose) add_choice(command);
  add_checksums(command);
  command
      .add_flag("--acknowledged{0}", acknowledged_,
                "Only bytes that the receiver acknowledged;\nwhat it "
                "acknowledged and nobody captured becomes a gap, at\n"
                "once or after so many seconds, for taps where\n"
                "acknowledgements overtake their data")
      ->option_text("[=SECONDS]")
      ->group(group);
  command
      .add_flag("--observe", selection_.observe,
                "Also tell of bytes acknowledged but never\n"
                "captured, full windows and probes of closed ones,\n"
                "whatever the receiver; costs time for each packet")
      ->group(group);
  command
      .add_flag("--other-copies", selection_.tell_copies,
                "Also tell of each copy of bytes that is not the\n"
                "one delivered: events of the kind other_copy, and\n"
                "\"copies\" in the index of extract")
      ->group(group);
}

void ReceiverFlags::add_checksums(CLI::App& command) {
  command
      .add_option("--checksums", checksums_,
                  "What a wrong TCP checksum means where it is looked\n"
                  "at. auto: the segment begins and ends nothing, and\n"
                  "loses against a right copy; but nothing where all\n"
                  "of a direction are wrong, as on the host that sent\n"
                  "them. verify: the same without exception. ignore")
      ->option_text("HOW=auto")
      ->check(one_of({"auto", "verify", "ignore"}))
      ->group(group);
}

void ReceiverFlags::add_choice(CLI::App& command) {
  command
      .add_option(
          "--receiver", receivers_,
          "Read overlaps as NAME does (linux, windows, …).\n"
          "What the watched hosts do with bytes that overlap or come too late; may be repeated, with "
          "the hosts it is for: 10.0.0.0/8=linux, of which the longest prefix counts. NAME is one of " +
              receiver_names(1000))
      ->option_text("[PREFIX=]NAME=capture")
      ->check(offers(receiver_words()))
      ->allow_extra_args(false)
      ->group(group);
}

bool ReceiverFlags::finish(std::string& complaint) {
  if (!take_receiver("capture", complaint)) return false;
  if (checksums_ != "auto") {
    selection_.checksums = checksums_ == "verify" ? Checksums::verify : Checksums::ignore;
  }
  for (const std::string& receiver : receivers_) {
    if (!take_receiver(receiver, complaint)) return false;
  }
  if (acknowledged_.empty()) return true;
  const auto seconds = decimal_of(acknowledged_, 0, 1e9);
  if (!seconds) {
    complaint = fmt::format("--acknowledged: \"{}\" is no number of seconds", acknowledged_);
    return false;
  }
  selection_.acknowledged_tolerance_ns = static_cast<std::int64_t>(*seconds * 1e9);
  return true;
}

bool ReceiverFlags::take_receiver(const std::string& text, std::string& complaint) {
  const std::size_t equals = text.rfind('=');
  const std::string name = equals == std::string::npos ? text : text.substr(equals + 1);
  const ReceiverPolicy* const found = find_receiver_policy(name);
  if (found == nullptr) {
    complaint = fmt::format("--receiver: there is no \"{}\", but {}", name, receiver_names(1000));
    return false;
  }
  if (equals == std::string::npos) {
    selection_.table.set_rest(*found);
    return true;
  }
  const auto prefix = AddressPrefix::parse(text.substr(0, equals));
  if (!prefix) {
    complaint = "--receiver: " + prefix.error().message;
    return false;
  }
  selection_.table.add(*prefix, *found);
  return true;
}

}  // namespace restitch::cli
