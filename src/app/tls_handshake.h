// TlsHandshake: what the handshake of a connection says, gathered into a TlsRecord; certificates are reported
// as they come. Owned by a TlsAnalyzer until its record is reported. One thread.
#pragma once

#include <cstdint>

#include "app/tls_hello.h"
#include "restitch/app/findings.h"

namespace restitch {

class TlsHandshake {
 public:
  static constexpr std::size_t history_max = 100;
  static constexpr std::size_t certificates_max = 64;  // of one message

  void client_hello(const TlsClientHello& hello, const Origin& origin);
  void server_hello(const TlsServerHello& hello, const Origin& origin);
  // Another handshake message, in clear or decrypted.
  void message(TcpFlowDirection direction, std::uint8_t type, Bytes body, const Origin& origin,
               Findings& findings);
  void change_cipher(TcpFlowDirection direction);
  void alert(TcpFlowDirection direction, std::uint8_t description);
  void note(TcpFlowDirection direction, char letter);

  [[nodiscard]] TlsRecord& record() { return record_; }

 private:
  void key_exchange(Bytes body);
  void certificates(TcpFlowDirection direction, Bytes body, const Origin& origin, Findings& findings);
  void certificate(TcpFlowDirection direction, Bytes der, const Origin& origin, Findings& findings);

  TlsRecord record_;
  std::vector<std::uint8_t> session_id_;
  bool ticket_ = false;  // a ticket was offered, and no session
  bool shared_key_ = false;
  bool key_exchange_ = false;  // the client sent one
};

}  // namespace restitch
