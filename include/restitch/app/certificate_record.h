// CertificateRecord: an X.509 certificate that one side presented. A value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "restitch/app/origin.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

struct CertificateRecord {
  TcpFlowDirection direction = TcpFlowDirection::server_to_client;  // who presented it
  std::size_t position = 0;                                         // in its chain; 0: the leaf
  Origin origin;
  unsigned version = 0;  // 3
  std::string serial;    // upper-case hex
  std::string subject;   // "CN=a,O=b", as RFC 2253 has it
  std::string issuer;
  std::string subject_in_order;  // "O=b, CN=a", as the certificate has it
  std::string issuer_in_order;
  // In seconds since 1970-01-01 00:00 UTC: years go up to 9999.
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  std::string key_algorithm;        // "rsaEncryption"
  std::string signature_algorithm;  // "sha256WithRSAEncryption"
  std::string key_type;             // "rsa", "ecdsa", "dsa", …
  unsigned key_bits = 0;
  std::string exponent;  // of RSA
  std::string curve;     // of EC
  std::vector<std::string> dns_names;
  std::vector<std::string> uris;
  std::vector<std::string> emails;
  std::vector<std::string> addresses;
  bool has_constraints = false;  // basicConstraints
  bool is_authority = false;
  std::int64_t path_max = -1;  // -1: none
  std::uint64_t size = 0;      // of the DER
  std::string sha256;          // of the same, in hex
  std::string sha1;
  std::string md5;
};

}  // namespace restitch
