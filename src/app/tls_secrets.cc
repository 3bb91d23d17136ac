#include "restitch/app/tls_secrets.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "app/ascii.h"

namespace restitch {
namespace {

std::optional<TlsSecretKind> secret_kind(std::string_view label) {
  constexpr std::pair<std::string_view, TlsSecretKind> kinds[] = {
      {"CLIENT_RANDOM", TlsSecretKind::master},
      {"CLIENT_EARLY_TRAFFIC_SECRET", TlsSecretKind::client_early},
      {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", TlsSecretKind::client_handshake},
      {"SERVER_HANDSHAKE_TRAFFIC_SECRET", TlsSecretKind::server_handshake},
      {"CLIENT_TRAFFIC_SECRET_0", TlsSecretKind::client_traffic},
      {"SERVER_TRAFFIC_SECRET_0", TlsSecretKind::server_traffic},
  };
  for (const auto& [name, kind] : kinds) {
    if (name == label) return kind;
  }
  return std::nullopt;
}

// How many bytes the digits make; 0: they are none, or too many.
template <std::size_t Size>
std::size_t bytes_of_hex(std::string_view digits, std::array<std::uint8_t, Size>& bytes) {
  if (digits.size() % 2 != 0 || digits.size() / 2 > Size) return 0;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = ascii::hex_value(digits[i]);
    const int low = ascii::hex_value(digits[i + 1]);
    if (high < 0 || low < 0) return 0;
    bytes[i / 2] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digits.size() / 2;
}

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::size_t TlsSecrets::Hash::operator()(const Random& random) const {
  std::size_t hash = 0;
  std::memcpy(&hash, random.data() + 8, sizeof(hash));
  return hash;
}

std::size_t TlsSecrets::add_lines(std::string_view text) {
  std::size_t learned = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    // What is longer than any line that matters is not kept.
    if (rest_.size() <= line_max) rest_ += part.substr(0, line_max + 1);
    learned += add_line(rest_) ? 1U : 0U;
    if (end == std::string_view::npos) break;
    rest_.clear();
  }
  return learned;
}

std::size_t TlsSecrets::add_whole_lines(std::string_view text) {
  std::size_t learned = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    learned += add_line(line) ? 1U : 0U;
  }
  return learned;
}

bool TlsSecrets::add_line(std::string_view line) {
  if (line.size() > line_max) return false;
  const std::optional<TlsSecretKind> kind = secret_kind(take_word(line));
  if (!kind) return false;
  Random random{};
  if (bytes_of_hex(take_word(line), random) != random.size()) return false;
  Secret secret;
  const std::size_t size = bytes_of_hex(take_word(line), secret.bytes);
  if (size != secret_max && (size != 32 || *kind == TlsSecretKind::master)) return false;
  secret.size = static_cast<std::uint8_t>(size);
  const std::unique_lock lock(mutex_);
  if (sessions_.size() >= sessions_max && !sessions_.contains(random)) return false;
  sessions_[random][static_cast<std::size_t>(*kind)] = secret;
  return true;
}

bool TlsSecrets::knows(const Random& client_random) const {
  const std::shared_lock lock(mutex_);
  return sessions_.contains(client_random);
}

std::size_t TlsSecrets::size() const {
  const std::shared_lock lock(mutex_);
  return sessions_.size();
}

std::vector<std::uint8_t> TlsSecrets::find(const Random& client_random, TlsSecretKind kind) const {
  const std::shared_lock lock(mutex_);
  const auto found = sessions_.find(client_random);
  if (found == sessions_.end()) return {};
  const Secret& secret = found->second[static_cast<std::size_t>(kind)];
  return {secret.bytes.begin(), secret.bytes.begin() + secret.size};
}

}  // namespace restitch
