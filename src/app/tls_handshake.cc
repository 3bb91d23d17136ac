#include "app/tls_handshake.h"

#include <algorithm>
#include <cctype>

#include "app/digests.h"
#include "app/tls_certificate.h"
#include "app/tls_cursor.h"
#include "app/tls_fingerprints.h"
#include "app/tls_names.h"

namespace restitch {
namespace {

constexpr TcpFlowDirection tls_client = TcpFlowDirection::client_to_server;

enum TlsMessageType : std::uint8_t {
  encrypted_extensions_message = 8,
  certificate_message = 11,
  server_key_message = 12,
  client_key_message = 16,
};

// Whether the server names its group in ServerKeyExchange.
bool exchanges_by_curve(std::uint16_t cipher) {
  const std::string_view name = tls_cipher_known(cipher);
  return name.find("_ECDHE_") != std::string_view::npos || name.find("_ECDH_anon") != std::string_view::npos;
}

}  // namespace

void TlsHandshake::note(TcpFlowDirection direction, char letter) {
  if (record_.history.size() >= history_max) return;
  record_.history +=
      direction == tls_client ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter))) : letter;
}

// The second one, behind a HelloRetryRequest, says the same and more; what names the client stays the first.
void TlsHandshake::client_hello(const TlsClientHello& hello, const Origin& origin) {
  note(tls_client, 'c');
  record_.reported = origin;
  session_id_ = hello.session_id;
  if (std::all_of(session_id_.begin(), session_id_.end(), [](std::uint8_t byte) { return byte == 0; })) {
    session_id_.clear();
  }
  ticket_ = hello.ticket && hello.session_id.empty();
  shared_key_ = hello.shared_key;
  if (record_.client_hello) return;
  if (!record_.server_hello) record_.origin = origin;
  record_.client_hello = true;
  record_.client_version = hello.highest_version();
  record_.server_name = hello.server_name;
  record_.client_alpn = hello.alpn;
  record_.client_ciphers = hello.ciphers;
  record_.client_extensions = hello.extensions;
  record_.client_signatures = hello.signatures;
  if (!hello.old_form) {
    record_.ja3_text = ja3_text(hello);
    record_.ja3 = md5_hex(record_.ja3_text);
  }
  record_.ja4 = ja4_of(hello);
}

void TlsHandshake::server_hello(const TlsServerHello& hello, const Origin& origin) {
  note(TcpFlowDirection::server_to_client, hello.retry ? 'j' : 's');
  record_.reported = origin;
  if (!record_.client_hello && !record_.server_hello) record_.origin = origin;
  record_.server_hello = true;
  record_.hello_retry = record_.hello_retry || hello.retry;
  record_.version = hello.negotiated();
  record_.cipher = hello.cipher;
  record_.server_extensions = hello.extensions;
  if (hello.group != 0) record_.curve = hello.group;
  if (!hello.alpn.empty()) record_.alpn = hello.alpn;
  record_.ja3s_text = ja3s_text(hello);
  record_.ja3s = md5_hex(record_.ja3s_text);
  if (is_tls13(record_.version)) {
    record_.resumed = record_.resumed || (hello.shared_key && shared_key_);
  } else {
    record_.resumed = !session_id_.empty() && session_id_ == hello.session_id;
  }
}

void TlsHandshake::message(TcpFlowDirection direction, std::uint8_t type, Bytes body, const Origin& origin,
                           Findings& findings) {
  note(direction, tls_message_letter(type));
  record_.reported = origin;
  switch (type) {
    case encrypted_extensions_message:
      if (const TlsEncryptedExtensions said = parse_encrypted_extensions(body); !said.alpn.empty()) {
        record_.alpn = said.alpn;
      }
      break;
    case certificate_message:
      certificates(direction, body, origin, findings);
      break;
    case server_key_message:
      key_exchange(body);
      break;
    case client_key_message:
      key_exchange_ = key_exchange_ || direction == tls_client;
      break;
    default:
      break;
  }
}

void TlsHandshake::change_cipher(TcpFlowDirection direction) {
  note(direction, 'i');
  if (direction == tls_client && ticket_ && !key_exchange_ && !is_tls13(record_.version))
    record_.resumed = true;
}

void TlsHandshake::alert(TcpFlowDirection direction, std::uint8_t description) {
  note(direction, 'l');
  record_.last_alert = tls_alert_name(description);
}

void TlsHandshake::key_exchange(Bytes body) {
  constexpr std::uint8_t named_curve = 3;
  TlsCursor cursor(body);
  if (!exchanges_by_curve(record_.cipher) || cursor.u8() != named_curve) return;
  record_.curve = cursor.u16();
}

// TLS 1.3 has a context before, and extensions behind each.
void TlsHandshake::certificates(TcpFlowDirection direction, Bytes body, const Origin& origin,
                                Findings& findings) {
  TlsCursor cursor(body);
  const bool tls13 = is_tls13(record_.version);
  if (tls13) cursor.list(1);
  TlsCursor chain(cursor.list(3));
  std::size_t count = 0;
  while (chain.left() > 3) {
    const Bytes der = chain.list(3);
    if (tls13) chain.list(2);
    if (!chain.good()) break;
    if (++count > certificates_max) return findings.anomaly("tls_too_many_certificates", direction, origin);
    certificate(direction, der, origin, findings);
  }
}

void TlsHandshake::certificate(TcpFlowDirection direction, Bytes der, const Origin& origin,
                               Findings& findings) {
  const bool of_client = direction == tls_client;
  std::vector<std::string>& chain = of_client ? record_.client_certificates : record_.certificates;
  // A renegotiation, or a stray message, must not make it grow.
  if (chain.size() >= certificates_max) return;
  std::optional<CertificateRecord> found = certificate_of(der);
  if (!found) {
    findings.anomaly("tls_bad_certificate", direction, origin);
    chain.push_back(sha256_hex(der));
    return;
  }
  found->direction = direction;
  found->position = chain.size();
  found->origin = origin;
  chain.push_back(found->sha256);
  findings.record(*found);
  std::optional<CertificateRecord>& leaf = of_client ? record_.client_leaf : record_.leaf;
  if (chain.size() == 1) leaf = std::move(found);
}

}  // namespace restitch
