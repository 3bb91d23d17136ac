#include "capture/follow_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>

namespace restitch {

namespace {

// read(2) transfers no more than this at once on Linux.
constexpr std::size_t read_size_max = 0x7ffff000;

}  // namespace

bool FollowState::timed_out() const {
  return options.idle_timeout_ns > 0 &&
         std::chrono::steady_clock::now() - last_news >= std::chrono::nanoseconds(options.idle_timeout_ns);
}

FollowSource::~FollowSource() { ::close(fd_); }

std::size_t FollowSource::read(std::uint8_t* to, std::size_t size) {
  const auto patience_end = std::chrono::steady_clock::now() + patience_;
  idle_ = false;
  for (;;) {
    // Asked before the read, not after it: what was written before the flag was set is still read.
    const bool stop = state_.stop_asked();
    const bool last = stop || state_.sealed || state_.timed_out();
    const std::size_t got = read_once(to, size);
    if (got > 0 || !failure_.empty()) return got;
    if (shrank()) return 0;
    if (last) {
      stopped_ = stop;
      return 0;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= patience_end) {
      idle_ = true;
      return 0;
    }
    std::this_thread::sleep_for(
        std::min<std::chrono::steady_clock::duration>(follow_poll, patience_end - now));
  }
}

std::size_t FollowSource::read_once(std::uint8_t* to, std::size_t size) {
  ssize_t got;
  do {
    got = ::read(fd_, to, std::min(size, read_size_max));
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    failure_ = "cannot read: " + std::generic_category().message(errno);
    return 0;
  }
  if (got > 0) state_.last_news = std::chrono::steady_clock::now();
  bytes_read_ += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

// Whoever cuts a file short while we read it has begun a new one in its place; what follows is not the
// continuation of what we have.
bool FollowSource::shrank() {
  struct stat about {};
  if (::fstat(fd_, &about) != 0 || static_cast<std::uint64_t>(about.st_size) >= bytes_read_) return false;
  failure_ = "the file became shorter while it was read";
  return true;
}

}  // namespace restitch
