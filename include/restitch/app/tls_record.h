// TlsRecord: a handshake of TLS. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/app/certificate_record.h"
#include "restitch/app/origin.h"
#include "restitch/capture_info.h"

namespace RESTITCH_API restitch {

struct TlsRecord {
  Origin origin;    // of the first record
  Origin reported;  // of the record with which it was established, or of the last one
  std::string_view
      upgraded_from;  // the protocol that changed to TLS, a constant: "ldap"; empty: none, or not known
  bool client_hello = false;  // which of the two were seen
  bool server_hello = false;
  std::uint16_t version = 0;         // negotiated; 0: not known
  std::uint16_t client_version = 0;  // offered: the legacy field, or the highest of supported_versions
  std::uint16_t cipher = 0;          // chosen; 0: none
  std::uint16_t curve = 0;           // named group; 0: not known
  std::string server_name;           // SNI
  std::vector<std::string> client_alpn;
  std::string alpn;  // the chosen one; of TLS 1.3 only known where it was decrypted
  std::string ja3;   // the hash; ja3_text is what it is made from
  std::string ja3_text;
  std::string ja3s;
  std::string ja3s_text;
  std::string ja4;
  std::vector<std::uint16_t> client_ciphers;
  std::vector<std::uint16_t> client_extensions;
  std::vector<std::uint16_t> client_signatures;  // signature algorithms
  std::vector<std::uint16_t> server_extensions;
  bool established = false;  // both sides sent what may be their Finished, or application data
  bool resumed = false;
  bool hello_retry = false;
  bool decrypted = false;                        // keys were at hand, and fitted
  std::string last_alert;                        // "unknown_ca"; empty: none
  std::string history;                           // letters as Zeek's ssl_history has them
  std::vector<std::string> certificates;         // SHA-256 in hex, leaf first: of the server
  std::vector<std::string> client_certificates;  // … and of the client
  std::optional<CertificateRecord> leaf;         // the first one of the server
  std::optional<CertificateRecord> client_leaf;
};

}  // namespace restitch
