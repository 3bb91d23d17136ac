#include "app/tls_analyzer.h"

#include <algorithm>
#include <utility>

namespace restitch {
namespace {

constexpr TcpFlowDirection from_client = TcpFlowDirection::client_to_server;

enum TlsHelloType : std::uint8_t {
  client_hello_message = 1,
  server_hello_message = 2,
  finished_message = 20
};

// Memory of the pool's for what is decrypted, as long as it is looked at.
class TlsScratch {
 public:
  explicit TlsScratch(AppServices& services) : services_(services), bytes_(services.take_scratch()) {}
  TlsScratch(const TlsScratch&) = delete;
  TlsScratch& operator=(const TlsScratch&) = delete;
  ~TlsScratch() { services_.give_scratch(std::move(bytes_)); }

  [[nodiscard]] std::vector<std::uint8_t>& bytes() { return bytes_; }

 private:
  AppServices& services_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

TlsAnalyzer::TlsAnalyzer(const TlsSecrets* secrets, std::string_view upgraded_from)
    : handshake_(std::make_unique<TlsHandshake>()),
      inside_(secrets == nullptr ? nullptr : std::make_unique<TlsInside>(*secrets)) {
  handshake_->record().upgraded_from = upgraded_from;
}

TlsAnalyzer::~TlsAnalyzer() = default;

Origin TlsAnalyzer::Place::origin(std::size_t size) const {
  Origin origin = input.origin(at);
  const Origin last = input.origin(at + std::min(size, rest().size()) - 1);
  origin.size = last.offset + (last.size == 0 ? 1 : last.size) - origin.offset;
  origin.time = last.time;
  origin.packet = last.packet;
  return origin;
}

AnalyzerAnswer TlsAnalyzer::take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) {
  Place place{direction, input, 0, findings};
  for (Step step = Step::on; step == Step::on;) {
    const bool finished = handshake_ == nullptr && inside_ == nullptr;
    if (finished || side(direction).broken) return {input.bytes().size(), Need::nothing};
    step = advance(place);
    if (step == Step::other_side) return {place.at, Need::other_side};
  }
  return {place.at, Need::more};
}

TlsAnalyzer::Step TlsAnalyzer::advance(Place& place) {
  Side& own = side(place.direction);
  const std::size_t skipped = std::min<std::size_t>(own.skip, place.rest().size());
  own.skip -= static_cast<std::uint32_t>(skipped);
  place.at += skipped;
  if (place.rest().empty() || (own.lost && !begins_anew(place))) return Step::more;
  if (!own.begun && (place.rest()[0] & 0x80) != 0) return old_hello(place);
  if (place.rest().size() < TlsHeader::bytes) return Step::more;
  const std::optional<TlsHeader> header = tls_header(place.rest());
  if (!header) return broken(place);
  own.begun = true;
  return record(place, *header);
}

// Behind a gap: looks for a record, and passes over what is none.
bool TlsAnalyzer::begins_anew(Place& place) {
  std::size_t from = 0;
  const std::optional<std::size_t> found = find_tls_record(place.rest(), from);
  place.at += from;
  side(place.direction).lost = !found;
  return found.has_value();
}

TlsAnalyzer::Step TlsAnalyzer::old_hello(Place& place) {
  const Bytes rest = place.rest();
  const std::size_t size = rest.size() < 2 ? 2 : ((std::size_t{rest[0]} & 0x7F) << 8 | rest[1]) + 2;
  if (rest.size() < size) return Step::more;
  const std::optional<TlsClientHello> hello = parse_old_client_hello(rest.first(size));
  if (!hello || place.direction != from_client) return broken(place);
  side(place.direction).begun = true;
  if (handshake_ != nullptr) handshake_->client_hello(*hello, place.origin(size));
  if (inside_ != nullptr) inside_->client_hello(*hello);
  place.at += size;
  return Step::on;
}

TlsAnalyzer::Step TlsAnalyzer::broken(Place& place) {
  place.findings.anomaly("tls_bad_record", place.direction, place.origin(1));
  side(place.direction).broken = true;
  return Step::on;
}

TlsAnalyzer::Step TlsAnalyzer::record(Place& place, const TlsHeader& header) {
  const std::size_t size = TlsHeader::bytes + header.size;
  const Bytes rest = place.rest();
  if (is_ciphertext(side(place.direction), header, rest)) return ciphertext(place, size);
  if (rest.size() < size) return incomplete(place, size);
  const Origin origin = place.origin(size);
  place.at += size;
  plaintext(place.direction, header.type, rest.subspan(TlsHeader::bytes, header.size), origin,
            place.findings);
  return Step::on;
}

// What is left of the record is missing, or comes too late: it is passed over.
TlsAnalyzer::Step TlsAnalyzer::incomplete(Place& place, std::size_t size) {
  if (!place.input.forced()) return Step::more;
  Side& own = side(place.direction);
  own.skip = static_cast<std::uint32_t>(size);
  own.messages.lose();
  if (inside_ != nullptr) inside_->lose_record(place.direction, size);
  return Step::on;
}

// TLS 1.3 encrypts nothing but what looks like data; a second ClientHello may stand behind ChangeCipherSpec.
bool TlsAnalyzer::is_ciphertext(const Side& side, const TlsHeader& header, Bytes record) const {
  if (header.type == TlsType::data) return true;
  const bool tls13 = handshake_ != nullptr && is_tls13(handshake_->record().version);
  if (!side.encrypted || (header.type == TlsType::change_cipher && (header.size == 1 || tls13))) return false;
  const bool hello = header.type == TlsType::handshake && record.size() > TlsHeader::bytes + 1 &&
                     record[TlsHeader::bytes] == client_hello_message && record[TlsHeader::bytes + 1] == 0;
  if (handshake_ == nullptr || !handshake_->record().server_hello) return !hello;
  return !tls13;
}

TlsAnalyzer::Step TlsAnalyzer::ciphertext(Place& place, std::size_t size) {
  if (inside_ == nullptr) return pass_over(place, size);
  switch (inside_->ready(place.direction, place.input.forced(), place.origin(size), place.findings)) {
    case TlsInside::Answer::waits:
      return Step::other_side;
    case TlsInside::Answer::open:
      break;
    default:
      return pass_over(place, size);
  }
  if (place.rest().size() < size) return incomplete(place, size);
  return open(place, size);
}

TlsAnalyzer::Step TlsAnalyzer::pass_over(Place& place, std::size_t size) {
  const Origin origin = place.origin(size);
  side(place.direction).skip = static_cast<std::uint32_t>(size);
  note_ciphertext(place.direction, origin, place.findings);
  return Step::on;
}

// A record that is whole. It is decrypted straight out of the input.
TlsAnalyzer::Step TlsAnalyzer::open(Place& place, std::size_t size) {
  const Origin origin = place.origin(size);
  TlsScratch scratch(place.findings.services());
  TlsDecryption::Opened found;
  switch (inside_->open(place.direction, place.rest().first(size), scratch.bytes(), place.input.forced(),
                        origin, place.findings, found)) {
    case TlsInside::Answer::waits:
      return Step::other_side;
    case TlsInside::Answer::open:
      opened(place, found, origin);
      break;
    case TlsInside::Answer::passed:
      side(place.direction).encrypted = true;
      place.at += size;
      return Step::on;
    case TlsInside::Answer::sealed:
      break;
  }
  place.at += size;
  note_ciphertext(place.direction, origin, place.findings);
  return Step::on;
}

void TlsAnalyzer::opened(Place& place, const TlsDecryption::Opened& opened, const Origin& origin) {
  if (handshake_ != nullptr) handshake_->record().decrypted = true;
  if (opened.type == TlsType::data)
    return inside_->data(place.direction, opened.bytes, origin, place.findings);
  if (opened.type == TlsType::handshake) {
    return messages(place.direction, opened.bytes, origin, place.findings, true);
  }
  if (opened.type == TlsType::change_cipher) return change_cipher(place.direction);
  if (opened.type != TlsType::alert || opened.bytes.size() < 2) return;
  if (handshake_ != nullptr) handshake_->alert(place.direction, opened.bytes[1]);
  if (opened.bytes[1] == 0) inside_->end(place.direction);
}

// Both sides sent what is encrypted. What of TLS 1.3 can be opened says more until the client's Finished.
void TlsAnalyzer::note_ciphertext(TcpFlowDirection direction, const Origin& origin, Findings& findings) {
  side(direction).encrypted = true;
  if (inside_ != nullptr && inside_->sealed()) {
    inside_->close();
    inside_.reset();
  }
  if (handshake_ == nullptr || !sides_[0].encrypted || !sides_[1].encrypted) return;
  handshake_->record().established = true;
  handshake_->record().reported = origin;
  if (inside_ == nullptr || !inside_->opens_handshake() || client_finished_) report(findings);
}

void TlsAnalyzer::plaintext(TcpFlowDirection direction, TlsType type, Bytes bytes, const Origin& origin,
                            Findings& findings) {
  if (type == TlsType::handshake) return messages(direction, bytes, origin, findings, false);
  if (type == TlsType::change_cipher) {
    change_cipher(direction);
  } else if (handshake_ != nullptr && type == TlsType::alert && bytes.size() >= 2) {
    handshake_->alert(direction, bytes[1]);
  } else if (handshake_ != nullptr && type == TlsType::heartbeat) {
    handshake_->note(direction, 'b');
  }
  if (handshake_ != nullptr) handshake_->record().reported = origin;
}

void TlsAnalyzer::change_cipher(TcpFlowDirection direction) {
  side(direction).encrypted = true;
  if (inside_ != nullptr) inside_->change_cipher(direction);
  if (handshake_ != nullptr) handshake_->change_cipher(direction);
}

void TlsAnalyzer::messages(TcpFlowDirection direction, Bytes bytes, const Origin& origin, Findings& findings,
                           bool was_sealed) {
  TlsMessages& messages = side(direction).messages;
  messages.add(bytes);
  for (TlsMessages::Message found;;) {
    switch (messages.next(found)) {
      case TlsMessages::Next::message:
        message(direction, found, origin, findings);
        if (was_sealed && inside_ != nullptr) inside_->message(direction, found.type, found.body);
        client_finished_ |= was_sealed && found.type == finished_message && direction == from_client;
        break;
      case TlsMessages::Next::too_long:
        findings.anomaly("tls_message_too_long", direction, origin);
        break;
      case TlsMessages::Next::none:
        return;
    }
  }
}

void TlsAnalyzer::message(TcpFlowDirection direction, const TlsMessages::Message& message,
                          const Origin& origin, Findings& findings) {
  if (message.type == client_hello_message && direction == from_client) {
    const std::optional<TlsClientHello> hello = parse_client_hello(message.body);
    if (!hello) return findings.anomaly("tls_bad_hello", direction, origin);
    if (inside_ != nullptr) inside_->client_hello(*hello);
    if (handshake_ != nullptr) handshake_->client_hello(*hello, origin);
  } else if (message.type == server_hello_message && direction != from_client) {
    const std::optional<TlsServerHello> hello = parse_server_hello(message.body);
    if (!hello) return findings.anomaly("tls_bad_hello", direction, origin);
    findings.name_service("ssl");
    if (inside_ != nullptr) inside_->server_hello(*hello);
    if (handshake_ != nullptr) handshake_->server_hello(*hello, origin);
  } else if (handshake_ != nullptr) {
    handshake_->message(direction, message.type, message.body, origin, findings);
  }
}

void TlsAnalyzer::report(Findings& findings) {
  if (handshake_ == nullptr) return;
  const TlsRecord& record = handshake_->record();
  if (record.client_hello || record.server_hello) findings.record(record);
  handshake_.reset();
}

void TlsAnalyzer::gap(TcpFlowDirection direction, std::uint64_t size, Findings& /*findings*/) {
  Side& own = side(direction);
  own.messages.lose();
  if (own.skip >= size) {
    own.skip -= static_cast<std::uint32_t>(size);
    return;
  }
  if (inside_ != nullptr) inside_->lose_bytes(direction, size - own.skip);
  own.skip = 0;
  own.lost = true;
}

void TlsAnalyzer::end(TcpFlowDirection direction, Findings& /*findings*/) {
  if (inside_ != nullptr) inside_->end(direction);
}

void TlsAnalyzer::close(Findings& findings) {
  report(findings);
  if (inside_ != nullptr) inside_->close();
}

}  // namespace restitch
