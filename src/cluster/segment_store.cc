#include "restitch/cluster/segment_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace restitch::cluster {
namespace {

class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~OwnedDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OwnedDescriptor(const OwnedDescriptor&) = delete;
  OwnedDescriptor& operator=(const OwnedDescriptor&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(descriptor, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

tl::unexpected<Error> io_failure(const std::string& folder, const std::string& name) {
  return failure(ErrorCode::io, fmt::format("{}/{}: {}", folder, name, std::strerror(errno)));
}

}  // namespace

// Two workers that write the same name at a time must not write into one file.
Result<void> FolderStore::write(const std::string& name, std::string_view text) {
  const std::string part = fmt::format("{}.{}.part", name, ::getpid());
  const int folder = folder_.descriptor();
  constexpr mode_t mode = 0644;
  const OwnedDescriptor file(::openat(folder, part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (file.get() < 0) return io_failure(folder_.path(), part);
  if (!write_all(file.get(), text) || ::fsync(file.get()) != 0) return io_failure(folder_.path(), part);
  if (::renameat(folder, part.c_str(), folder, name.c_str()) != 0 || ::fsync(folder) != 0) {
    return io_failure(folder_.path(), name);
  }
  return {};
}

Result<std::string> FolderStore::read(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return failure(ErrorCode::damaged, name + " is not the name of a segment");
  const OwnedDescriptor file(::openat(folder_.descriptor(), name.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_failure(folder_.path(), name);
  std::string text;
  constexpr std::size_t step = std::size_t{1} << 20;
  for (;;) {
    const std::size_t size = text.size();
    text.resize(size + step);
    const ssize_t got = ::read(file.get(), text.data() + size, step);
    text.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_failure(folder_.path(), name);
    if (got == 0) return text;
  }
}

}  // namespace restitch::cluster
