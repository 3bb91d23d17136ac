// FtpRecord: a command of FTP with its replies, or what a data connection carried. A value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "restitch/app/origin.h"
#include "restitch/capture_info.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

struct FtpRecord {
  Origin origin;
  std::string user;
  std::string password;
  std::string command;  // upper case; empty: replies that answer none, as the greeting
  std::string argument;
  unsigned code = 0;                 // of the last reply; 0: none came
  std::vector<std::string> codes;    // of all its replies
  std::vector<std::string> replies;  // lines, without code
  bool reply_seen = false;
  bool command_truncated = false;
  bool reply_truncated = false;
  // The data connection that PORT, EPRT, PASV or EPSV asked for.
  bool passive = false;
  bool has_data = false;
  IpAddress data_address;
  std::uint16_t data_port = 0;
  // It is of a data connection itself: the command that it was opened for, and what it carried.
  bool data = false;
  std::uint64_t restart = 0;           // of REST: where in the file it begins
  std::vector<std::uint64_t> objects;  // ObjectNumbers
};

}  // namespace restitch
