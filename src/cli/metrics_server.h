// MetricsServer: the counters of a run that goes on, for Prometheus to scrape: GET /metrics over HTTP. It
// answers from a thread of its own with the text published last. publish() from any one thread.
#pragma once

#include <memory>
#include <string>

#include "restitch/result.h"

namespace restitch::cli {

class MetricsServer {
 public:
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
  struct Server;
  MetricsServer(std::unique_ptr<Server> server, std::string address);

  std::unique_ptr<Server> server_;
  std::string address_;
};

}  // namespace restitch::cli
