// Where a server of this command listens: "9191", "0.0.0.0:9191", "[::1]:0".
#pragma once

#include <string>

#include "restitch/result.h"

namespace restitch::cli {

struct Listener {
  int socket = -1;      // listens, does not block; whoever calls owns it
  std::string address;  // "127.0.0.1:9100"
};

// Whether it is an address at all; `flag`, as in "--metrics", stands in front of what is said. Error:
// invalid_argument, one line.
Result<void> check_listening_address(const std::string& flag, const std::string& address);

// A port alone listens on the loopback address only. Port 0: one that is free. Errors: invalid_argument, io.
Result<Listener> listen_on(const std::string& flag, const std::string& address);

}  // namespace restitch::cli
