// Where MetricsServer listens.
#pragma once

#include <string>

#include "restitch/result.h"

namespace restitch::cli {

struct MetricsListener {
  int socket = -1;      // listens, does not block; whoever calls owns it
  std::string address;  // "127.0.0.1:9100"
};

// Whether it is an address at all. Error: invalid_argument, one line.
Result<void> check_metrics_address(const std::string& address);

// As MetricsServer::open() has it.
Result<MetricsListener> listen_for_metrics(const std::string& address);

}  // namespace restitch::cli
