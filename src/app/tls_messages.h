// TlsMessages: puts the handshake messages of one direction together, which may lie in several records, or
// several in one. Holds what is there of a message that is not whole. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "restitch/packet.h"

namespace restitch {

class TlsMessages {
 public:
  struct Message {
    std::uint8_t type = 0;
    Bytes body;  // until the next call
  };
  enum class Next : std::uint8_t { message, none, too_long };

  static constexpr std::size_t size_max = std::size_t{64} << 10;

  // What a record brings. Requires: next() answered `none`.
  void add(Bytes fragment);
  // Takes the next message out of it. `too_long`: that one is left out; once for each.
  Next next(Message& message);
  // Bytes are missing: what is there of a message is forgotten, and what comes begins one only if it looks
  // like it.
  void lose();
  [[nodiscard]] bool empty() const { return partial_.empty() && fragment_.empty() && skip_ == 0; }

 private:
  static constexpr std::size_t header_size = 4;
  static std::size_t body_size(Bytes header) {
    return std::size_t{header[1]} << 16 | std::size_t{header[2]} << 8 | header[3];
  }
  void fill(std::size_t size);
  Next begin(Message& message);

  std::vector<std::uint8_t> partial_;
  Bytes fragment_;
  std::uint32_t skip_ = 0;  // of a message that is too long
  bool taken_ = false;      // partial_ is a message that was handed out
  bool lost_ = false;
};

}  // namespace restitch
