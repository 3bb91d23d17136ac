// LocalSender: a server on the loopback interface for tests of inputs that are connected to. Its port is
// bound from the start; the system completes connections before they are accepted, so one thread can be both
// sides. It owns its sockets.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "unit/capture/capture_builder.h"

namespace restitch::testing {

class LocalSender {
 public:
  LocalSender() {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    server_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(server_, reinterpret_cast<const sockaddr*>(&where), size) != 0 ||
        ::getsockname(server_, reinterpret_cast<sockaddr*>(&where), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(where.sin_port);
  }
  ~LocalSender() {
    close();
    ::close(server_);
  }
  LocalSender(const LocalSender&) = delete;
  LocalSender& operator=(const LocalSender&) = delete;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void listen() const {
    if (::listen(server_, 4) != 0) std::abort();
  }
  // Whether someone waits to be accepted.
  [[nodiscard]] bool is_wanted() const {
    pollfd waiting{server_, POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1;
  }
  void accept() { client_ = ::accept4(server_, nullptr, nullptr, SOCK_CLOEXEC); }
  void send(Bytes bytes) const {
    if (::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      std::abort();
  }
  void send(std::string_view text) const {
    send(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  }
  // In order, with a FIN; or not, with a RST.
  void close() {
    if (client_ >= 0) ::close(std::exchange(client_, -1));
  }
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(client_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

 private:
  int server_ = -1;
  int client_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace restitch::testing
