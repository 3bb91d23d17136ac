#include "cli/metrics_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "cli/metrics_request.h"

namespace restitch::cli {
namespace {

bool is_for_now() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

MetricsClient::MetricsClient(MetricsClient&& other) noexcept : socket_(-1) { *this = std::move(other); }

MetricsClient& MetricsClient::operator=(MetricsClient&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(deadline_, other.deadline_);
  std::swap(request_, other.request_);
  std::swap(head_, other.head_);
  std::swap(body_, other.body_);
  std::swap(sent_, other.sent_);
  std::swap(drained_, other.drained_);
  return *this;
}

MetricsClient::~MetricsClient() {
  if (socket_ >= 0) ::close(socket_);
}

short MetricsClient::awaited() const {
  return !head_.empty() && sent_ < head_.size() + body_->size() ? POLLOUT : POLLIN;
}

bool MetricsClient::go_on(const Text& text) {
  if (head_.empty()) return read(text);
  return awaited() == POLLOUT ? write() : drain();
}

bool MetricsClient::read(const Text& text) {
  std::array<char, request_size_max> piece;
  const ssize_t got = ::recv(socket_, piece.data(), request_size_max - request_.size(), 0);
  if (got < 0) return is_for_now();
  if (got == 0) return false;
  request_.append(piece.data(), static_cast<std::size_t>(got));
  const RequestVerdict verdict = judge_request(request_);
  if (verdict == RequestVerdict::incomplete) return true;
  body_ = verdict == RequestVerdict::good ? text : std::make_shared<const std::string>();
  head_ = response_head(verdict, body_->size());
  return write();
}

bool MetricsClient::write() {
  while (awaited() == POLLOUT) {
    const bool in_head = sent_ < head_.size();
    const std::string_view rest = in_head ? std::string_view(head_).substr(sent_)
                                          : std::string_view(*body_).substr(sent_ - head_.size());
    const ssize_t put = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (put < 0) return is_for_now();
    sent_ += static_cast<std::size_t>(put);
  }
  return ::shutdown(socket_, SHUT_WR) == 0;
}

// Closing with bytes unread would reset the connection, perhaps before the answer arrived. Who sends without
// end gets what he asks for.
bool MetricsClient::drain() {
  constexpr std::size_t drained_max = std::size_t{64} << 10;
  std::array<char, request_size_max> piece;
  const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
  if (got < 0) return is_for_now();
  drained_ += static_cast<std::size_t>(got);
  return got > 0 && drained_ < drained_max;
}

}  // namespace restitch::cli
