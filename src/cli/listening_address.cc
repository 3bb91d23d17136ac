#include "cli/listening_address.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>

namespace restitch::cli {
namespace {

struct HostAndPort {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};

Result<HostAndPort> parse(const std::string& flag, const std::string& text) {
  HostAndPort out;
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  if (colon != std::string::npos) out.host = text.substr(0, colon);
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']') {
    out.host = out.host.substr(1, out.host.size() - 2);
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || out.host.empty()) {
    return failure(ErrorCode::invalid_argument,
                   flag + ": \"" + text + "\" is not [ADDRESS:]PORT, as in 9191 or 0.0.0.0:9191");
  }
  return out;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage about{};
  socklen_t size = sizeof about;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&about), &size) != 0) return 0;
  const bool v6 = about.ss_family == AF_INET6;
  return ntohs(v6 ? reinterpret_cast<const sockaddr_in6&>(about).sin6_port
                  : reinterpret_cast<const sockaddr_in&>(about).sin_port);
}

// The socket, or -1 with errno. Not SO_REUSEPORT: two runs on one port would answer in turns.
int listener_on(const addrinfo& where) {
  const int socket = ::socket(where.ai_family, where.ai_socktype, where.ai_protocol);
  if (socket < 0) return -1;
  const int yes = 1;
  constexpr int backlog = 16;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(socket, F_SETFL, O_NONBLOCK) == 0 &&
      ::bind(socket, where.ai_addr, where.ai_addrlen) == 0 && ::listen(socket, backlog) == 0) {
    return socket;
  }
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

tl::unexpected<Error> cannot_listen(const std::string& flag, const std::string& address,
                                    const std::string& why) {
  return failure(ErrorCode::io, fmt::format("{}: cannot listen on {}: {}", flag, address, why));
}

}  // namespace

Result<void> check_listening_address(const std::string& flag, const std::string& address) {
  const auto parsed = parse(flag, address);
  if (!parsed) return tl::unexpected(parsed.error());
  return {};
}

Result<Listener> listen_on(const std::string& flag, const std::string& address) {
  const auto parsed = parse(flag, address);
  if (!parsed) return tl::unexpected(parsed.error());
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int unknown =
      ::getaddrinfo(parsed->host.c_str(), std::to_string(parsed->port).c_str(), &hints, &first);
  if (unknown != 0) return cannot_listen(flag, address, ::gai_strerror(unknown));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(first, ::freeaddrinfo);
  int socket = -1;
  for (const addrinfo* one = first; one != nullptr && socket < 0; one = one->ai_next)
    socket = listener_on(*one);
  if (socket < 0 && errno == EADDRINUSE) {
    return cannot_listen(flag, address, "the port is in use; take another one, or 0 for any that is free");
  }
  if (socket < 0) return cannot_listen(flag, address, std::generic_category().message(errno));
  const bool v6 = parsed->host.find(':') != std::string::npos;
  return Listener{socket,
                  fmt::format("{}{}{}:{}", v6 ? "[" : "", parsed->host, v6 ? "]" : "", port_of(socket))};
}

}  // namespace restitch::cli
