// MetricsServer: the counters of a run that goes on, for Prometheus to scrape: GET /metrics over HTTP. It
// answers from a thread of its own with the text published last. Whatever its clients do, it takes a few
// descriptors and a bounded piece of memory, and none of its troubles reaches the run. publish() from any one
// thread.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/metrics_client.h"
#include "restitch/result.h"

namespace restitch::cli {

class MetricsServer {
 public:
  // At the same time. When one more comes, the one that has been there longest has to go: clients that say
  // nothing keep nobody out.
  static constexpr std::size_t clients_max = 8;

  // "9100" listens on the loopback address only, "ADDRESS:9100" ("[::1]:9100") there. Port 0: one that is
  // free. Errors: invalid_argument (no address), io (cannot listen).
  static Result<std::unique_ptr<MetricsServer>> open(const std::string& address);

  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  ~MetricsServer();

  void publish(std::string text);

  // "127.0.0.1:9100".
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  MetricsServer(int listener, std::string address) : listener_(listener), address_(std::move(address)) {}

  Result<void> start();
  void serve() noexcept;
  bool serve_once();
  void accept_client();
  [[nodiscard]] int wait_ms() const;
  MetricsClient::Text text();

  int listener_;
  int stop_reader_ = -1;  // the ends of a pipe; the end of its writer is the end of the thread
  int stop_writer_ = -1;
  std::string address_;
  std::mutex mutex_;
  MetricsClient::Text text_ = std::make_shared<const std::string>();  // guarded by mutex_
  std::vector<MetricsClient> clients_;                                // of the thread, oldest first
  bool exhausted_ = false;                                            // no descriptor for one more, lately
  std::thread thread_;
};

}  // namespace restitch::cli
