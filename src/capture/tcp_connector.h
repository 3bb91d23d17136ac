// TcpConnector: one attempt to connect to a RemoteAddress, without waiting longer than it is told. Looking up
// the name waits for the resolver. It owns the socket until it hands it over. One thread at a time.
#pragma once

#include <netdb.h>

#include <memory>
#include <string>

#include "capture/remote_address.h"

namespace restitch {

using HostAddresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

// Asks the resolver, and waits for it. Error: io, one line.
Result<HostAddresses> look_up(const RemoteAddress& address);

class TcpConnector {
 public:
  enum class State { connecting, connected, failed };

  explicit TcpConnector(const RemoteAddress& address);
  ~TcpConnector();
  TcpConnector(const TcpConnector&) = delete;
  TcpConnector& operator=(const TcpConnector&) = delete;

  // Waits up to `ms` for the answer.
  State wait(int ms);
  // One line: why it failed.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  // Requires: wait() answered connected; once. Whoever calls owns the descriptor, which does not block.
  int take_socket();

 private:
  void begin_next();
  void close();

  HostAddresses all_;
  const addrinfo* next_ = nullptr;
  int socket_ = -1;
  std::string failure_;
};

}  // namespace restitch
