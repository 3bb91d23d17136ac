// Http2SettingsRecord: what one side of HTTP/2 asks of the other (RFC 9113, 6.5), in a frame SETTINGS, or, of
// the client, in the field HTTP2-Settings of the request that upgraded. A value.
#pragma once

#include <cstdint>
#include <vector>

#include "restitch/app/origin.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

struct Http2Setting {
  std::uint16_t id = 0;
  std::uint32_t value = 0;
};

struct Http2SettingsRecord {
  TcpFlowDirection direction = TcpFlowDirection::client_to_server;
  bool upgrade = false;                // in the field HTTP2-Settings
  std::vector<Http2Setting> settings;  // in order, at most 32
  Origin origin;
};

}  // namespace restitch
