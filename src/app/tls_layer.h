// The record layer of TLS: what stands before each record, and where one may begin. Pure functions; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "restitch/packet.h"

namespace restitch {

enum class TlsType : std::uint8_t {
  change_cipher = 20,
  alert = 21,
  handshake = 22,
  data = 23,
  heartbeat = 24,
};

struct TlsHeader {
  TlsType type = TlsType::handshake;
  std::uint16_t version = 0;
  std::uint16_t size = 0;  // of what follows

  static constexpr std::size_t bytes = 5;
  // What a record may have: its text, and what ciphers add.
  static constexpr std::size_t size_max = (std::size_t{16} << 10) + 2048;
};

// Nothing: no record begins so. Requires: bytes.size() >= TlsHeader::bytes.
std::optional<TlsHeader> tls_header(Bytes bytes);

// Where, at or behind `from`, a record seems to begin: another one follows it, or the bytes end with it.
// Nothing: there is none; `from` is then where one may still begin, once there are more bytes.
std::optional<std::size_t> find_tls_record(Bytes bytes, std::size_t& from);

}  // namespace restitch
