#include "cli/privileges.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "restitch/capture_live.h"

namespace restitch::cli {
namespace {

std::string default_user() {
  const char* const caller = std::getenv("SUDO_USER");
  const std::string name = caller == nullptr ? "" : caller;
  return name.empty() || name == "root" ? "nobody" : name;
}

Result<void> give(const OutputFolder& folder, const std::string& name) {
  const passwd* const user = ::getpwnam(name.c_str());
  if (user == nullptr) return failure(ErrorCode::invalid_argument, "no such user: " + name);
  return folder.give_to(user->pw_uid, user->pw_gid);
}

}  // namespace

Result<void> relinquish_privileges(const std::string& user, const OutputFolder* folder) {
  if (user == "root") return {};
  const std::string name = user.empty() ? default_user() : user;
  if (::geteuid() == 0 && folder != nullptr && folder->made()) {
    if (auto given = give(*folder, name); !given) return given;
  }
  return drop_privileges(name);
}

}  // namespace restitch::cli
