#include "restitch/app/log_kind.h"

#include <algorithm>
#include <array>

namespace restitch {
namespace {

constexpr std::array<std::string_view, log_kind_count> log_kind_names = {
    "conn", "http", "tls", "x509", "files", "websocket", "smtp", "ftp", "ssh", "anomaly"};

}  // namespace

std::string_view to_string(LogKind kind) { return log_kind_names[static_cast<std::size_t>(kind)]; }

std::optional<LogKind> log_kind_of(std::string_view name) {
  if (name == "ssl") return LogKind::tls;
  if (name == "weird") return LogKind::anomalies;
  const auto found = std::find(log_kind_names.begin(), log_kind_names.end(), name);
  if (found == log_kind_names.end()) return std::nullopt;
  return static_cast<LogKind>(found - log_kind_names.begin());
}

}  // namespace restitch
