#include "cli/metrics_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "cli/listening_address.h"

namespace restitch::cli {
namespace {

// How long no client is accepted when there is no descriptor for one.
constexpr int exhausted_ms = 200;

// Signals are for the thread that reads: one that waits there is to be woken by them.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::open(const std::string& address) {
  auto listener = listen_on("--metrics", address);
  if (!listener) return tl::unexpected(listener.error());
  std::unique_ptr<MetricsServer> server(new MetricsServer(listener->socket, std::move(listener->address)));
  if (auto started = server->start(); !started) return tl::unexpected(started.error());
  return server;
}

Result<void> MetricsServer::start() {
  clients_.reserve(clients_max);
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    return failure(ErrorCode::io, "--metrics: " + std::generic_category().message(errno));
  }
  stop_reader_ = ends[0];
  stop_writer_ = ends[1];
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  const SignalsBlocked blocked;
  try {
    thread_ = std::thread([this] { serve(); });
  } catch (const std::system_error& error) {
    return failure(ErrorCode::io, std::string("--metrics: cannot start a thread: ") + error.what());
  }
  return {};
}

MetricsServer::~MetricsServer() {
  if (stop_writer_ >= 0) ::close(stop_writer_);
  if (thread_.joinable()) thread_.join();
  if (stop_reader_ >= 0) ::close(stop_reader_);
  ::close(listener_);
}

void MetricsServer::publish(std::string text) {
  auto shared = std::make_shared<const std::string>(std::move(text));
  const std::lock_guard lock(mutex_);
  text_.swap(shared);
}

MetricsClient::Text MetricsServer::text() {
  const std::lock_guard lock(mutex_);
  return text_;
}

// Without memory for one, its clients go, and the run never hears of it.
void MetricsServer::serve() noexcept {
  for (bool more = true; more;) {
    try {
      more = serve_once();
    } catch (const std::exception&) {
      clients_.clear();
    }
  }
}

// False: the end was asked for.
bool MetricsServer::serve_once() {
  std::array<pollfd, clients_max + 2> waiting{};
  waiting[0] = {stop_reader_, POLLIN, 0};
  waiting[1] = {exhausted_ ? -1 : listener_, POLLIN, 0};
  const std::size_t count = clients_.size();
  for (std::size_t i = 0; i < count; ++i) waiting[i + 2] = {clients_[i].socket(), clients_[i].awaited(), 0};
  if (::poll(waiting.data(), static_cast<nfds_t>(count + 2), wait_ms()) < 0) return true;
  if (waiting[0].revents != 0) return false;
  exhausted_ = false;
  const auto now = MetricsClient::Clock::now();
  std::size_t i = 0;
  std::erase_if(clients_, [&](MetricsClient& client) {
    const bool ready = waiting[i++ + 2].revents != 0;
    return now >= client.deadline() || (ready && !client.go_on(text()));
  });
  if (waiting[1].revents != 0) accept_client();
  return true;
}

int MetricsServer::wait_ms() const {
  if (exhausted_) return exhausted_ms;
  if (clients_.empty()) return -1;
  // The first to come is the first whose time is over.
  const auto left = clients_.front().deadline() - MetricsClient::Clock::now();
  return static_cast<int>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1));
}

void MetricsServer::accept_client() {
  if (clients_.size() == clients_max) clients_.erase(clients_.begin());
  const int socket = ::accept(listener_, nullptr, nullptr);
  if (socket < 0) {
    exhausted_ = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return;
  }
  clients_.emplace_back(socket);
  if (::fcntl(socket, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(socket, F_SETFL, O_NONBLOCK) != 0) {
    clients_.pop_back();
  }
}

}  // namespace restitch::cli
