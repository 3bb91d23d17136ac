#include "cli/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

namespace restitch::cli {
namespace {

constexpr const char* variable = "NOTIFY_SOCKET";

tl::unexpected<Error> refusal(const std::string& why) {
  return failure(ErrorCode::io, std::string(variable) + ": " + why);
}

}  // namespace

ServiceManager ServiceManager::of_environment() {
  const char* const value = std::getenv(variable);
  ServiceManager manager(value == nullptr ? "" : value);
  ::unsetenv(variable);
  return manager;
}

Result<void> ServiceManager::ready() {
  is_ready_ = true;
  return tell("READY=1");
}

Result<void> ServiceManager::stopping() {
  return std::exchange(is_ready_, false) ? tell("STOPPING=1") : Result<void>();
}

Result<void> ServiceManager::tell(std::string_view state) const {
  if (address_.empty()) return {};
  sockaddr_un target{};
  if (address_.size() >= sizeof target.sun_path || (address_[0] != '/' && address_[0] != '@')) {
    return refusal("\"" + address_ + "\" is no address of a local socket");
  }
  target.sun_family = AF_UNIX;
  std::memcpy(target.sun_path, address_.data(), address_.size());
  if (address_[0] == '@') target.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const ssize_t sent = socket < 0 ? -1
                                  : ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
                                             reinterpret_cast<const sockaddr*>(&target), size);
  const int error = errno;
  if (socket >= 0) ::close(socket);
  if (sent < 0) return refusal(std::generic_category().message(error));
  return {};
}

}  // namespace restitch::cli
