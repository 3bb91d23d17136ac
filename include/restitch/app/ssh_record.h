// SshRecord: the two identifications of SSH (RFC 4253), and what was offered. A value.
#pragma once

#include <string>

#include "restitch/app/origin.h"

namespace RESTITCH_API restitch {

struct SshRecord {
  Origin origin;
  std::string client_line;  // "SSH-2.0-OpenSSH_9.2 Debian", without its end
  std::string server_line;
  std::string client_protocol;  // "2.0"
  std::string client_software;
  std::string server_protocol;
  std::string server_software;
  std::string client_hassh;  // MD5 in hex; empty: not known
  std::string client_hassh_text;
  std::string server_hassh;
  std::string server_hassh_text;
  // What both sides can do, and so will (RFC 4253, 7.1); empty: not known.
  std::string key_exchange;
  std::string host_key;
  std::string cipher;  // to the server; the following too
  std::string mac;
  std::string compression;
};

}  // namespace restitch
