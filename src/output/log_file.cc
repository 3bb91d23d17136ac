#include "output/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/wall_clock.h"
#include "output/text.h"

namespace restitch {
namespace {

constexpr std::size_t buffer_size = std::size_t{64} << 10;

// conn.log -> conn.2026-11-30-08-00-00.log, and conn.2026-11-30-08-00-00-1.log where that is taken.
std::string dated(std::string_view name, Timestamp time, unsigned repeats) {
  const std::size_t dot = name.find('.');
  const std::string number = repeats == 0 ? std::string() : fmt::format("-{}", repeats);
  return fmt::format("{}.{}{}{}", name.substr(0, dot), utc_date(time, "%Y-%m-%d-%H-%M-%S"), number,
                     name.substr(dot));
}

constexpr std::string_view unfinished = ".part";

}  // namespace

LogFile::LogFile(const OutputFolder& folder, std::string_view name, const LogFileOptions& options,
                 LogEncoder& encoder)
    : folder_(folder), plain_name_(name), options_(options), encoder_(encoder) {}

LogFile::~LogFile() {
  if (file_ >= 0) ::close(file_);
}

bool LogFile::make() { return rotates() || begin({}); }

void LogFile::fail(int error) {
  if (error_) return;
  const std::string why = error == EEXIST ? "is there already; nothing is overwritten: give another folder"
                                          : ": " + std::generic_category().message(error);
  error_ =
      Error{ErrorCode::io, fmt::format("{}/{}{}{}", folder_.path(), name_, error == EEXIST ? " " : "", why)};
}

bool LogFile::begin(Timestamp first) {
  const bool hidden = !encoder_.writes_lines();
  constexpr unsigned repeats_max = 10'000;
  for (unsigned repeats = 0;; ++repeats) {
    name_ = rotates() ? dated(plain_name_, first, repeats) : plain_name_;
    const bool taken =
        hidden && ::faccessat(folder_.descriptor(), name_.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    const std::string made = name_ + std::string(hidden ? unfinished : "");
    file_ = taken ? -1
                  : ::openat(folder_.descriptor(), made.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file_ >= 0) break;
    const int error = taken ? EEXIST : errno;
    if (error == EEXIST && rotates() && repeats < repeats_max) continue;
    fail(error);
    return false;
  }
  ++files_;
  size_ = 0;
  if (options_.rotation_ns != 0) interval_ = first.ns / options_.rotation_ns;
  encoder_.begin(waiting_, wall_clock());
  head_size_ = waiting_.size();
  return true;
}

bool LogFile::is_due(Timestamp time) const {
  if (options_.rotation_size != 0 && size_ + waiting_.size() >= options_.rotation_size) return true;
  return options_.rotation_ns != 0 && time.ns / options_.rotation_ns > interval_;
}

std::string* LogFile::begin_row(Timestamp time) {
  if (error_) return nullptr;
  if (file_ >= 0 && is_due(time)) end();
  if (!error_ && file_ < 0) begin(time);
  return error_ ? nullptr : &waiting_;
}

void LogFile::end_row() {
  row_ends_.push_back(waiting_.size());
  ++rows_;
  if (waiting_.size() >= buffer_size) write_out();
}

void LogFile::write_out() {
  std::size_t written = 0;
  while (written < waiting_.size()) {
    const ssize_t size = ::write(file_, waiting_.data() + written, waiting_.size() - written);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return give_up(written, size < 0 ? errno : ENOSPC);
    written += static_cast<std::size_t>(size);
  }
  forget_waiting(written);
}

void LogFile::forget_waiting(std::size_t written) {
  size_ += written;
  waiting_.clear();
  row_ends_.clear();
  head_size_ = 0;
}

// Cuts the file behind the last row that is whole, and completes it: there is room for an end where part of
// a row had some.
void LogFile::give_up(std::size_t written, int error) {
  const bool again = error_.has_value();
  fail(error);
  if (encoder_.writes_lines()) {
    const auto whole = std::upper_bound(row_ends_.begin(), row_ends_.end(), written);
    rows_ -= static_cast<std::uint64_t>(row_ends_.end() - whole);
    forget_waiting(whole != row_ends_.begin() ? *std::prev(whole) : head_size_ <= written ? head_size_ : 0);
  } else {
    const std::uint64_t before = encoder_.rows();
    const std::uint64_t whole = encoder_.cut(size_ + written);
    rows_ -= before - encoder_.rows();
    forget_waiting(0);
    size_ = whole;
  }
  const bool is_cut = ::ftruncate(file_, static_cast<off_t>(size_)) == 0 &&
                      ::lseek(file_, static_cast<off_t>(size_), SEEK_SET) >= 0;
  if (is_cut && !again) return end();
  ::close(std::exchange(file_, -1));
}

void LogFile::flush() {
  if (file_ >= 0 && encoder_.writes_lines()) write_out();
}

void LogFile::end() {
  encoder_.finish(waiting_, wall_clock());
  write_out();
  if (file_ < 0) return;  // there was no room, and what there is was completed, or cannot be
  if (::close(std::exchange(file_, -1)) != 0) fail(errno);
  if (encoder_.writes_lines()) return;
  const std::string made = name_ + std::string(unfinished);
  if (::renameat2(folder_.descriptor(), made.c_str(), folder_.descriptor(), name_.c_str(),
                  RENAME_NOREPLACE) != 0) {
    fail(errno);
  }
}

void LogFile::reopen() {
  if (file_ < 0 || error_) return;
  end();
  if (!rotates() && !error_) begin({});
}

void LogFile::finish() {
  if (file_ >= 0) end();
}

}  // namespace restitch
