// The file under a name: when another one takes its place, that one is gone on with.
#include <sys/stat.h>

#include <utility>

#include "capture/follow_series.h"
#include "capture/http_source.h"
#include "capture/pipe_reader.h"

namespace restitch {

namespace {

class FollowFileReader final : public FollowSeries {
 public:
  FollowFileReader(std::string path, const FollowOptions& options)
      : FollowSeries(options), path_(std::move(path)), first_(make_reader()) {}

  // Of the file that is there first. Error: it will never be a capture we read.
  Result<bool> try_open() { return first_->try_open(); }

  [[nodiscard]] const CaptureEnd& end() const override { return end_; }
  [[nodiscard]] std::string format_name() const override { return files().format_name(); }

 private:
  void look() override;
  [[nodiscard]] bool has_next() const override { return first_ != nullptr || replaced_; }
  std::unique_ptr<FollowReader> take_next() override;
  bool note_end() override;

  std::unique_ptr<FollowReader> make_reader() {
    return std::make_unique<FollowReader>(path_, options(), &open_);
  }

  std::string path_;
  FileIdentity open_;  // of the file that was opened last
  std::unique_ptr<FollowReader> first_;
  bool replaced_ = false;
  CaptureEnd end_;
};

void FollowFileReader::look() {
  struct stat about {};
  if (!open_.is_known() || ::stat(path_.c_str(), &about) != 0) return;
  replaced_ = FileIdentity{about.st_dev, about.st_ino} != open_;
}

std::unique_ptr<FollowReader> FollowFileReader::take_next() {
  if (first_) return std::move(first_);
  replaced_ = false;
  open_ = {};
  if (options().on_replaced) options().on_replaced(path_);
  return make_reader();
}

// Of one file, the message need not say which.
bool FollowFileReader::note_end() {
  const std::vector<InputEnd> ends = files().ends();
  end_ = ends.size() == 1 ? ends.front().end : files().end();
  return false;
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> follow_file(const std::string& path, const FollowOptions& options) {
  if (is_remote(path)) return open_remote(path, options, true);
  struct stat about {};
  const bool exists = ::stat(path.c_str(), &about) == 0;
  if (path == "-" || is_http(path) || (exists && !S_ISREG(about.st_mode)))
    return open_at_once(path, options.stop, {.memory = options.memory});
  auto reader = std::make_unique<FollowFileReader>(path, options);
  const Result<bool> opened = reader->try_open();
  if (!opened) return tl::unexpected(opened.error());
  return reader;
}

}  // namespace restitch
