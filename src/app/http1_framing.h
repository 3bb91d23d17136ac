// Where the body of a message of HTTP/1 ends, by its head (RFC 9112, 6.3), and which heads say it in two
// ways: those are attacks, for two programs on the way may each believe another one. Pure functions; any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "app/http1_head.h"

namespace restitch::http1 {

struct Framing {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };

  Kind kind = Kind::none;
  std::uint64_t length = 0;
  // The head does not decide: the body is chunked if its first line is the size of a chunk, else `otherwise`.
  bool chunked_if_it_looks_so = false;
  // There may be none, but the head declares one: what follows is a body unless it begins a message.
  bool none_if_a_message_follows = false;
  Kind otherwise = Kind::none;
};

// Both add what is odd to `head`.
Framing frame_request(Head& head);
// `method`: of the request; empty: not known.
Framing frame_response(Head& head, std::string_view method);

// Whether a body begins with the size of a chunk.
enum class LooksChunked : std::uint8_t { no, perhaps, yes };
LooksChunked looks_chunked(std::string_view text);

}  // namespace restitch::http1
