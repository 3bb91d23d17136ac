#include "c/input.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "capture/pipe_reader.h"

namespace restitch::c {
namespace {

bool is_directory(const std::string& path) {
  std::error_code error;
  return path != "-" && std::filesystem::is_directory(path, error);
}

}  // namespace

Result<std::unique_ptr<Input>> Input::open(const InputWishes& wishes, const std::atomic<bool>& stop) {
  if (wishes.paths.empty()) return failure(ErrorCode::invalid_argument, "there is nothing to read");
  std::unique_ptr<Input> input(new Input(wishes.memory_max));
  const bool one = wishes.paths.size() == 1 && !is_directory(wishes.paths.front());
  Result<void> done = one ? input->open_one(wishes.paths.front(), stop) : input->open_several(wishes, stop);
  if (done) done = input->filter(wishes.filter);
  if (!done) return tl::unexpected(done.error());
  return input;
}

Result<void> Input::open_one(const std::string& path, const std::atomic<bool>& stop) {
  auto opened = open_at_once(path, &stop, {.memory = &memory_});
  if (!opened) return tl::unexpected(opened.error());
  name_ = path == "-" ? "standard input" : path;
  reader_ = std::move(*opened);
  return {};
}

Result<void> Input::open_several(const InputWishes& wishes, const std::atomic<bool>& stop) {
  const InputFiles found = expand_inputs(wishes.paths, wishes.recursive);
  const auto troubled = [](const InputFile& file) { return !file.trouble.empty(); };
  if (std::all_of(found.files.begin(), found.files.end(), troubled)) {
    return failure(ErrorCode::io, found.files.empty() ? "no captures" : found.files.front().trouble);
  }
  InputOptions options;
  options.following.stop = &stop;
  options.following.memory = &memory_;
  options.merging.stop = &stop;
  options.merging.waiting_bytes_max = std::min(options.merging.waiting_bytes_max, wishes.memory_max / 4);
  reader_ = open_files(found.files, options);
  return {};
}

Result<void> Input::filter(const std::string& expression) {
  if (expression.empty()) return {};
  auto compiled = PacketFilter::compile(expression);
  if (!compiled) return tl::unexpected(compiled.error());
  reader_ = std::make_unique<FilteredReader>(std::move(reader_), std::move(*compiled));
  return {};
}

// The message of several names them.
std::string Input::damage() const {
  const CaptureEnd& end = reader_->end();
  if (!end.damaged) return {};
  return name_.empty() ? end.message : name_ + ": " + end.message;
}

}  // namespace restitch::c
