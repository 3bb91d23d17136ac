// LogKind: which logs there are. Values and pure functions; any thread.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

enum class LogKind : std::uint8_t {
  conn,
  http,
  tls,
  certificates,
  files,
  websocket,
  smtp,
  ftp,
  ssh,
  anomalies,
  count_
};

inline constexpr std::size_t log_kind_count = static_cast<std::size_t>(LogKind::count_);
using LogKinds = std::bitset<log_kind_count>;  // by LogKind

// "conn", "http", "tls", "x509", "files", "websocket", "smtp", "ftp", "ssh", "anomaly".
std::string_view to_string(LogKind kind);

// The kind of that name; Zeek's names "ssl" and "weird" are known too.
std::optional<LogKind> log_kind_of(std::string_view name);

}  // namespace restitch
