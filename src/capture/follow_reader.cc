#include "capture/follow_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <thread>

#include "capture/open_source.h"

namespace restitch {

namespace {

const CaptureMetadata nothing_known;

}  // namespace

Result<bool> FollowReader::try_open() {
  // A pipe in its place would be waited for.
  const int fd = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    why_not_ = std::generic_category().message(error);
    if (error == ENOENT) return false;
    return failure(ErrorCode::io, path_ + ": " + why_not_);
  }
  struct stat about {};
  if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    ::close(fd);
    why_not_ = "is no file that could grow";
    return failure(ErrorCode::io, path_ + ": " + why_not_);
  }
  if (opened_ != nullptr) *opened_ = {about.st_dev, about.st_ino};
  auto opened = open_source(std::make_unique<FollowSource>(fd, state_), {.memory = state_.options.memory});
  if (opened) {
    reader_ = std::move(*opened);
    reader_->set_patience_ms(patience_ms_);
    return true;
  }
  why_not_ = opened.error().message;
  if (opened.error().code == ErrorCode::damaged) return false;  // too short, as yet
  opened.error().message.insert(0, path_ + ": ");
  return tl::unexpected(opened.error());
}

std::span<const Record> FollowReader::next_batch() {
  if (finished_) return {};
  if (!reader_) wait_for_header();
  if (!reader_) return {};
  const std::span<const Record> batch = reader_->next_batch();
  finished_ = reader_->finished();
  return batch;
}

void FollowReader::wait_for_header() {
  const auto patience_end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms_);
  for (;;) {
    const bool stop = state_.stop_asked();
    const bool last = stop || state_.sealed || state_.timed_out();
    const Result<bool> opened = try_open();
    if (opened && *opened) return;
    if (!opened || last) {
      finished_ = true;
      if (!stop || !opened) {
        end_.damaged = true;
        end_.message = why_not_;
      }
      return;
    }
    if (std::chrono::steady_clock::now() >= patience_end) return;
    std::this_thread::sleep_for(follow_poll);
  }
}

void FollowReader::set_patience_ms(int ms) {
  patience_ms_ = ms;
  if (reader_) reader_->set_patience_ms(ms);
}

const CaptureMetadata& FollowReader::metadata() const {
  return reader_ ? reader_->metadata() : nothing_known;
}

std::string FollowReader::name() const { return std::filesystem::path(path_).filename().string(); }

std::string FollowReader::format_name() const { return reader_ ? reader_->format_name() : "not known yet"; }

}  // namespace restitch
