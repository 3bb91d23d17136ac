// MetricsClient: one connection to MetricsServer, from its request to its end, in bounded memory and time.
// Owns the socket, which never blocks. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace restitch::cli {

class MetricsClient {
 public:
  using Clock = std::chrono::steady_clock;
  using Text = std::shared_ptr<const std::string>;

  // From the first byte to the last.
  static constexpr std::chrono::seconds patience{5};

  explicit MetricsClient(int socket) : socket_(socket) {}
  MetricsClient(MetricsClient&& other) noexcept;
  MetricsClient& operator=(MetricsClient&& other) noexcept;
  MetricsClient(const MetricsClient&) = delete;
  MetricsClient& operator=(const MetricsClient&) = delete;
  ~MetricsClient();

  // Reads or writes what can be now; a good request is answered with `text`. False: that was all.
  bool go_on(const Text& text);

  [[nodiscard]] int socket() const { return socket_; }
  // What it waits for: POLLIN or POLLOUT.
  [[nodiscard]] short awaited() const;
  [[nodiscard]] Clock::time_point deadline() const { return deadline_; }

 private:
  bool read(const Text& text);
  bool write();
  bool drain();

  int socket_;
  Clock::time_point deadline_ = Clock::now() + patience;
  std::string request_;
  std::string head_;
  Text body_;
  std::size_t sent_ = 0;     // of head and body
  std::size_t drained_ = 0;  // behind the request
};

}  // namespace restitch::cli
