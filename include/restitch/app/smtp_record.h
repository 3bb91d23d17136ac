// SmtpRecord: one mail transaction. A value.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "restitch/app/origin.h"
#include "restitch/capture_info.h"

namespace RESTITCH_API restitch {

struct SmtpRecord {
  Origin origin;            // of its first command
  Origin end;               // of the reply with which it ended; no time: none came
  std::uint64_t depth = 0;  // which transaction of its connection, from 1
  std::string helo;
  std::string mail_from;
  std::vector<std::string> recipients;
  std::string last_reply;
  bool complete = false;  // the mail was sent to its end
  bool tls = false;       // STARTTLS was agreed
  // Of the mail itself.
  bool has_mail = false;                                    // some of it came
  bool damaged = false;                                     // it has gaps, or breaks rules of MIME
  std::vector<std::pair<std::string, std::string>> fields;  // unfolded
  std::vector<std::string> attachments;                     // file names
  std::vector<std::uint64_t> objects;                       // ObjectNumbers of its parts
  std::vector<std::string> urls;                            // in its text, the first ones
  std::string body_md5;  // of all behind its header, as it came, in hex; empty: there is none
};

}  // namespace restitch
