#include "cli/packet_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "cli/interrupt.h"
#include "cli/listening_address.h"
#include "cli/messages.h"

namespace restitch::cli {
namespace {

// How long is waited at once; a signal wakes it.
constexpr int wait_ms = 100;
// What is gathered before it is passed on.
constexpr std::size_t piece_size = std::size_t{64} << 10;
// After an interrupt, what waits is passed on for so long.
constexpr std::chrono::seconds last_words{1};

}  // namespace

Result<std::unique_ptr<PacketServer>> PacketServer::open(const std::string& address, Slowness slowness) {
  auto listener = listen_on("--listen", address);
  if (!listener) return tl::unexpected(listener.error());
  return std::unique_ptr<PacketServer>(
      new PacketServer(listener->socket, std::move(listener->address), slowness));
}

PacketServer::~PacketServer() {
  for (const Client& client : clients_) ::close(client.socket);
  ::close(listener_);
}

void PacketServer::wait_for_client() {
  while (clients_.empty() && !interrupted()) {
    wait(true);
    let_in();
  }
}

void PacketServer::send(const TcpSegment& tcp, const NetFlow& net, const PacketContext& packet) {
  block_.clear();
  file_.append(block_, tcp, net, packet);
  if (block_.empty()) return;
  ++packets_;
  for (auto client = clients_.begin(); client != clients_.end();) {
    client->waiting.insert(client->waiting.end(), block_.begin(), block_.end());
    if (client->left() >= piece_size && !pass_on(*client)) {
      client = clients_.erase(client);
      continue;
    }
    if (client->left() >= waiting_max) relieve(*client);
    client = client->socket < 0 ? clients_.erase(client) : std::next(client);
  }
}

void PacketServer::go_on() {
  let_in();
  for (auto client = clients_.begin(); client != clients_.end();) {
    client = pass_on(*client) ? std::next(client) : clients_.erase(client);
  }
}

void PacketServer::finish() {
  const auto last_words_end = std::chrono::steady_clock::now() + last_words;
  go_on();
  while (anything_waits() && (!interrupted() || std::chrono::steady_clock::now() < last_words_end)) {
    wait(false);
    go_on();
  }
  for (const Client& client : clients_) ::close(client.socket);
  clients_.clear();
}

bool PacketServer::anything_waits() const {
  return std::any_of(clients_.begin(), clients_.end(),
                     [](const Client& client) { return client.left() != 0; });
}

// Until somebody comes, or one that something waits for takes more.
void PacketServer::wait(bool for_clients) {
  std::vector<pollfd> awaited;
  if (for_clients) awaited.push_back({listener_, POLLIN, 0});
  for (const Client& client : clients_) {
    if (client.left() != 0) awaited.push_back({client.socket, POLLOUT, 0});
  }
  ::poll(awaited.data(), awaited.size(), wait_ms);
}

void PacketServer::let_in() {
  int socket;
  while ((socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if (clients_.size() == clients_max) {
      ::close(socket);
      continue;
    }
    Client& client = clients_.emplace_back();
    client.socket = socket;
    file_.append_start(client.waiting);
    ++clients_served_;
  }
}

// False: the client has gone, and its socket is closed.
bool PacketServer::pass_on(Client& client) {
  while (client.left() != 0) {
    const ssize_t sent = ::send(client.socket, client.waiting.data() + client.sent, client.left(),
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (sent < 0) {
      ::close(std::exchange(client.socket, -1));
      return false;
    }
    client.sent += static_cast<std::size_t>(sent);
  }
  // What was sent goes when it is more than half: each byte is moved once at most.
  if (client.sent > client.left()) {
    client.waiting.erase(client.waiting.begin(),
                         client.waiting.begin() + static_cast<std::ptrdiff_t>(client.sent));
    client.sent = 0;
  }
  return true;
}

// Too much waits for this one: it is waited for, or it has to go.
void PacketServer::relieve(Client& client) {
  while (slowness_ == Slowness::waited_for && client.left() >= waiting_max && !interrupted()) {
    wait(false);
    if (!pass_on(client)) return;
  }
  if (client.left() < waiting_max) return;
  ++clients_dropped_;
  ::close(std::exchange(client.socket, -1));
  say(fmt::format("--listen: a client was closed: it is {} bytes behind", client.left()));
}

}  // namespace restitch::cli
