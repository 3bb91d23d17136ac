// A rotating writer's directory: its files, in the order of their first record.
#include <sys/stat.h>

#include <map>
#include <set>
#include <utility>

#include "capture/follow_series.h"
#include "capture/input_files.h"

namespace restitch {

namespace {

// What a file was when it was last read. A writer that goes round in a ring uses names again, and the
// file system the inodes: only the time of the first record tells for certain.
struct Identity {
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};

  friend bool operator==(const Identity& a, const Identity& b) {
    return a.inode == b.inode && a.size == b.size && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

Identity identity_of(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  return {about.st_ino, about.st_size, about.st_mtim};
}

struct BegunFile {
  Identity identity;
  Timestamp first;
};

class FollowDirectoryReader final : public FollowSeries {
 public:
  FollowDirectoryReader(std::string path, InputFiles found, const FollowOptions& options)
      : FollowSeries(options), path_(std::move(path)), next_(std::move(found.files)) {
    tell_skipped(found.skipped);
  }

  [[nodiscard]] std::string format_name() const override { return "a directory: " + files().format_name(); }

 private:
  void look() override;
  [[nodiscard]] bool has_next() const override { return !next_.empty(); }
  std::unique_ptr<FollowReader> take_next() override;
  bool note_end() override;

  void tell_skipped(const std::vector<SkippedFile>& skipped);
  [[nodiscard]] bool may_be_new(const std::string& path) const;
  [[nodiscard]] bool is_new(const InputFile& file) const;

  std::string path_;
  std::vector<InputFile> next_;  // found, not begun; in order
  std::map<std::string, BegunFile> begun_;
  std::string current_path_;
  std::set<std::string> told_;  // of those that are skipped
};

void FollowDirectoryReader::look() {
  Result<InputFiles> found =
      captures_in(path_, options().recursive, [this](const std::string& path) { return may_be_new(path); });
  if (!found) return;  // it may be gone for good; what is open is still read
  tell_skipped(found->skipped);
  next_ = std::move(found->files);
  std::erase_if(next_, [this](const InputFile& file) { return file.first.ns == 0 || !is_new(file); });
}

void FollowDirectoryReader::tell_skipped(const std::vector<SkippedFile>& skipped) {
  if (!options().on_skipped) return;
  for (const SkippedFile& file : skipped) {
    if (told_.insert(file.path).second) options().on_skipped(file);
  }
}

bool FollowDirectoryReader::may_be_new(const std::string& path) const {
  const auto known = begun_.find(path);
  if (known == begun_.end()) return true;
  if (path == current_path_ && is_reading()) return false;
  return identity_of(path) != known->second.identity;
}

bool FollowDirectoryReader::is_new(const InputFile& file) const {
  const auto known = begun_.find(file.path);
  if (known == begun_.end()) return true;
  const Identity now = identity_of(file.path);
  return now.inode != known->second.identity.inode || now.size < known->second.identity.size ||
         file.first != known->second.first;
}

std::unique_ptr<FollowReader> FollowDirectoryReader::take_next() {
  current_path_ = next_.front().path;
  begun_[current_path_] = {identity_of(current_path_), next_.front().first};
  next_.erase(next_.begin());
  return std::make_unique<FollowReader>(current_path_, options());
}

bool FollowDirectoryReader::note_end() {
  if (is_reading()) begun_[current_path_].identity = identity_of(current_path_);
  return true;
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> follow_directory(const std::string& path,
                                                        const FollowOptions& options) {
  Result<InputFiles> found = captures_in(path, options.recursive);
  if (!found) return tl::unexpected(found.error());
  std::erase_if(found->files, [](const InputFile& file) { return file.first.ns == 0; });
  return std::make_unique<FollowDirectoryReader>(path, std::move(*found), options);
}

}  // namespace restitch
