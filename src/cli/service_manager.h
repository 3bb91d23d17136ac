// What a service manager is told of this run (sd_notify(3), systemd's Type=notify): a datagram to the socket
// that $NOTIFY_SOCKET names. Without that variable nobody asked, and nothing is sent. One thread.
#pragma once

#include <string>
#include <string_view>

#include "restitch/result.h"

namespace restitch::cli {

class ServiceManager {
 public:
  // Asks the environment, and takes the variable out of it.
  static ServiceManager of_environment();
  // `address`: of a socket; a path, or behind '@' an abstract name; empty: there is nobody to tell.
  explicit ServiceManager(std::string address) : address_(std::move(address)) {}

  // All that the work needs is open. Error: nobody takes it; one line.
  Result<void> ready();
  // The end has begun. Said once, and only after ready().
  Result<void> stopping();

 private:
  Result<void> tell(std::string_view state) const;

  std::string address_;
  bool is_ready_ = false;
};

}  // namespace restitch::cli
