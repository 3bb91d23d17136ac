// Small pieces of text that the writers share: numbers, times, JSON strings. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "restitch/capture_info.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Two lower-case digits a byte.
void append_hex(std::string& out, Bytes bytes);

// As RFC 4648 has it, in one line, with the padding.
void append_base64(std::string& out, Bytes bytes);

void append_number(std::string& out, std::uint64_t number);

// So many parts of a second as seconds, with all their decimals. Requires: a power of ten of them make one.
void append_seconds(std::string& out, std::int64_t parts, std::uint64_t parts_a_second);

// 0 where the times of hostile packets lie further apart than a number can say.
std::int64_t duration_between(Timestamp first, Timestamp last);

// A moment in UTC as strftime() writes it; at most 63 characters.
std::string utc_date(Timestamp time, const char* format);

// Seconds since 1970 with nine decimals, "null" for a time that is not known.
void append_json_time(std::string& out, Timestamp time);

// In quotes, with what JSON does not allow in a string or would steer a terminal escaped; what is no UTF-8
// becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace restitch
