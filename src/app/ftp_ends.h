// The end points that FTP names: PORT and 227 (RFC 959), EPRT and 229 (RFC 2428). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "restitch/packet.h"

namespace restitch {

struct FtpEnd {
  std::optional<IpAddress> address;  // nothing: that of the control connection
  std::uint16_t port = 0;
};

// "192,0,2,1,4,1", anywhere in the text: the argument of PORT, or the text of 227.
std::optional<FtpEnd> ftp_comma_end(std::string_view text);
// "|1|192.0.2.1|1025|" or "|||1025|", anywhere in the text: the argument of EPRT, or the text of 229.
std::optional<FtpEnd> ftp_bar_end(std::string_view text);

}  // namespace restitch
