#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "restitch/capture_live.h"

#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

namespace restitch {

namespace {

tl::unexpected<Error> refusal(const std::string& what) {
  return failure(ErrorCode::io, what + ": " + std::generic_category().message(errno));
}

Result<void> become(const std::string& user) {
  constexpr std::size_t record_size = 16 << 10;
  passwd about{};
  passwd* found = nullptr;
  std::vector<char> storage(record_size);
  ::getpwnam_r(user.c_str(), &about, storage.data(), storage.size(), &found);
  if (found == nullptr) return failure(ErrorCode::invalid_argument, "no such user: " + user);
  if (about.pw_uid == 0) return failure(ErrorCode::invalid_argument, user + " has every privilege");
  if (::initgroups(user.c_str(), about.pw_gid) != 0) return refusal("cannot take the groups of " + user);
  if (::setgid(about.pw_gid) != 0) return refusal("cannot take the group of " + user);
  if (::setuid(about.pw_uid) != 0) return refusal("cannot become " + user);
  // A kernel that lets us back would make all of this a pretence.
  if (::setuid(0) == 0) return failure(ErrorCode::io, "privileges came back after becoming " + user);
  return {};
}

Result<void> lose_capabilities() {
#ifdef __linux__
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // older kernels have none
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return refusal("cannot give up capabilities");
  // Nor shall a program that we might start have more.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refusal("cannot give up new privileges");
#endif
  return {};
}

}  // namespace

Result<void> drop_privileges(const std::string& user) {
  if (::geteuid() == 0) {
    if (Result<void> changed = become(user); !changed) return changed;
  }
  return lose_capabilities();
}

}  // namespace restitch
