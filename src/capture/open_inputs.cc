#include <algorithm>
#include <filesystem>
#include <system_error>

#include "capture/pipe_reader.h"
#include "restitch/capture_inputs.h"

namespace restitch {

namespace {

namespace fs = std::filesystem;

// For one of many inputs, which may be open at the same time.
constexpr std::size_t small_buffer_size = std::size_t{128} << 10;
constexpr std::size_t few_inputs = 8;
constexpr std::size_t least_buffer_size = std::size_t{16} << 10;

std::optional<std::uint64_t> size_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  return error ? std::nullopt : std::optional<std::uint64_t>(size);
}

MergeInput follow(const std::string& path, const FollowOptions& options) {
  std::error_code error;
  const bool directory = path != "-" && fs::is_directory(path, error);
  return {path, Timestamp(), std::nullopt, [path, options, directory] {
            return directory ? follow_directory(path, options) : follow_file(path, options);
          }};
}

MergeInput read_once(const InputFile& file, FileSource::StopFlag stop, OpenOptions options) {
  return {file.path, file.first, size_of(file.path),
          [file, stop, options]() -> Result<std::unique_ptr<CaptureReader>> {
            if (!file.trouble.empty()) return failure(ErrorCode::io, file.trouble);
            return open_at_once(file.path, stop, options);
          }};
}

}  // namespace

std::unique_ptr<MergedReader> open_inputs(const std::vector<std::string>& paths,
                                          const InputOptions& options) {
  if (!options.follow) return open_files(expand_inputs(paths, options.following.recursive).files, options);
  std::vector<MergeInput> inputs;
  inputs.reserve(paths.size());
  for (const std::string& path : paths) inputs.push_back(follow(path, options.following));
  return std::make_unique<MergedReader>(std::move(inputs), options.merging);
}

std::unique_ptr<MergedReader> open_files(const std::vector<InputFile>& files, const InputOptions& options) {
  OpenOptions open{.memory = options.following.memory};
  if (files.size() > few_inputs) open.buffer_size = small_buffer_size;
  // They may all be open at once.
  if (open.memory != nullptr) {
    const std::size_t share = open.memory->left() / 2 / std::max<std::size_t>(files.size(), 1);
    open.buffer_size = std::clamp(share, least_buffer_size, open.buffer_size);
  }
  MergeOptions merging = options.merging;
  merging.stop = options.following.stop;
  merging.window_ns = MergeOptions::for_ever;
  std::vector<MergeInput> inputs;
  inputs.reserve(files.size());
  for (const InputFile& file : files) inputs.push_back(read_once(file, options.following.stop, open));
  return std::make_unique<MergedReader>(std::move(inputs), merging);
}

}  // namespace restitch
