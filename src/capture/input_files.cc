#include "capture/input_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <tuple>

#include "capture/file_source.h"
#include "capture/open_source.h"

namespace restitch {

namespace {

namespace fs = std::filesystem;

// For the few records that are looked at.
constexpr std::size_t peek_size = std::size_t{16} << 10;

void sort_by_time(std::vector<InputFile>& files) {
  std::stable_sort(files.begin(), files.end(), [](const InputFile& a, const InputFile& b) {
    return std::tie(a.first, a.path) < std::tie(b.first, b.path);
  });
}

bool is_regular(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_directory(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

}  // namespace

Result<Timestamp> first_record_time(const std::string& path) {
  auto source = FileSource::open(path);
  if (!source) return tl::unexpected(source.error());
  const auto opened = open_source(std::move(*source), {peek_size});
  if (!opened) return tl::unexpected(opened.error());
  const std::span<const Record> batch = (*opened)->next_batch();
  return batch.empty() ? Timestamp() : batch.front().info.timestamp;
}

Result<std::vector<InputFile>> captures_in(const std::string& directory,
                                           const std::function<bool(const std::string& path)>& wanted) {
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  std::vector<InputFile> files;
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string path = entries->path().string();
    if (entries->path().filename().string().front() == '.' || !is_regular(path)) continue;
    if (wanted && !wanted(path)) continue;
    const Result<Timestamp> first = first_record_time(path);
    const bool foreign = !first && (first.error().code == ErrorCode::unknown_format ||
                                    first.error().code == ErrorCode::unsupported);
    if (!foreign) files.push_back({path, first.value_or(Timestamp())});
  }
  if (error) return failure(ErrorCode::io, directory + ": " + error.message());
  sort_by_time(files);
  return files;
}

Result<std::vector<InputFile>> expand_inputs(const std::vector<std::string>& paths) {
  std::vector<InputFile> files;
  for (const std::string& path : paths) {
    if (path != "-" && is_directory(path)) {
      const Result<std::vector<InputFile>> found = captures_in(path);
      if (!found) return tl::unexpected(found.error());
      files.insert(files.end(), found->begin(), found->end());
    } else if (path != "-" && is_regular(path)) {
      files.push_back({path, first_record_time(path).value_or(Timestamp())});
    } else {
      files.push_back({path, Timestamp()});
    }
  }
  sort_by_time(files);
  return files;
}

}  // namespace restitch
