// The names of what TLS has numbers for. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace restitch {

// As IANA writes it: "TLS_AES_128_GCM_SHA256"; empty: not known.
std::string_view tls_cipher_known(std::uint16_t cipher);
// The same; "unknown-1234" where it is not known.
std::string tls_cipher_name(std::uint16_t cipher);
// A named group: "x25519".
std::string tls_group_name(std::uint16_t group);
// "unknown_ca".
std::string tls_alert_name(std::uint8_t alert);
// "TLSv12", as Zeek writes it.
std::string tls_version_name(std::uint16_t version);
// "TLS 1.2", as Suricata writes it; 0: "UNDETERMINED".
std::string tls_version_spoken(std::uint16_t version);
// The letter of Zeek's ssl_history for a type of handshake message, in lower case.
char tls_message_letter(std::uint8_t type);

}  // namespace restitch
