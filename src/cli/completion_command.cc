#include "base/clean_text.h"
#include "cli/completion.h"
#include "cli/standard_output.h"
#include "restitch/capture_live.h"

namespace restitch::cli {
namespace {

void add_interfaces(Completion& completion, const std::string& typed) {
  const auto interfaces = live_interfaces();
  if (!interfaces) return;
  for (const LiveInterface& interface : *interfaces) {
    if (interface.name.starts_with(typed)) completion.candidates.push_back({clean_text(interface.name), {}});
  }
}

}  // namespace

int run_completion(std::span<const std::string> words, std::span<const CommandTable> commands) {
  Completion completion = complete(words, commands);
  if (completion.further == Further::interfaces) add_interfaces(completion, words.back());
  return print(completion_text(completion));
}

}  // namespace restitch::cli
