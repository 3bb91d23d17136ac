#include "batch/result_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace restitch::batch {
namespace {

Error error_of(const std::string& path, int number) {
  return {ErrorCode::io, fmt::format("{}: {}", path, std::generic_category().message(number))};
}

// So that a name is there after a crash of the machine, too. Not all file systems can; then nothing is lost
// by it.
void sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  (void)::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

Result<ResultFile> ResultFile::create(const std::string& path) {
  std::string part = path + ".part-XXXXXX";
  const int descriptor = ::mkostemp(part.data(), O_CLOEXEC);
  if (descriptor < 0) return tl::unexpected(error_of(path, errno));
  const mode_t mask = ::umask(0);
  ::umask(mask);
  (void)::fchmod(descriptor, 0666 & ~mask);
  return ResultFile(path, std::move(part), descriptor);
}

ResultFile::ResultFile(ResultFile&& other) noexcept
    : path_(std::move(other.path_)),
      part_(std::move(other.part_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)),
      failure_(std::move(other.failure_)) {}

ResultFile::~ResultFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(part_.c_str());
}

void ResultFile::note_failure(int error) {
  if (!failure_) failure_ = error_of(path_, error);
}

void ResultFile::write_out() {
  std::string_view left = buffer_;
  while (!failure_ && !left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno != EINTR) note_failure(errno);
    if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

Result<void> ResultFile::commit() {
  write_out();
  if (!failure_ && ::fsync(descriptor_) != 0) note_failure(errno);
  if (!failure_ && ::rename(part_.c_str(), path_.c_str()) != 0) note_failure(errno);
  if (failure_) return tl::unexpected(*failure_);
  ::close(std::exchange(descriptor_, -1));
  sync_folder_of(path_);
  return {};
}

}  // namespace restitch::batch
