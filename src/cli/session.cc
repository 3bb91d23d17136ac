#include "cli/session.h"

#include <fmt/format.h>

namespace restitch::cli {
namespace {

std::string display_name(const std::string& input) { return input == "-" ? "standard input" : input; }

void describe(const std::string& input, const CaptureReader& reader) {
  fmt::print(stderr, "{}: {}, {} interfaces\n", display_name(input), reader.format_name(),
             reader.metadata().interfaces.size());
}

}  // namespace

void Session::fail(const std::string& message) {
  progress_.clear();
  fmt::print(stderr, "restitch: {}\n", message);
  damages_.push_back(message);
  status_ = exit_input;
}

Result<std::unique_ptr<CaptureReader>> Session::open(const std::string& input) {
  auto reader = open_capture(input);
  if (!reader) fail(reader.error().message);
  return reader;
}

void Session::note_end(const std::string& input, const CaptureReader& reader, const CaptureEnd& end) {
  progress_.clear();
  if (options_.verbose) describe(input, reader);
  if (end.damaged && !interrupted()) {
    fail(fmt::format("{}: {}", display_name(input), end.message));
  } else if (!end.message.empty()) {
    fmt::print(stderr, "restitch: {}: {}\n", display_name(input), end.message);
  }
}

}  // namespace restitch::cli
