// AnomalyRecord: bytes that break a protocol's rules, or that two programs may read in two ways. A value.
#pragma once

#include <string>
#include <string_view>

#include "restitch/app/origin.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

struct AnomalyRecord {
  std::string_view what;  // a constant: "http_two_lengths", "tls_bad_record", …
  TcpFlowDirection direction = TcpFlowDirection::client_to_server;
  Origin origin;       // of the first byte that is meant
  std::string detail;  // such as both readings; may be empty
};

}  // namespace restitch
