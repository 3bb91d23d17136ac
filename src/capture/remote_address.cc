#include "capture/remote_address.h"

#include <charconv>
#include <cstdint>

namespace restitch {

namespace {

constexpr std::string_view url = "tcp://";
constexpr std::string_view wireshark = "TCP@";

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

}  // namespace

bool RemoteAddress::recognises(std::string_view name) {
  return name.starts_with(url) || name.starts_with(wireshark);
}

Result<RemoteAddress> RemoteAddress::parse(std::string_view name) {
  const std::string_view prefix = name.starts_with(url) ? url : wireshark;
  std::string_view rest = name.substr(prefix.size());
  if (prefix == url && rest.ends_with('/')) rest.remove_suffix(1);
  RemoteAddress address;
  const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
  const std::size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = rest.substr(0, colon);
  if (bracket != std::string_view::npos && bracket == host.size() - 1) host = host.substr(1, bracket - 1);
  const bool plain = host.find_first_of("[]/@") == std::string_view::npos;
  const bool port = colon == std::string_view::npos || is_port(rest.substr(colon + 1));
  if (host.empty() || !plain || !port) {
    return failure(ErrorCode::invalid_argument,
                   "\"" + std::string(name) + "\" is not tcp://HOST[:PORT], as in tcp://10.0.0.1:57012");
  }
  address.host = host;
  if (colon != std::string_view::npos) address.port = rest.substr(colon + 1);
  return address;
}

}  // namespace restitch
