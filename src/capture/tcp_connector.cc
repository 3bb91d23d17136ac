#include "capture/tcp_connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace restitch {

namespace {

std::string reason(int error) { return std::generic_category().message(error); }

// A sender that vanished without a word is noticed after two minutes.
void keep_alive(int socket) {
  const int yes = 1;
  const int idle_s = 60;
  const int interval_s = 20;
  const int probes = 3;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

}  // namespace

Result<HostAddresses> look_up(const RemoteAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* first = nullptr;
  const int unknown = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &first);
  if (unknown != 0) return failure(ErrorCode::io, ::gai_strerror(unknown));
  return HostAddresses(first, ::freeaddrinfo);
}

TcpConnector::TcpConnector(const RemoteAddress& address) : all_(nullptr, ::freeaddrinfo) {
  auto found = look_up(address);
  if (!found) {
    failure_ = found.error().message;
    return;
  }
  all_ = std::move(*found);
  next_ = all_.get();
  begin_next();
}

TcpConnector::~TcpConnector() { close(); }

void TcpConnector::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

// Begins with the next address; with none left, failure() is that of the last one.
void TcpConnector::begin_next() {
  close();
  while (next_ != nullptr && socket_ < 0) {
    const addrinfo& one = *std::exchange(next_, next_->ai_next);
    socket_ = ::socket(one.ai_family, one.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, one.ai_protocol);
    if (socket_ >= 0) {
      keep_alive(socket_);
      if (::connect(socket_, one.ai_addr, one.ai_addrlen) == 0 || errno == EINPROGRESS) return;
    }
    failure_ = reason(errno);
    close();
  }
}

TcpConnector::State TcpConnector::wait(int ms) {
  while (socket_ >= 0) {
    pollfd waiting{socket_, POLLOUT, 0};
    if (::poll(&waiting, 1, ms) <= 0) return State::connecting;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) return State::connected;
    failure_ = reason(error);
    begin_next();
  }
  return State::failed;
}

int TcpConnector::take_socket() { return std::exchange(socket_, -1); }

}  // namespace restitch
