#include "cli/cluster_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

namespace restitch::cli {
namespace {

template <class Number>
bool take_number(const std::string& text, Number least, Number most, Number& number) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) return false;
  number = value;
  return true;
}

// Gives a flag its value. Nothing: it is not one of these.
std::optional<bool> take_value(ClusterArguments& to, std::string_view flag, const std::string& value) {
  if (flag == "--log") return (to.nats.url = value, !value.empty());
  if (flag == "--cluster") return (to.nats.cluster = value, is_cluster_name(value));
  if (flag == "--creds") return (to.nats.credentials = value, !value.empty());
  if (flag == "--tls-ca") return (to.nats.ca = value, !value.empty());
  if (flag == "--tls-cert") return (to.nats.certificate = value, !value.empty());
  if (flag == "--tls-key") return (to.nats.key = value, !value.empty());
  if (flag == "--sensor") return (to.sensors.push_back(value), is_cluster_name(value));
  if (flag == "-o" || flag == "--output") return (to.directory = value, !value.empty());
  if (flag == "--partitions") return take_number(value, 1U, 1024U, to.partitions);
  if (flag == "--replicas") return take_number(value, 1, 5, to.nats.replicas);
  if (flag == "--lease") {
    std::int64_t seconds = 0;
    if (!take_number(value, std::int64_t{1}, std::int64_t{3600}, seconds)) return false;
    to.nats.lease_ms = seconds * 1000;
    return true;
  }
  return std::nullopt;
}

bool take_switch(ClusterArguments& to, std::string_view word) {
  bool* const known = word == "--compress"               ? &to.compress
                      : word == "--anew"                 ? &to.anew
                      : word == "--metrics"              ? &to.metrics
                      : word == "--help" || word == "-h" ? &to.help
                                                         : nullptr;
  if (known != nullptr) *known = true;
  return known != nullptr;
}

}  // namespace

bool is_cluster_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '-' || letter == '_';
         });
}

Result<ClusterArguments> parse_cluster_arguments(const std::vector<std::string>& words) {
  ClusterArguments parsed;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (take_switch(parsed, words[i])) continue;
    const std::size_t equals = words[i].starts_with("--") ? words[i].find('=') : std::string::npos;
    const std::string flag = words[i].substr(0, equals);
    const bool apart = equals == std::string::npos;
    const std::string value = !apart ? words[i].substr(equals + 1) : i + 1 < words.size() ? words[i + 1] : "";
    const auto taken = take_value(parsed, flag, value);
    if (!taken) {
      parsed.rest.push_back(words[i]);
      continue;
    }
    if (!*taken)
      return failure(ErrorCode::invalid_argument, fmt::format("{}: \"{}\" will not do", flag, value));
    if (apart) ++i;
  }
  if (parsed.nats.url.empty() && !parsed.help) {
    return failure(ErrorCode::invalid_argument,
                   "--log is missing: where the broker is, as nats://127.0.0.1:4222");
  }
  return parsed;
}

}  // namespace restitch::cli
