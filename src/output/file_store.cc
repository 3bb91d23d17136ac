#include "output/file_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace restitch {
namespace {

// Standard streams, the folder, captures, and what the program around us may need: --metrics takes eleven.
constexpr std::size_t descriptors_for_others = 32;

std::string reason_of(int error) { return std::generic_category().message(error); }

std::size_t open_files_allowed() {
  constexpr std::size_t sensible = 4096;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return sensible;
  const auto allowed = static_cast<std::size_t>(limit.rlim_cur);
  return std::clamp<std::size_t>(allowed, descriptors_for_others + 1, sensible + descriptors_for_others) -
         descriptors_for_others;
}

}  // namespace

FileStore::FileStore(OutputFolder folder, const FileLimits& limits)
    : folder_(std::move(folder)), limits_(limits) {
  if (limits_.open_files_max == 0) limits_.open_files_max = open_files_allowed();
}

FileStore::~FileStore() { evict_until(0); }

// ---- names -----------------------------------------------------------------------------------------

// The folder that the last part of the name lies in; made, if need be. A link in its place is refused.
int FileStore::open_folder_of(const std::string& name, std::string_view& last_part) {
  int folder = folder_.descriptor();
  std::size_t begin = 0;
  for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', begin)) {
    const std::string part = name.substr(begin, slash - begin);
    begin = slash + 1;
    int below = -1;
    if (::mkdirat(folder, part.c_str(), 0777) == 0 || errno == EEXIST) {
      below = ::openat(folder, part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    const int error = errno;
    if (folder != folder_.descriptor()) ::close(folder);
    folder = below;
    errno = error;
    if (folder < 0) return -1;
  }
  last_part = std::string_view(name).substr(begin);
  return folder;
}

int FileStore::open_below(const std::string& name, int flags) {
  for (;;) {
    std::string_view last_part;
    const int folder = open_folder_of(name, last_part);
    // `last_part` ends where `name` does, so it ends with a zero byte.
    const int fd = folder < 0 ? -1
                              : ::openat(folder, last_part.data(),
                                         flags | O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0666);
    const int error = errno;
    if (folder >= 0 && folder != folder_.descriptor()) ::close(folder);
    errno = error;
    if (fd >= 0) return fd;
    // The process has fewer descriptors left than its limit says.
    const bool exhausted = error == EMFILE || error == ENFILE;
    if (!(exhausted && !slots_.empty()) && error != EINTR) return -1;
    if (exhausted) evict_until(slots_.size() - 1);
  }
}

std::optional<FileStore::Id> FileStore::create(const std::string& name) {
  if (error_) return std::nullopt;
  evict_until(limits_.open_files_max - 1);
  const int fd = open_below(name, O_CREAT | O_EXCL);
  if (fd < 0) {
    if (errno != EEXIST) fail(name, errno);
    return std::nullopt;
  }
  Id id = static_cast<Id>(files_.size());
  if (unused_.empty()) {
    files_.emplace_back();
  } else {
    id = unused_.back();
    unused_.pop_back();
  }
  files_[id].name = name;
  occupy(id, fd);
  return id;
}

// ---- few open files --------------------------------------------------------------------------------

// What has the name now must be the file we made: someone may have put another one in its place.
bool FileStore::reopen(Id id) {
  evict_until(limits_.open_files_max - 1);
  const File& file = files_[id];
  const int fd = open_below(file.name, O_NONBLOCK);
  if (fd < 0) {
    fail(file.name, errno);
    return false;
  }
  struct stat about {};
  if (::fstat(fd, &about) != 0 || about.st_dev != file.device || about.st_ino != file.inode) {
    ::close(fd);
    fail(file.name, "was replaced by someone else");
    return false;
  }
  occupy(id, fd);
  return true;
}

void FileStore::occupy(Id id, int fd) {
  slots_.push_front({fd, id, files_[id].end, {}});
  files_[id].slot = slots_.begin();
}

// Notes which file it is, for reopen(): most files are closed before that and never asked.
void FileStore::evict_until(std::size_t open_max) {
  while (slots_.size() > open_max) {
    const auto idlest = std::prev(slots_.end());
    File& file = files_[idlest->owner];
    struct stat about {};
    if (::fstat(idlest->fd, &about) != 0) fail(file.name, errno);
    file.device = about.st_dev;
    file.inode = about.st_ino;
    release(idlest);
  }
}

void FileStore::release(Slots::iterator slot) {
  free_buffer(*slot);
  const Id owner = slot->owner;
  if (files_[owner].time.ns != 0) set_time(slot->fd, files_[owner].time);
  if (::close(slot->fd) != 0 && errno != EINTR) fail(files_[owner].name, errno);
  files_[owner].slot.reset();
  slots_.erase(slot);
}

// A file system that has no room for the time leaves that of writing.
void FileStore::set_time(int fd, Timestamp time) {
  constexpr std::int64_t second = 1'000'000'000;
  std::int64_t whole = time.ns / second;
  std::int64_t rest = time.ns % second;
  if (rest < 0) {
    --whole;
    rest += second;
  }
  const std::array<timespec, 2> times = {
      {{0, UTIME_OMIT}, {static_cast<time_t>(whole), static_cast<long>(rest)}}};
  (void)::futimens(fd, times.data());
}

// ---- writing ---------------------------------------------------------------------------------------

void FileStore::append(Id id, Bytes bytes, Timestamp time) {
  if (error_ || bytes.empty()) return;
  File& file = files_[id];
  file.time = time;
  if (!file.slot && !reopen(id)) return;
  slots_.splice(slots_.begin(), slots_, *file.slot);
  Slot& slot = slots_.front();
  const bool continues = slot.offset + slot.buffer.size() == file.end;
  if (!continues || slot.buffer.size() + bytes.size() > limits_.buffer_size) write_out(slot);
  if (slot.buffer.empty()) slot.offset = file.end;
  if (make_room(slot, bytes.size())) {
    slot.buffer.insert(slot.buffer.end(), bytes.begin(), bytes.end());
  } else {
    write_out(slot);
    write_at(slot, file.end, bytes);
    slot.offset = file.end + bytes.size();
  }
  file.end += bytes.size();
}

// Lets the buffer grow so that so much more fits. Where all may not take more, all are written out: that
// comes once for as many bytes as they take. False: it may never become so large.
bool FileStore::make_room(Slot& slot, std::size_t size) {
  const auto growth = [&] {
    const std::size_t wanted = slot.buffer.size() + size;
    if (wanted <= slot.buffer.capacity()) return std::size_t{0};
    return std::min(std::max(wanted, 2 * slot.buffer.capacity()), limits_.buffer_size) -
           slot.buffer.capacity();
  };
  if (size > limits_.buffer_size) return false;
  if (buffered_ + growth() > limits_.buffered_max) {
    for (Slot& other : slots_) free_buffer(other);
    slot.offset = files_[slot.owner].end;
  }
  const std::size_t more = growth();
  if (buffered_ + more > limits_.buffered_max) return false;
  if (more != 0) slot.buffer.reserve(slot.buffer.capacity() + more);
  buffered_ += more;
  return true;
}

void FileStore::skip(Id id, std::uint64_t size) { files_[id].end += size; }

void FileStore::flush(Id id) {
  if (files_[id].slot) write_out(**files_[id].slot);
}

void FileStore::flush_all() {
  for (Slot& slot : slots_) write_out(slot);
}

void FileStore::close(Id id) {
  if (files_[id].slot) release(*files_[id].slot);
  files_[id] = {};
  unused_.push_back(id);
}

void FileStore::write_out(Slot& slot) {
  if (!slot.buffer.empty() && !error_) write_at(slot, slot.offset, slot.buffer);
  slot.offset += slot.buffer.size();
  slot.buffer.clear();
}

void FileStore::free_buffer(Slot& slot) {
  write_out(slot);
  buffered_ -= slot.buffer.capacity();
  slot.buffer = std::vector<std::uint8_t>();  // with its capacity, which = {} would keep
}

bool FileStore::write_at(Slot& slot, std::uint64_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(slot.fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      fail(files_[slot.owner].name, errno);
      return false;
    }
    offset += static_cast<std::uint64_t>(written);
    files_[slot.owner].written += static_cast<std::uint64_t>(written);
    written_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

void FileStore::fail(std::string_view name, std::string_view reason) {
  if (!error_) error_ = Error{ErrorCode::io, fmt::format("{}/{}: {}", folder_.path(), name, reason)};
}

void FileStore::fail(std::string_view name, int error) {
  if (error == ELOOP || error == ENOTDIR) {
    fail(name, "a symbolic link or a file stands where a folder should be");
  } else {
    fail(name, reason_of(error));
  }
}

}  // namespace restitch
