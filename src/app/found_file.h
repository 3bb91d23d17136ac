// FoundFile: an object that was found in a connection, as a row of the log of files tells it. A value.
#pragma once

#include <string>

#include "restitch/app/findings.h"

namespace restitch {

struct FoundFile {
  ObjectNumber number = 0;
  ObjectHead head;
  ObjectEnd end;
  std::string id;  // "F" and 17 letters and digits
  std::string layer;
  std::string type;  // by its first bytes: "image/png"; empty: not known
  Timestamp first_seen;
  Timestamp last_seen;
  std::uint64_t size = 0;  // bytes that were seen
  std::string md5;         // in hex; empty: not made
  std::string sha1;
  std::string sha256;
  const HttpRecord* http = nullptr;  // whose body it is
  const SmtpRecord* smtp = nullptr;  // whose part it is
};

}  // namespace restitch
