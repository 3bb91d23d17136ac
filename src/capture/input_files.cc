#include "capture/input_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <tuple>
#include <utility>

#include "capture/file_source.h"
#include "capture/foreign_format.h"
#include "capture/http_source.h"
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

// Gathers what lies in a directory.
class DirectoryWalk {
 public:
  using Wanted = std::function<bool(const std::string& path)>;

  DirectoryWalk(bool recursive, const Wanted& wanted) : recursive_(recursive), wanted_(wanted) {}

  std::error_code enter(const std::string& directory) {
    std::error_code error;
    fs::directory_iterator entries(directory, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) take(*entries);
    return error;
  }

  InputFiles finish() {
    sort_by_time(found_.files);
    std::sort(found_.skipped.begin(), found_.skipped.end(),
              [](const SkippedFile& a, const SkippedFile& b) { return a.path < b.path; });
    return std::move(found_);
  }

 private:
  void take(const fs::directory_entry& entry) {
    const std::string path = entry.path().string();
    std::error_code error;
    if (entry.path().filename().string().front() == '.') {
      skip(path, "hidden");
    } else if (is_directory(path)) {
      if (!recursive_ || entry.is_symlink(error)) return skip(path, "a directory");
      if ((error = enter(path))) found_.files.push_back({path, Timestamp(), path + ": " + error.message()});
    } else if (!is_regular(path)) {
      skip(path, "not a file");
    } else if (!wanted_ || wanted_(path)) {
      look_into(path);
    }
  }

  void look_into(const std::string& path) {
    const Result<Timestamp> first = first_record_time(path);
    const bool foreign = !first && (first.error().code == ErrorCode::unknown_format ||
                                    first.error().code == ErrorCode::unsupported);
    if (foreign) return skip(path, foreign_kind(first.error().message));
    found_.files.push_back({path, first.value_or(Timestamp())});
  }

  void skip(const std::string& path, std::string kind) { found_.skipped.push_back({path, std::move(kind)}); }

  bool recursive_;
  const Wanted& wanted_;
  InputFiles found_;
};

// One that is named.
InputFile file_of(const std::string& path) {
  struct stat about {};
  if (path == "-" || is_remote(path) || is_http(path)) return {path, Timestamp()};
  if (::stat(path.c_str(), &about) != 0) {
    return {path, Timestamp(), path + ": " + std::generic_category().message(errno)};
  }
  if (!S_ISREG(about.st_mode)) return {path, Timestamp()};
  const Result<Timestamp> first = first_record_time(path);
  return first ? InputFile{path, *first} : InputFile{path, Timestamp(), first.error().message};
}

}  // namespace

Result<Timestamp> first_record_time(const std::string& path) {
  auto source = FileSource::open(path);
  if (!source) return tl::unexpected(source.error());
  const auto opened = open_source(std::move(*source), {peek_size});
  if (!opened) return failure(opened.error().code, path + ": " + opened.error().message);
  const std::span<const Record> batch = (*opened)->next_batch();
  return batch.empty() ? Timestamp() : batch.front().info.timestamp;
}

Result<InputFiles> captures_in(const std::string& directory, bool recursive,
                               const std::function<bool(const std::string& path)>& wanted) {
  DirectoryWalk walk(recursive, wanted);
  const std::error_code error = walk.enter(directory);
  if (error) return failure(ErrorCode::io, directory + ": " + error.message());
  return walk.finish();
}

InputFiles expand_inputs(const std::vector<std::string>& paths, bool recursive) {
  InputFiles all;
  for (const std::string& path : paths) {
    if (path == "-" || !is_directory(path)) {
      all.files.push_back(file_of(path));
      continue;
    }
    Result<InputFiles> found = captures_in(path, recursive);
    if (!found) {
      all.files.push_back({path, Timestamp(), found.error().message});
      continue;
    }
    if (found->files.empty()) all.files.push_back({path, Timestamp(), path + ": no capture is in it"});
    std::move(found->files.begin(), found->files.end(), std::back_inserter(all.files));
    std::move(found->skipped.begin(), found->skipped.end(), std::back_inserter(all.skipped));
  }
  sort_by_time(all.files);
  return all;
}

}  // namespace restitch
