// SshRecord: the two identifications of SSH (RFC 4253), and what was offered. A value.
#pragma once

#include <string>

#include "restitch/app/origin.h"

namespace RESTITCH_API restitch {

struct SshRecord {
  Origin origin;
  std::string client_protocol;  // "2.0"
  std::string client_software;
  std::string server_protocol;
  std::string server_software;
  std::string client_hassh;  // MD5 in hex; empty: not known
  std::string client_hassh_text;
  std::string server_hassh;
  std::string server_hassh_text;
};

}  // namespace restitch
