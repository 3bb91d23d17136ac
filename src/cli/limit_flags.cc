#include "cli/limit_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <string_view>
#include <utility>

#include "cli/choices.h"
#include "cli/numbers.h"

namespace restitch::cli {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t Ageing::*>, 7> timeout_kinds = {
    {{"hole-acked", &Ageing::hole_acked_ns},
     {"hole-lost", &Ageing::hole_lost_ns},
     {"hole", &Ageing::hole_ns},
     {"idle", &Ageing::idle_ns},
     {"half-open", &Ageing::half_open_ns},
     {"half-closed", &Ageing::half_closed_ns},
     {"closing", &Ageing::closing_ns}}};

// A file ends, and then all is told: only what has ended needs to go before. Live, a connection is told soon
// after its end.
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t closing_in_files_ns = 120 * second_ns;
constexpr std::int64_t closing_live_ns = 5 * second_ns;

std::vector<std::string> timeout_words() {
  std::vector<std::string> words;
  words.reserve(timeout_kinds.size());
  for (const auto& [name, member] : timeout_kinds) words.push_back(std::string(name) + "=");
  return words;
}

Ageing default_ageing(const InputSelection& input) {
  if (!input.endless()) {
    return {.hole_acked_ns = second_ns,
            .hole_lost_ns = second_ns / 20,
            .hole_ns = 30 * second_ns,
            .closing_ns = closing_in_files_ns};
  }
  Ageing ageing = Ageing::usual();
  if (input.live()) ageing.closing_ns = closing_live_ns;
  return ageing;
}

constexpr const char* limits_group = "Limits";

LimitPolicy policy_of(std::string_view name) {
  if (name == "evict") return LimitPolicy::evict_idlest;
  return name == "skip" ? LimitPolicy::skip_greediest : LimitPolicy::ignore_new;
}

}  // namespace

void LimitFlags::add_memory_to(CLI::App& command) {
  command
      .add_option(
          "--memory", selection_.memory,
          "All that the process may take, but some 20 MB for\nthe program itself: 512M, 4G; at least 16M")
      ->type_name("SIZE")
      ->transform(size_with_unit())
      ->option_text("SIZE=1G")
      ->group(limits_group);
}

void LimitFlags::add_to(CLI::App& command) {
  add_memory_to(command);
  command
      .add_option(
          "--at-memory", at_memory_,
          "What gives way when held bytes fill their share:\nskip (the oldest hole of the greediest), "
          "evict (the\nconnection idle longest), ignore (new ones)")
      ->option_text("POLICY=skip")
      ->check(one_of({"skip", "evict", "ignore"}))
      ->group(limits_group);
  command.add_option("--at-connections", at_connections_, "The same when connections do: evict, ignore")
      ->option_text("POLICY=evict")
      ->check(one_of({"evict", "ignore"}))
      ->group(limits_group);
  command
      .add_option("--pages-max", pages_max_,
                  "Out-of-order data held for all connections\ntogether, in gopacket's pages of 1,900 bytes")
      ->type_name("N")
      ->transform(whole_number(1, 1 << 30))
      ->group(limits_group);
  command.add_option("--connection-pages-max", connection_pages_max_, "The same for each direction")
      ->type_name("N")
      ->transform(whole_number(1, 1 << 30))
      ->group(limits_group);
  command
      .add_option(
          "--history", selection_.history_bytes_max,
          "Delivered bytes of each direction that are\nremembered, so that later copies can be compared "
          "with\nthem; a sixteenth of --memory for all. 0: none")
      ->type_name("SIZE")
      ->transform(size_with_unit(0))
      ->option_text("SIZE=64K")
      ->group(limits_group);
  command
      .add_option(
          "--timeout", timeouts_,
          "How long, in capture time, a hole is waited for:\nhole-acked= (once acknowledged), hole-lost= "
          "(the\nsame where "
          "nothing comes behind its\nacknowledgement), hole=; and how "
          "long\na connection may be silent: idle=, half-open=\n(without data), half-closed= (one side sent "
          "FIN),\nclosing= (both ended) SECONDS. 0: for ever, but\nof the last three: as idle=. Default: "
          "hole-acked=1,\nhole-lost=0.05, hole=30, closing=120. Live: also idle=3600,\nhalf-open=60, and "
          "closing=5")
      ->type_name("KIND=S")
      ->check(offers(timeout_words()))
      ->allow_extra_args(false)
      ->group(limits_group);
}

bool LimitFlags::finish(const InputSelection& input, std::string& complaint) {
  selection_.at_total_bytes = policy_of(at_memory_);
  selection_.at_connections = policy_of(at_connections_);
  selection_.assembler.max_buffered_pages_total(pages_max_);
  selection_.assembler.max_buffered_pages_per_connection(connection_pages_max_);
  selection_.ageing = default_ageing(input);
  for (const std::string& timeout : timeouts_) {
    if (!take_timeout(timeout, complaint)) return false;
  }
  return true;
}

bool LimitFlags::take_timeout(const std::string& text, std::string& complaint) {
  const std::size_t equals = text.find('=');
  const std::string_view kind = std::string_view(text).substr(0, equals);
  const std::string_view number =
      equals == std::string::npos ? "" : std::string_view(text).substr(equals + 1);
  const auto seconds = decimal_of(number, 0, 1e9);
  for (const auto& [name, member] : timeout_kinds) {
    if (name != kind || !seconds) continue;
    selection_.ageing.*member = static_cast<std::int64_t>(*seconds * static_cast<double>(second_ns));
    return true;
  }
  std::string kinds;
  for (const auto& [name, member] : timeout_kinds) kinds += fmt::format("{}=, ", name);
  complaint = fmt::format("--timeout: \"{}\" is not one of {}and seconds", text, kinds);
  return false;
}

}  // namespace restitch::cli
