// HttpRecord: a request and its response, of HTTP/1 or HTTP/2. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restitch/app/origin.h"
#include "restitch/capture_info.h"

namespace RESTITCH_API restitch {

using HttpFields = std::vector<std::pair<std::string, std::string>>;  // name, as it came, and value; in order

// One of the two messages of a transaction.
struct HttpMessage {
  bool seen = false;      // its start line, or its HEADERS, came
  bool complete = false;  // its last byte came too
  std::string version;    // "1.1", "2"
  HttpFields fields;      // those of the pseudo-header of HTTP/2 are left out
  HttpFields pseudo;  // they are here: ":method", ":path", …, in order. Of a request that was upgraded to
                      // HTTP/2, those that it would have had.
  HttpFields trailers;
  std::uint64_t head_size = 0;  // of HTTP/1: its start line and fields as they came; 0: not known
  // Of HTTP/2: what stands before the first field of the head: the size that the table of HPACK gets.
  std::optional<std::uint64_t> table_size;
  std::uint64_t body_size = 0;          // decoded, without gaps
  std::uint64_t wire_size = 0;          // of the body as it came, without the framing of chunks
  std::optional<std::uint64_t> object;  // ObjectNumber of its body, if it has one
  std::string file_name;                // of Content-Disposition; empty: none
  Origin origin;                        // of its first byte
  Timestamp begun;                      // when its first and last byte were captured; 0: not known
  Timestamp ended;

  // The first field of that name (in lower case); nullptr: there is none.
  [[nodiscard]] const std::string* field(std::string_view name) const;
};

struct HttpRecord {
  std::uint64_t depth = 0;      // which transaction of its connection, from 1
  std::uint32_t stream_id = 0;  // of HTTP/2; 0 for HTTP/1
  bool pushed = false;          // the server promised it unasked (PUSH_PROMISE); `request` is the promise
  std::optional<std::uint32_t> reset_code;  // of RST_STREAM, which ended the stream
  bool reset_by_client = false;
  HttpMessage request;
  HttpMessage response;
  std::string method;
  std::string uri;     // as it was asked for
  std::string host;    // of the field Host or of :authority, or of an absolute URI; with its port
  std::string scheme;  // of HTTP/2; else empty
  unsigned status = 0;
  std::string reason;
  unsigned info_status = 0;  // of the last interim response (1xx)
  std::string info_reason;
  std::string user;  // of Authorization: Basic
  std::string password;
  bool has_password = false;
};

// What was asked for, with scheme and host, as far as they are known. `layer`: what the bytes came out of
// ("tls" makes it https).
std::string http_url(const HttpRecord& record, std::string_view layer);

// Whether a target of a request has scheme and host of its own.
bool http_is_absolute(std::string_view target);

}  // namespace restitch
