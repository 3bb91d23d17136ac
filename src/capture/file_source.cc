#include "capture/file_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace restitch {

namespace {

// read(2) transfers no more than this at once on Linux.
constexpr std::size_t read_size_max = 0x7ffff000;

std::string reason(int error) { return std::generic_category().message(error); }

// How often a silent pipe looks at the flag; a signal wakes it at once.
constexpr std::chrono::milliseconds look_interval{100};

// Whoever feeds a pipe may have been told to end by the same key, and still hands over what it had. So after
// that a pipe is read on until it says nothing for so long, and in all no longer than this.
constexpr std::chrono::milliseconds last_words{100};
constexpr std::chrono::milliseconds last_words_in_all{1000};

}  // namespace

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path, StopFlag stop) {
  const bool standard_input = path == "-";
  const int fd = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return restitch::failure(ErrorCode::io, path + ": " + reason(errno));
  auto source = std::make_unique<FileSource>(fd, !standard_input, stop);
  struct stat about {};
  if (::fstat(fd, &about) != 0) return restitch::failure(ErrorCode::io, path + ": " + reason(errno));
  if (S_ISDIR(about.st_mode)) return restitch::failure(ErrorCode::io, path + ": " + reason(EISDIR));
  if (S_ISREG(about.st_mode)) {
    source->size_ = static_cast<std::uint64_t>(about.st_size);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return source;
}

FileSource::~FileSource() {
  if (owned_) ::close(fd_);
}

std::size_t FileSource::read(std::uint8_t* to, std::size_t size) {
  for (;;) {
    const Wait waited = wait();
    idle_ = waited == Wait::nothing;
    stopped_ = waited == Wait::stopped;
    if (waited != Wait::bytes) return 0;
    const ssize_t got = ::read(fd_, to, std::min(size, read_size_max));
    if (got >= 0) {
      // Whoever writes may have been told to end by the same key: that this was all, nobody knows.
      if (got == 0 && !size_) stopped_ = stop_asked();
      bytes_read_ += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      failure_ = "cannot read: " + reason(errno);
      return 0;
    }
  }
}

FileSource::Wait FileSource::wait() {
  if (!size_) return wait_for_pipe();
  return stop_asked() ? Wait::stopped : Wait::bytes;
}

// What is wrong with the descriptor, read(2) says.
FileSource::Wait FileSource::wait_for_pipe() {
  const Clock::time_point begin = Clock::now();
  for (;;) {
    const bool stop = stop_asked();
    const Clock::time_point now = Clock::now();
    if (stop && !stop_seen_) stop_seen_ = now;
    if (stop && now - *stop_seen_ >= last_words_in_all) return Wait::stopped;
    std::chrono::milliseconds longest = stop ? last_words : look_interval;
    if (!stop && patience_) longest = std::min(longest, *patience_);
    pollfd waiting{fd_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(longest.count()));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return Wait::bytes;
    if (stop) return Wait::stopped;
    if (patience_ && !stop_asked() && Clock::now() - begin >= *patience_) return Wait::nothing;
  }
}

}  // namespace restitch
