#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/wall_clock.h"
#include "output/log_state.h"
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

Result<std::unique_ptr<ConnectionLogFiles>> ConnectionLogFiles::open(OutputFolder folder,
                                                                     const LogFileOptions& options) {
  auto files = std::make_unique<ConnectionLogFiles>(std::move(folder), options);
  if (!files->rotates() && !files->begin({})) return tl::unexpected(*files->error());
  return files;
}

ConnectionLogFiles::ConnectionLogFiles(OutputFolder folder, const LogFileOptions& options)
    : folder_(std::move(folder)), options_(options), writer_(options.log) {}

ConnectionLogFiles::~ConnectionLogFiles() {
  if (file_ >= 0) ::close(file_);
}

void ConnectionLogFiles::fail(int error) {
  if (error_) return;
  const std::string why = error == EEXIST ? "is there already; nothing is overwritten: give another folder"
                                          : ": " + std::generic_category().message(error);
  error_ =
      Error{ErrorCode::io, fmt::format("{}/{}{}{}", folder_.path(), name_, error == EEXIST ? " " : "", why)};
}

bool ConnectionLogFiles::begin(Timestamp first) {
  const std::string_view plain = log_file_name(options_.log.format);
  const bool hidden = !writer_.state_->encoder->writes_lines();
  constexpr unsigned repeats_max = 10'000;
  for (unsigned repeats = 0;; ++repeats) {
    name_ = rotates() ? dated(plain, first, repeats) : std::string(plain);
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
  writer_.begin(waiting_, wall_clock());
  head_size_ = waiting_.size();
  return true;
}

bool ConnectionLogFiles::is_due(Timestamp time) const {
  if (options_.rotation_size != 0 && size_ + waiting_.size() >= options_.rotation_size) return true;
  return options_.rotation_ns != 0 && time.ns / options_.rotation_ns > interval_;
}

void ConnectionLogFiles::add(const ConnectionSummary& summary) {
  if (error_) return;
  const Timestamp time = summary.last_seen();
  if (file_ >= 0 && is_due(time)) end();
  if (!error_ && file_ < 0) begin(time);
  if (error_) return;
  writer_.add(waiting_, summary);
  row_ends_.push_back(waiting_.size());
  ++rows_;
  if (waiting_.size() >= buffer_size) write_out();
}

void ConnectionLogFiles::write_out() {
  std::size_t written = 0;
  while (written < waiting_.size()) {
    const ssize_t size = ::write(file_, waiting_.data() + written, waiting_.size() - written);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return give_up(written, size < 0 ? errno : ENOSPC);
    written += static_cast<std::size_t>(size);
  }
  forget_waiting(written);
}

void ConnectionLogFiles::forget_waiting(std::size_t written) {
  size_ += written;
  waiting_.clear();
  row_ends_.clear();
  head_size_ = 0;
}

// Cuts the file behind the last row that is whole, and completes it: there is room for an end where part of
// a row had some.
void ConnectionLogFiles::give_up(std::size_t written, int error) {
  const bool again = error_.has_value();
  fail(error);
  LogEncoder& encoder = *writer_.state_->encoder;
  if (encoder.writes_lines()) {
    const auto whole = std::upper_bound(row_ends_.begin(), row_ends_.end(), written);
    rows_ -= static_cast<std::uint64_t>(row_ends_.end() - whole);
    forget_waiting(whole != row_ends_.begin() ? *std::prev(whole) : head_size_ <= written ? head_size_ : 0);
  } else {
    const std::uint64_t before = encoder.rows();
    const std::uint64_t whole = encoder.cut(size_ + written);
    rows_ -= before - encoder.rows();
    forget_waiting(0);
    size_ = whole;
  }
  const bool is_cut = ::ftruncate(file_, static_cast<off_t>(size_)) == 0 &&
                      ::lseek(file_, static_cast<off_t>(size_), SEEK_SET) >= 0;
  if (is_cut && !again) return end();
  ::close(std::exchange(file_, -1));
}

void ConnectionLogFiles::flush() {
  if (file_ >= 0 && writer_.state_->encoder->writes_lines()) write_out();
}

void ConnectionLogFiles::end() {
  writer_.finish(waiting_, wall_clock());
  write_out();
  if (file_ < 0) return;  // there was no room, and what there is was completed, or cannot be
  if (::close(std::exchange(file_, -1)) != 0) fail(errno);
  if (writer_.state_->encoder->writes_lines()) return;
  const std::string made = name_ + std::string(unfinished);
  if (::renameat2(folder_.descriptor(), made.c_str(), folder_.descriptor(), name_.c_str(),
                  RENAME_NOREPLACE) != 0) {
    fail(errno);
  }
}

void ConnectionLogFiles::reopen() {
  if (file_ < 0 || error_) return;
  end();
  if (!rotates() && !error_) begin({});
}

void ConnectionLogFiles::finish() {
  if (file_ >= 0) end();
}

}  // namespace restitch
