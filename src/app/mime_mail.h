// MimeMail: what is known of a mail besides the bytes of its parts. A value.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace restitch {

struct MimeMail {
  std::vector<std::pair<std::string, std::string>> fields;  // of its header, unfolded
  std::vector<std::string> attachments;  // file names of its parts, those inside of mails too
  std::vector<std::uint64_t> objects;    // ObjectNumbers of its parts
  std::vector<std::string> urls;         // in its text, the first ones
  std::string body_md5;                  // of all behind the header, as it came; in hex
  std::size_t names_size = 0;            // of the attachments
  bool damaged = false;                  // a rule of MIME was broken
};

}  // namespace restitch
