// TlsInside: opens the records of a connection, whose secrets are known, and gives what they hold to a
// conversation of its own. Owned by a TlsAnalyzer; borrows the secrets. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "app/tls_decryption.h"
#include "restitch/app/conversation.h"

namespace restitch {

class TlsInside {
 public:
  enum class Answer : std::uint8_t {
    sealed,  // it stays closed
    waits,   // for the other side, or for secrets
    open,    // it can be opened, or was
    passed,  // this one cannot be opened, others may
  };

  explicit TlsInside(const TlsSecrets& secrets) : secrets_(secrets) {}

  void client_hello(const TlsClientHello& hello);
  void server_hello(const TlsServerHello& hello);

  // Whether the records of a direction can be opened. `forced`: it cannot wait.
  Answer ready(TcpFlowDirection direction, bool forced, const Origin& origin, Findings& findings);
  // Opens a record, with its header, into `out`. Requires: ready() answered `open`.
  Answer open(TcpFlowDirection direction, Bytes record, std::vector<std::uint8_t>& out, bool forced,
              const Origin& origin, Findings& findings, TlsDecryption::Opened& opened);

  void change_cipher(TcpFlowDirection direction);
  void message(TcpFlowDirection direction, std::uint8_t type, Bytes body);
  void data(TcpFlowDirection direction, Bytes bytes, const Origin& origin, Findings& findings);
  void lose_record(TcpFlowDirection direction, std::uint64_t size);
  void lose_bytes(TcpFlowDirection direction, std::uint64_t size);
  void end(TcpFlowDirection direction);
  void close();

  // No record will be opened any more.
  [[nodiscard]] bool sealed() const { return sealed_[0] && sealed_[1]; }
  // A record was opened.
  [[nodiscard]] bool fits() const { return decryption_ != nullptr && decryption_->fits(); }
  // … of TLS 1.3, so that more of its handshake may come.
  [[nodiscard]] bool opens_handshake() const { return fits() && is_tls13(agreement_.version); }

 private:
  bool begin(const Origin& origin, Findings& findings);
  void seal(TcpFlowDirection direction) { sealed_[static_cast<std::size_t>(direction)] = true; }
  void seal() { sealed_ = {true, true}; }
  void fail(TcpFlowDirection direction, const Origin& origin, Findings& findings);

  const TlsSecrets& secrets_;
  TlsAgreement agreement_;
  std::unique_ptr<TlsDecryption> decryption_;
  std::unique_ptr<Conversation> child_;
  std::array<bool, 2> sealed_{};
  std::array<bool, 2> changed_{};  // ChangeCipherSpec came before keys were made
  bool missed_ = false;            // its secrets were looked for in vain
};

}  // namespace restitch
