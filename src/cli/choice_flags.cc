#include "cli/choice_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <sstream>

namespace restitch::cli {

void ChoiceFlags::add_to(CLI::App& command) {
  const char* const group = "Choosing";
  command
      .add_option(
          "--where", expression_,
          "Only connections of which EXPR is true:\n"
          "\"client 10.0.0.0/8 and bytes > 1M\"; of host, client, server, port, vlan, tunnel, bytes, "
          "packets, "
          "gaps, duration, events, event, end, service, uid, community, start, connection; restitch(1)")
      ->type_name("EXPR")
      ->group(group);
  command.add_option("--connection", numbers_, "Only those of these numbers of the table: 7,12-15")
      ->type_name("N,N-N...")
      ->group(group);
}

bool ChoiceFlags::finish(std::uint16_t community_seed, std::string& complaint) {
  std::string numbers;
  std::istringstream in(numbers_);
  for (std::string one; std::getline(in, one, ',');) {
    numbers += (numbers.empty() ? "connection " : " or connection ") + one;
  }
  const bool plain = numbers_.find_first_not_of("0123456789,-") == std::string::npos;
  if (!numbers_.empty() && (!plain || !ConnectionFilter::parse(numbers))) {
    complaint = fmt::format("--connection: \"{}\" is no list of numbers such as 7,12-15", numbers_);
    return false;
  }
  // By itself, so that a parenthesis that is missing in it is not one of ours.
  if (!expression_.empty()) {
    if (const auto alone = ConnectionFilter::parse(expression_); !alone) {
      complaint = "--where: " + alone.error().message;
      return false;
    }
  }
  std::string text = expression_.empty() ? numbers : expression_;
  if (!expression_.empty() && !numbers.empty()) text = fmt::format("({}) and ({})", expression_, numbers);
  if (!text.empty()) where_ = *ConnectionFilter::parse(text, community_seed);
  return true;
}

}  // namespace restitch::cli
