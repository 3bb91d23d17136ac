// RemoteAddress: where someone sends packets from, as in tcp://sensor:57012 (pcap-over-IP: a capture through
// a TCP connection). A plain value.
#pragma once

#include <string>
#include <string_view>

#include "restitch/result.h"

namespace restitch {

struct RemoteAddress {
  std::string host;
  std::string port = "57012";  // what senders listen on by habit

  // tcp://HOST[:PORT], or TCP@HOST[:PORT] as Wireshark spells it; IPv6 stands in brackets.
  static bool recognises(std::string_view name);
  // Error: invalid_argument, one line. Requires: recognises(name).
  static Result<RemoteAddress> parse(std::string_view name);
};

}  // namespace restitch
