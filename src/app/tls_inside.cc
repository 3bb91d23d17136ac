#include "app/tls_inside.h"

namespace restitch {

void TlsInside::client_hello(const TlsClientHello& hello) {
  agreement_.client_random = hello.random;
  agreement_.client = true;
  agreement_.early_data = agreement_.early_data || hello.early_data;
}

void TlsInside::server_hello(const TlsServerHello& hello) {
  agreement_.retried = agreement_.retried || hello.retry;
  if (hello.retry) return;
  agreement_.server = true;
  agreement_.server_random = hello.random;
  agreement_.version = hello.negotiated();
  agreement_.cipher = hello.cipher;
  agreement_.encrypt_then_mac = hello.encrypt_then_mac;
}

TlsInside::Answer TlsInside::ready(TcpFlowDirection direction, bool forced, const Origin& origin,
                                   Findings& findings) {
  if (sealed_[static_cast<std::size_t>(direction)]) return Answer::sealed;
  if (decryption_ != nullptr) return Answer::open;
  const bool known = agreement_.client && agreement_.server && secrets_.knows(agreement_.client_random);
  if (known) return begin(origin, findings) ? Answer::open : Answer::sealed;
  const bool unknown = agreement_.client && agreement_.server;
  if (unknown && !missed_) {
    missed_ = true;
    secrets_.note_unknown();
  }
  if (!forced && (!unknown || secrets_.growing())) return Answer::waits;
  seal(direction);
  if (unknown) seal();
  return Answer::sealed;
}

bool TlsInside::begin(const Origin& origin, Findings& findings) {
  decryption_ = TlsDecryption::make(secrets_, agreement_);
  if (decryption_ != nullptr) {
    for (const TcpFlowDirection direction :
         {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
      if (changed_[static_cast<std::size_t>(direction)]) decryption_->change_cipher(direction, agreement_);
    }
    return true;
  }
  findings.anomaly("tls_cipher_unsupported", TcpFlowDirection::server_to_client, origin);
  seal();
  return false;
}

TlsInside::Answer TlsInside::open(TcpFlowDirection direction, Bytes record, std::vector<std::uint8_t>& out,
                                  bool forced, const Origin& origin, Findings& findings,
                                  TlsDecryption::Opened& opened) {
  constexpr std::size_t room = TlsHeader::bytes + TlsHeader::size_max;
  if (out.size() < room) out.resize(room);
  switch (decryption_->open(direction, record, out, forced, opened)) {
    case TlsDecryption::Outcome::opened:
      return Answer::open;
    case TlsDecryption::Outcome::passed:
      return Answer::passed;
    case TlsDecryption::Outcome::waits:
      return Answer::waits;
    case TlsDecryption::Outcome::failed:
      break;
  }
  fail(direction, origin, findings);
  return Answer::sealed;
}

// The keys are those of another connection, or bytes are missing, or were changed.
void TlsInside::fail(TcpFlowDirection direction, const Origin& origin, Findings& findings) {
  if (!decryption_->fits()) {
    findings.anomaly("tls_wrong_key", direction, origin);
    return seal();
  }
  findings.anomaly(decryption_->lost(direction) ? "tls_gap" : "tls_not_opened", direction, origin);
  seal(direction);
}

void TlsInside::change_cipher(TcpFlowDirection direction) {
  changed_[static_cast<std::size_t>(direction)] = true;
  if (decryption_ != nullptr) decryption_->change_cipher(direction, agreement_);
}

void TlsInside::message(TcpFlowDirection direction, std::uint8_t type, Bytes body) {
  if (decryption_ != nullptr) decryption_->message(direction, type, body);
}

void TlsInside::data(TcpFlowDirection direction, Bytes bytes, const Origin& origin, Findings& findings) {
  if (child_ == nullptr) child_ = findings.nest("tls");
  if (child_ == nullptr) return seal();
  child_->data(direction, bytes, origin);
}

void TlsInside::lose_record(TcpFlowDirection direction, std::uint64_t size) {
  if (decryption_ != nullptr) decryption_->lose_record(direction);
  if (child_ != nullptr) child_->gap(direction, size);
}

void TlsInside::lose_bytes(TcpFlowDirection direction, std::uint64_t size) {
  if (decryption_ != nullptr) decryption_->lose_bytes(direction, size);
  if (child_ != nullptr) child_->gap(direction, size);
}

void TlsInside::end(TcpFlowDirection direction) {
  if (child_ != nullptr) child_->end(direction);
}

void TlsInside::close() {
  if (child_ != nullptr) child_->close();
}

}  // namespace restitch
