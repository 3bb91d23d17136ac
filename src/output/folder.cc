#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include "restitch/output_folder.h"

namespace restitch {
namespace {

#ifdef O_PATH
constexpr int to_pass_through = O_PATH;
#else
constexpr int to_pass_through = O_RDONLY;
#endif

tl::unexpected<Error> refusal(const std::string& path, int error) {
  return failure(ErrorCode::io, path + ": " + std::generic_category().message(error));
}

bool is_empty(int folder) {
  const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return false;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(again), ::closedir);
  if (!entries) {
    ::close(again);
    return false;
  }
  while (const dirent* const entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return false;
  }
  return true;
}

// Whether this may be the folder we made a moment ago: whoever may write to the folder above can have moved
// another one in its place.
bool is_just_made(int folder) {
  struct stat about {};
  return ::fstat(folder, &about) == 0 && about.st_uid == ::geteuid() && is_empty(folder);
}

}  // namespace

Result<OutputFolder> OutputFolder::open(const std::string& path) {
  if (path.empty()) return refusal(path, ENOENT);
  std::filesystem::path whole(path);
  if (!whole.has_filename()) whole = whole.parent_path();  // "files/"
  const std::string name = whole.has_filename() ? whole.filename().string() : ".";
  const std::string above_name = whole.has_parent_path() ? whole.parent_path().string() : ".";
  std::error_code ignored;  // what is missing, the next call says
  std::filesystem::create_directories(above_name, ignored);
  const int above = ::open(above_name.c_str(), to_pass_through | O_DIRECTORY | O_CLOEXEC);
  if (above < 0) return refusal(path, errno);
  const bool made = ::mkdirat(above, name.c_str(), 0777) == 0;
  const int trouble = made || errno == EEXIST ? 0 : errno;
  const int links = made ? O_NOFOLLOW : 0;
  const int folder = ::openat(above, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | links);
  const int error = trouble != 0 ? trouble : errno;
  ::close(above);
  if (folder < 0) return refusal(path, error);
  OutputFolder opened(path, folder, made);
  if (made && !is_just_made(folder)) return failure(ErrorCode::io, path + ": was replaced by someone else");
  return opened;
}

OutputFolder::~OutputFolder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> OutputFolder::give_to(uid_t user, gid_t group) const {
  if (::fchown(descriptor_, user, group) != 0) return refusal(path_, errno);
  return {};
}

}  // namespace restitch
