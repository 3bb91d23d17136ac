#include "app/tls_names.h"

#include <algorithm>
#include <iterator>

#include "app/tls_cipher_names.h"
#include "app/tls_hello.h"

namespace restitch {
namespace {

constexpr TlsNumberName group_names[] = {
    {1, "sect163k1"},
    {2, "sect163r1"},
    {3, "sect163r2"},
    {4, "sect193r1"},
    {5, "sect193r2"},
    {6, "sect233k1"},
    {7, "sect233r1"},
    {8, "sect239k1"},
    {9, "sect283k1"},
    {10, "sect283r1"},
    {11, "sect409k1"},
    {12, "sect409r1"},
    {13, "sect571k1"},
    {14, "sect571r1"},
    {15, "secp160k1"},
    {16, "secp160r1"},
    {17, "secp160r2"},
    {18, "secp192k1"},
    {19, "secp192r1"},
    {20, "secp224k1"},
    {21, "secp224r1"},
    {22, "secp256k1"},
    {23, "secp256r1"},
    {24, "secp384r1"},
    {25, "secp521r1"},
    {26, "brainpoolP256r1"},
    {27, "brainpoolP384r1"},
    {28, "brainpoolP512r1"},
    {29, "x25519"},
    {30, "x448"},
    {31, "brainpoolP256r1tls13"},
    {32, "brainpoolP384r1tls13"},
    {33, "brainpoolP512r1tls13"},
    {34, "GC256A"},
    {35, "GC256B"},
    {36, "GC256C"},
    {37, "GC256D"},
    {38, "GC512A"},
    {39, "GC512B"},
    {40, "GC512C"},
    {41, "curveSM2"},
    {256, "ffdhe2048"},
    {257, "ffdhe3072"},
    {258, "ffdhe4096"},
    {259, "ffdhe6144"},
    {260, "ffdhe8192"},
    {512, "MLKEM512"},
    {513, "MLKEM768"},
    {514, "MLKEM1024"},
    {4587, "SecP256r1MLKEM768"},
    {4588, "X25519MLKEM768"},
    {4589, "SecP384r1MLKEM1024"},
    {4590, "curveSM2MLKEM768"},
    {16696, "CECPQ2"},
    {25497, "X25519Kyber768Draft00"},
    {25498, "SecP256r1Kyber768Draft00"},
    {65281, "arbitrary_explicit_prime_curves"},
    {65282, "arbitrary_explicit_char2_curves"},
};

constexpr TlsNumberName alert_names[] = {
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {117, "general_error"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
};

// By type of message, from 0; a space: not assigned.
constexpr std::string_view message_letters = "hcsvtej o  xkrnyg   fwuap";

template <std::size_t Size>
std::string_view tls_known_name(const TlsNumberName (&names)[Size], std::uint16_t number) {
  const auto* const found =
      std::lower_bound(std::begin(names), std::end(names), number,
                       [](const TlsNumberName& entry, std::uint16_t value) { return entry.number < value; });
  return found != std::end(names) && found->number == number ? found->name : std::string_view();
}

std::string tls_name_or_number(std::string_view name, std::uint16_t number) {
  return name.empty() ? "unknown-" + std::to_string(number) : std::string(name);
}

}  // namespace

std::string_view tls_cipher_known(std::uint16_t cipher) { return tls_known_name(tls_cipher_names, cipher); }

std::string tls_cipher_name(std::uint16_t cipher) {
  return tls_name_or_number(tls_cipher_known(cipher), cipher);
}

std::string tls_group_name(std::uint16_t group) {
  return tls_name_or_number(tls_known_name(group_names, group), group);
}

std::string tls_alert_name(std::uint8_t alert) {
  return tls_name_or_number(tls_known_name(alert_names, alert), alert);
}

std::string tls_version_name(std::uint16_t version) {
  switch (version) {
    case 0x0002:
      return "SSLv2";
    case 0x0300:
      return "SSLv3";
    case 0x0301:
      return "TLSv10";
    case 0x0302:
      return "TLSv11";
    case 0x0303:
      return "TLSv12";
    case 0x0304:
      return "TLSv13";
    default:
      break;
  }
  if ((version >> 8) == 0x7F) return "TLSv13-draft" + std::to_string(version & 0xFF);
  return "unknown-" + std::to_string(version);
}

std::string tls_version_spoken(std::uint16_t version) {
  switch (version) {
    case 0:
      return "UNDETERMINED";
    case 0x0002:
      return "SSLv2";
    case 0x0300:
      return "SSLv3";
    case 0x0301:
      return "TLSv1";
    case 0x0302:
      return "TLS 1.1";
    case 0x0303:
      return "TLS 1.2";
    case 0x0304:
      return "TLS 1.3";
    default:
      break;
  }
  if ((version >> 8) == 0x7F) return "TLS 1.3 draft-" + std::to_string(version & 0xFF);
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(version >> 8),
                                static_cast<std::uint8_t>(version & 0xFF)};
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = "0x";
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

char tls_message_letter(std::uint8_t type) {
  if (type == 254) return 'm';
  const char letter = type < message_letters.size() ? message_letters[type] : ' ';
  return letter == ' ' ? 'z' : letter;
}

}  // namespace restitch
