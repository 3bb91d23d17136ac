// Hellos of TLS made by hand, as records. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace restitch::testing {

inline std::string tls_number(std::size_t value, int bytes) {
  std::string text;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xFF);
  return text;
}

// Bytes behind their number.
inline std::string tls_list(const std::string& text, int bytes) {
  return tls_number(text.size(), bytes) + text;
}

inline std::string tls_extension(std::size_t type, const std::string& body) {
  return tls_number(type, 2) + tls_list(body, 2);
}

inline std::string tls_message(std::size_t type, const std::string& body) {
  return tls_number(type, 1) + tls_list(body, 3);
}

inline std::string tls_record(std::size_t type, const std::string& body, std::size_t version = 0x0303) {
  return tls_number(type, 1) + tls_number(version, 2) + tls_list(body, 2);
}

inline std::string tls_server_name_extension(const std::string& name) {
  return tls_extension(0, tls_list(std::string(1, '\0') + tls_list(name, 2), 2));
}

inline std::string tls_client_hello_message(const std::string& extensions, const std::string& session = "",
                                            std::size_t version = 0x0303) {
  const std::string ciphers = tls_number(0x1A1A, 2) + tls_number(0x1301, 2) + tls_number(0xC02F, 2);
  return tls_message(1, tls_number(version, 2) + std::string(32, 'c') + tls_list(session, 1) +
                            tls_list(ciphers, 2) + tls_list(std::string(1, '\0'), 1) +
                            tls_list(extensions, 2));
}

inline std::string tls_client_hello(const std::string& name, const std::string& more = "") {
  return tls_record(22, tls_client_hello_message(tls_server_name_extension(name) + more), 0x0301);
}

inline std::string tls_server_hello(const std::string& extensions = "", std::size_t cipher = 0xC02F,
                                    const std::string& session = "",
                                    const std::string& random = std::string(32, 's')) {
  return tls_record(
      22, tls_message(2, tls_number(0x0303, 2) + random + tls_list(session, 1) + tls_number(cipher, 2) +
                             std::string(1, '\0') + tls_list(extensions, 2)));
}

}  // namespace restitch::testing
