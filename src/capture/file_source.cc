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
constexpr int look_ms = 100;

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
    if (!may_read()) {
      stopped_ = true;
      return 0;
    }
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

// False: the end was asked for.
bool FileSource::may_read() { return size_ ? !stop_asked() : wait_for_bytes(); }

// False: there are none, and the end was asked for. What is wrong with the descriptor, read(2) says.
bool FileSource::wait_for_bytes() {
  for (;;) {
    const bool stop = stop_asked();
    pollfd waiting{fd_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, stop ? 0 : look_ms);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
    if (stop) return false;
  }
}

}  // namespace restitch
