#include "app/ldap_analyzer.h"

#include <algorithm>

#include "app/ascii.h"

namespace restitch {
namespace {

enum : std::uint8_t {
  ber_integer = 0x02,
  ber_octets = 0x04,
  ber_enumerated = 0x0a,
  ber_sequence = 0x30,
  ldap_bind_request = 0x60,
  ldap_bind_response = 0x61,
  ldap_operation_max = 25,
  ldap_sasl = 0xa3,           // of a bind request
  ldap_server_answer = 0x87,  // of a bind response: serverSaslCreds
  spnego_response = 0xa1,
};

// The head of an element of BER: its tag, how long it is itself, and its contents.
struct BerHead {
  std::uint8_t tag = 0;
  std::size_t size = 0;
  std::uint64_t contents = 0;
};

// Nothing: there are too few bytes. A length that LDAP does not have has a size of 0.
std::optional<BerHead> read_head(Bytes bytes) {
  if (bytes.size() < 2) return std::nullopt;
  if (bytes[1] < 0x80) return BerHead{bytes[0], 2, bytes[1]};
  const std::size_t more = bytes[1] & 0x7fU;
  if (more == 0 || more > 4) return BerHead{bytes[0], 0, 0};
  if (bytes.size() < 2 + more) return std::nullopt;
  std::uint64_t contents = 0;
  for (std::size_t i = 0; i < more; ++i) contents = contents << 8 | bytes[2 + i];
  return BerHead{bytes[0], 2 + more, contents};
}

// Takes the element at the front off, and answers its contents. Nothing: another one is there, or it is cut.
std::optional<Bytes> take_element(Bytes& bytes, std::uint8_t tag) {
  const auto head = read_head(bytes);
  if (!head || head->size == 0 || head->tag != tag || bytes.size() - head->size < head->contents) {
    return std::nullopt;
  }
  const Bytes contents = bytes.subspan(head->size, head->contents);
  bytes = bytes.subspan(head->size + head->contents);
  return contents;
}

// What a message is.
struct LdapHead {
  Fit fit = Fit::no;
  std::size_t operation_at = 0;
  std::uint8_t operation = 0;
  std::uint64_t size = 0;  // of all of it
};

LdapHead read_message(Bytes bytes) {
  const LdapHead unsure{.fit = Fit::perhaps};
  if (bytes.empty()) return unsure;
  if (bytes[0] != ber_sequence) return {};
  const auto outer = read_head(bytes);
  if (!outer) return unsure;
  if (outer->size == 0) return {};
  const Bytes inside = bytes.subspan(outer->size);
  if (inside.empty()) return unsure;
  if (inside[0] != ber_integer || (inside.size() > 1 && (inside[1] == 0 || inside[1] > 4))) return {};
  if (inside.size() < 2 || inside.size() < 3U + inside[1]) return unsure;
  const std::size_t at = 2U + inside[1];
  const std::uint8_t operation = inside[at];
  // The tag of an application, as all operations have.
  if ((operation & 0xc0) != 0x40 || (operation & 0x1f) > ldap_operation_max) return {};
  return {Fit::yes, outer->size + at, operation, outer->size + outer->contents};
}

bool has(Bytes bytes, std::string_view text) {
  return ascii::text_of(bytes).find(text) != std::string_view::npos;
}

constexpr std::string_view ntlm_mark("NTLMSSP\0", 8);
// A request of Kerberos for a service, in GSS-API (RFC 4121).
constexpr std::string_view kerberos_mark("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00\x6e", 14);

void name_request(Bytes operation, Findings& findings) {
  auto bind = take_element(operation, ldap_bind_request);
  if (!bind || !take_element(*bind, ber_integer) || !take_element(*bind, ber_octets)) return;
  auto sasl = take_element(*bind, ldap_sasl);
  if (!sasl || !take_element(*sasl, ber_octets)) return;
  const auto token = take_element(*sasl, ber_octets);
  if (!token) return;
  if (has(*token, kerberos_mark)) findings.name_service("krb");
  if (has(*token, ntlm_mark)) findings.name_service("ntlm");
}

void name_response(Bytes operation, Findings& findings) {
  auto bind = take_element(operation, ldap_bind_response);
  if (!bind || !take_element(*bind, ber_enumerated)) return;
  if (!take_element(*bind, ber_octets) || !take_element(*bind, ber_octets)) return;
  const auto token = take_element(*bind, ldap_server_answer);
  if (token && !token->empty() && token->front() == spnego_response) findings.name_service("gssapi");
}

}  // namespace

Fit LdapAnalyzer::fit(Bytes client, Bytes server) {
  // What begins with an extended operation asks for TLS, and TLS follows (app/tls_upgrade.h).
  constexpr std::uint8_t extended_request = 0x77;
  const LdapHead said = read_message(client);
  if (said.operation == extended_request) return Fit::no;
  return read_message(server).fit == Fit::no ? Fit::no : said.fit;
}

std::unique_ptr<Analyzer> LdapAnalyzer::make(AppServices& /*services*/) {
  return std::make_unique<LdapAnalyzer>();
}

AnalyzerAnswer LdapAnalyzer::take(TcpFlowDirection direction, const AnalyzerInput& input,
                                  Findings& findings) {
  const Bytes bytes = input.bytes();
  std::uint64_t& skipped = skipped_[static_cast<std::size_t>(direction)];
  std::size_t at = 0;
  while (at < bytes.size()) {
    const Bytes rest = bytes.subspan(at);
    if (skipped != 0) {
      const std::size_t size = std::min<std::uint64_t>(skipped, rest.size());
      skipped -= size;
      at += size;
      continue;
    }
    const LdapHead head = read_message(rest);
    if (head.fit == Fit::no) return {at, Need::foreign};
    if (head.fit == Fit::perhaps) break;
    const bool binds = head.operation == ldap_bind_request || head.operation == ldap_bind_response;
    if (binds && head.size > rest.size() && head.size <= held_max && !input.forced()) break;
    if (binds && head.size <= rest.size()) {
      const Bytes operation = rest.subspan(head.operation_at, head.size - head.operation_at);
      head.operation == ldap_bind_request ? name_request(operation, findings)
                                          : name_response(operation, findings);
    }
    findings.name_service("ldap_tcp");
    skipped = head.size;
  }
  return {at, Need::more};
}

// Where a message begins behind it is not known, unless it lies within one.
void LdapAnalyzer::gap(TcpFlowDirection direction, std::uint64_t size, Findings& /*findings*/) {
  std::uint64_t& skipped = skipped_[static_cast<std::size_t>(direction)];
  skipped -= std::min(skipped, size);
}

void LdapAnalyzer::end(TcpFlowDirection /*direction*/, Findings& /*findings*/) {}
void LdapAnalyzer::close(Findings& /*findings*/) {}

}  // namespace restitch
