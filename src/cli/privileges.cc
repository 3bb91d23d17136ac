#include "cli/privileges.h"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "restitch/capture_live.h"

namespace restitch::cli {
namespace {

std::string default_user() {
  const char* const caller = std::getenv("SUDO_USER");
  const std::string name = caller == nullptr ? "" : caller;
  return name.empty() || name == "root" ? "nobody" : name;
}

Result<void> give(const std::filesystem::path& path, const passwd& user) {
  if (::lchown(path.c_str(), user.pw_uid, user.pw_gid) == 0) return {};
  return failure(ErrorCode::io, path.string() + ": " + std::generic_category().message(errno));
}

Result<void> give_folder(const std::string& folder, const std::string& name) {
  const passwd* const user = ::getpwnam(name.c_str());
  if (user == nullptr) return failure(ErrorCode::invalid_argument, "no such user: " + name);
  if (auto given = give(folder, *user); !given) return given;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (auto given = give(entry.path(), *user); !given) return given;
  }
  return {};
}

}  // namespace

Result<void> relinquish_privileges(const std::string& user, const std::string& new_folder) {
  if (user == "root") return {};
  const std::string name = user.empty() ? default_user() : user;
  if (::geteuid() == 0 && !new_folder.empty()) {
    if (auto given = give_folder(new_folder, name); !given) return given;
  }
  return drop_privileges(name);
}

}  // namespace restitch::cli
