#include "cli/diff_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/choices.h"
#include "cli/receiver_flags.h"

namespace restitch::cli {

void DiffFlags::add_to(CLI::App& command) {
  command
      .add_option("--receivers", receivers_,
                  "Those to compare (first, linux, windows, …).\n"
                  "There are " +
                      receiver_names(1000))
      ->type_name("NAME,NAME...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("NAME,NAME...=first,last,linux,bsd")
      ->check(offers(receiver_words()));
  command.add_flag("--json", options_.json, "One JSON object a line for each connection that differs");
}

bool DiffFlags::finish(std::string& complaint) {
  for (const std::string& name : receivers_) {
    options_.diff_receivers.push_back(find_receiver_policy(name));
    if (options_.diff_receivers.back() != nullptr) continue;
    complaint = fmt::format("--receivers: there is no \"{}\", but {}", name, receiver_names(1000));
    return false;
  }
  std::vector<std::string> sorted = receivers_;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) complaint = fmt::format("--receivers: {} is named twice", *twice);
  if (receivers_.size() < 2) complaint = "--receivers: it takes two to differ";
  return complaint.empty();
}

}  // namespace restitch::cli
