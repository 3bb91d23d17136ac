// The two hellos of TLS as values: what a client offers, and what the server chose. Extensions that are cut,
// or break their own form, are left out; what stands before them counts. Pure functions; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "restitch/packet.h"

namespace restitch {

using TlsRandom = std::array<std::uint8_t, 32>;

struct TlsClientHello {
  std::uint16_t version = 0;  // the legacy field
  TlsRandom random{};
  std::vector<std::uint8_t> session_id;
  std::vector<std::uint16_t> ciphers;
  std::vector<std::uint16_t> extensions;
  std::vector<std::uint16_t> groups;
  std::vector<std::uint8_t> point_formats;
  std::vector<std::uint16_t> signatures;
  std::vector<std::uint16_t> versions;  // supported_versions
  std::vector<std::string> alpn;
  std::string server_name;
  bool ticket = false;  // a session ticket that is not empty
  bool shared_key = false;
  bool early_data = false;
  bool old_form = false;  // in the form of SSL 2

  // The highest version that is offered, GREASE left out.
  [[nodiscard]] std::uint16_t highest_version() const;
};

struct TlsServerHello {
  std::uint16_t version = 0;  // the legacy field
  TlsRandom random{};
  std::vector<std::uint8_t> session_id;
  std::uint16_t cipher = 0;
  std::vector<std::uint16_t> extensions;
  std::uint16_t selected_version = 0;  // of supported_versions; 0: none
  std::uint16_t group = 0;             // of key_share; 0: none
  std::string alpn;
  bool shared_key = false;
  bool encrypt_then_mac = false;
  bool retry = false;  // a HelloRetryRequest

  [[nodiscard]] std::uint16_t negotiated() const {
    return selected_version != 0 ? selected_version : version;
  }
};

// What EncryptedExtensions say.
struct TlsEncryptedExtensions {
  std::string alpn;
  bool early_data = false;
};

// `body`: of the message, without its header. Nothing: it breaks the form of a hello.
std::optional<TlsClientHello> parse_client_hello(Bytes body);
std::optional<TlsServerHello> parse_server_hello(Bytes body);
// `record`: all of it, with its two bytes of length.
std::optional<TlsClientHello> parse_old_client_hello(Bytes record);
TlsEncryptedExtensions parse_encrypted_extensions(Bytes body);

// Values that clients send so that servers learn to ignore them (RFC 8701).
constexpr bool is_grease(std::uint16_t value) {
  return (value & 0x0F0F) == 0x0A0A && (value >> 8) == (value & 0xFF);
}
// TLS 1.3, or one of its drafts.
constexpr bool is_tls13(std::uint16_t version) {
  return version == 0x0304 || (version >> 8) == 0x7F || (version >> 8) == 0x7E;
}

}  // namespace restitch
