// A rotating writer's directory, as one reader: its files, one behind the other, in a MergedReader to
// which each is added when the one before has ended.
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <system_error>
#include <thread>

#include "capture/follow_reader.h"
#include "capture/input_files.h"

namespace restitch {

namespace {

// How often a directory is looked at while its youngest file has nothing new.
constexpr std::chrono::milliseconds rescan_interval{200};

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

class FollowDirectoryReader final : public CaptureReader {
 public:
  FollowDirectoryReader(std::string path, std::vector<InputFile> files, const FollowOptions& options)
      : path_(std::move(path)), state_{options}, files_({}), next_(std::move(files)) {}

  std::span<const Record> next_batch() override;
  void set_patience_ms(int ms) override { patience_ = std::chrono::milliseconds(ms); }
  [[nodiscard]] bool finished() const override { return finished_; }
  [[nodiscard]] const CaptureEnd& end() const override { return files_.end(); }
  [[nodiscard]] const CaptureMetadata& metadata() const override { return files_.metadata(); }
  [[nodiscard]] std::string format_name() const override { return "a directory: " + files_.format_name(); }
  [[nodiscard]] std::uint64_t bytes_read() const override { return files_.bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  using Clock = std::chrono::steady_clock;

  std::span<const Record> lend(std::span<const Record> batch);
  void look_for_files();
  bool start_next();
  [[nodiscard]] bool may_be_new(const std::string& path) const;
  [[nodiscard]] bool is_new(const InputFile& file) const;

  std::string path_;
  FollowState state_;
  std::chrono::milliseconds patience_{100};
  MergedReader files_;
  std::vector<InputFile> next_;  // found, not begun; in order
  std::map<std::string, BegunFile> begun_;
  FollowReader* current_ = nullptr;  // owned by files_ while it is not finished
  std::string current_path_;
  Clock::time_point looked_;
  std::vector<Record> batch_;
  bool finished_ = false;
};

std::span<const Record> FollowDirectoryReader::next_batch() {
  const auto patience_end = Clock::now() + patience_;
  files_.set_patience_ms(0);
  while (!finished_) {
    const bool stop = state_.stop_asked();
    const std::span<const Record> batch = files_.next_batch();
    if (!batch.empty()) return lend(batch);
    if (files_.finished()) {
      if (current_ != nullptr) begun_[current_path_].identity = identity_of(current_path_);
      current_ = nullptr;
      if (stop && next_.empty()) look_for_files();  // what was there when it was asked is still read
      if (start_next()) continue;
      finished_ = stop || state_.timed_out();
      if (finished_) break;
    }
    if (Clock::now() - looked_ >= rescan_interval) look_for_files();
    if (!next_.empty()) {
      if (current_ != nullptr) current_->seal();
      continue;
    }
    if (Clock::now() >= patience_end) break;
    std::this_thread::sleep_for(follow_poll);
  }
  return {};
}

// For its user, it is one source.
std::span<const Record> FollowDirectoryReader::lend(std::span<const Record> batch) {
  state_.last_news = Clock::now();
  batch_.assign(batch.begin(), batch.end());
  for (Record& record : batch_) record.info.source_index = 0;
  return batch_;
}

void FollowDirectoryReader::look_for_files() {
  looked_ = Clock::now();
  Result<std::vector<InputFile>> found =
      captures_in(path_, [this](const std::string& path) { return may_be_new(path); });
  if (!found) return;  // it may be gone for good; what is open is still read
  next_ = std::move(*found);
  std::erase_if(next_, [this](const InputFile& file) { return file.first.ns == 0 || !is_new(file); });
}

bool FollowDirectoryReader::may_be_new(const std::string& path) const {
  const auto known = begun_.find(path);
  if (known == begun_.end()) return true;
  if (path == current_path_ && current_ != nullptr) return false;
  return identity_of(path) != known->second.identity;
}

bool FollowDirectoryReader::is_new(const InputFile& file) const {
  const auto known = begun_.find(file.path);
  if (known == begun_.end()) return true;
  const Identity now = identity_of(file.path);
  return now.inode != known->second.identity.inode || now.size < known->second.identity.size ||
         file.first != known->second.first;
}

bool FollowDirectoryReader::start_next() {
  if (next_.empty()) return false;
  current_path_ = next_.front().path;
  begun_[current_path_] = {identity_of(current_path_), next_.front().first};
  next_.erase(next_.begin());
  auto reader = std::make_unique<FollowReader>(current_path_, state_.options);
  current_ = reader.get();
  // MergeInput::open is copyable, and called once.
  const auto parcel = std::make_shared<std::unique_ptr<CaptureReader>>(std::move(reader));
  files_.add({std::filesystem::path(current_path_).filename().string(), Timestamp(), std::nullopt,
              [parcel]() -> Result<std::unique_ptr<CaptureReader>> { return std::move(*parcel); }});
  return true;
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> follow_directory(const std::string& path,
                                                        const FollowOptions& options) {
  Result<std::vector<InputFile>> files = captures_in(path);
  if (!files) return tl::unexpected(files.error());
  std::erase_if(*files, [](const InputFile& file) { return file.first.ns == 0; });
  return std::make_unique<FollowDirectoryReader>(path, std::move(*files), options);
}

}  // namespace restitch
