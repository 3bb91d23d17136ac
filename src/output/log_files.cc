#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

#include "output/log_state.h"

namespace restitch {
namespace {

constexpr std::size_t buffer_size = std::size_t{64} << 10;

Timestamp now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return {std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

// conn.log -> conn.2026-11-30-08-00-00.log, and conn.2026-11-30-08-00-00-1.log where that is taken.
std::string dated(std::string_view name, Timestamp time, unsigned repeats) {
  const auto seconds = static_cast<time_t>(time.ns / 1'000'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> date{};
  date[std::strftime(date.data(), date.size(), "%Y-%m-%d-%H-%M-%S", &parts)] = '\0';
  const std::size_t dot = name.find('.');
  const std::string number = repeats == 0 ? std::string() : fmt::format("-{}", repeats);
  return fmt::format("{}.{}{}{}", name.substr(0, dot), date.data(), number, name.substr(dot));
}

constexpr std::string_view unfinished = ".part";

}  // namespace

Result<std::unique_ptr<ConnectionLogFiles>> ConnectionLogFiles::open(OutputFolder folder,
                                                                     const LogFileOptions& options) {
  auto files = std::make_unique<ConnectionLogFiles>(std::move(folder), options);
  const bool rotates = options.rotation_ns != 0 || options.rotation_size != 0;
  if (!rotates && !files->begin({})) return tl::unexpected(*files->error());
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
  const bool rotates = options_.rotation_ns != 0 || options_.rotation_size != 0;
  const bool hidden = !writer_.state_->encoder->writes_lines();
  constexpr unsigned repeats_max = 10'000;
  for (unsigned repeats = 0;; ++repeats) {
    name_ = rotates ? dated(plain, first, repeats) : std::string(plain);
    const bool taken =
        hidden && ::faccessat(folder_.descriptor(), name_.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    const std::string made = name_ + std::string(hidden ? unfinished : "");
    file_ = taken ? -1
                  : ::openat(folder_.descriptor(), made.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file_ >= 0) break;
    const int error = taken ? EEXIST : errno;
    if (error == EEXIST && rotates && repeats < repeats_max) continue;
    fail(error);
    return false;
  }
  ++files_;
  size_ = 0;
  file_rows_ = 0;
  if (options_.rotation_ns != 0) interval_ = first.ns / options_.rotation_ns;
  writer_.begin(waiting_, now());
  return true;
}

bool ConnectionLogFiles::is_due(Timestamp time) const {
  if (options_.rotation_size != 0 && size_ + waiting_.size() >= options_.rotation_size && file_rows_ != 0)
    return true;
  return options_.rotation_ns != 0 && time.ns / options_.rotation_ns > interval_;
}

void ConnectionLogFiles::add(const ConnectionSummary& summary) {
  if (error_) return;
  const Timestamp time = summary.last_seen();
  if (file_ >= 0 && is_due(time)) end();
  if (!error_ && file_ < 0) begin(time);
  if (error_) return;
  writer_.add(waiting_, summary);
  ++file_rows_;
  ++rows_;
  if (waiting_.size() >= buffer_size) write_out();
}

void ConnectionLogFiles::write_out() {
  std::size_t written = 0;
  while (written < waiting_.size() && file_ >= 0) {
    const ssize_t size = ::write(file_, waiting_.data() + written, waiting_.size() - written);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return give_up(written, size < 0 ? errno : ENOSPC);
    written += static_cast<std::size_t>(size);
  }
  size_ += waiting_.size();
  waiting_.clear();
}

// Cuts the file behind the last row that is whole, and completes it: there is room for an end where part of
// a row had some.
void ConnectionLogFiles::give_up(std::size_t written, int error) {
  fail(error);
  LogEncoder& encoder = *writer_.state_->encoder;
  std::uint64_t rows_lost = 0;
  if (encoder.writes_lines()) {
    const std::size_t line_end = waiting_.rfind('\n', written == 0 ? 0 : written - 1);
    const std::size_t kept = written == 0 || line_end == std::string::npos ? 0 : line_end + 1;
    rows_lost = static_cast<std::uint64_t>(
        std::count(waiting_.begin() + static_cast<std::ptrdiff_t>(kept), waiting_.end(), '\n'));
    size_ += kept;
  } else {
    const std::uint64_t before = encoder.rows();
    size_ = encoder.cut(size_ + written);
    rows_lost = before - encoder.rows();
  }
  rows_ -= std::min(rows_, rows_lost);
  waiting_.clear();
  const bool is_cut = ::ftruncate(file_, static_cast<off_t>(size_)) == 0 &&
                      ::lseek(file_, static_cast<off_t>(size_), SEEK_SET) >= 0;
  if (is_cut) return end();
  ::close(std::exchange(file_, -1));
}

void ConnectionLogFiles::flush() {
  if (file_ >= 0 && !error_ && writer_.state_->encoder->writes_lines()) write_out();
}

void ConnectionLogFiles::end() {
  writer_.finish(waiting_, now());
  std::string_view rest = waiting_;
  bool whole = true;
  while (!rest.empty() && whole) {
    const ssize_t size = ::write(file_, rest.data(), rest.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      fail(size < 0 ? errno : ENOSPC);
      whole = false;
    } else {
      rest.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  waiting_.clear();
  if (::close(std::exchange(file_, -1)) != 0) fail(errno);
  if (writer_.state_->encoder->writes_lines() || !whole) return;
  const std::string made = name_ + std::string(unfinished);
  if (::renameat2(folder_.descriptor(), made.c_str(), folder_.descriptor(), name_.c_str(),
                  RENAME_NOREPLACE) != 0) {
    fail(errno);
  }
}

void ConnectionLogFiles::reopen() {
  if (file_ < 0 || error_) return;
  end();
  const bool rotates = options_.rotation_ns != 0 || options_.rotation_size != 0;
  if (!rotates && !error_) begin({});
}

void ConnectionLogFiles::finish() {
  if (file_ >= 0) end();
}

}  // namespace restitch
