#include "app/tls_upgrade.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "app/tls_analyzer.h"

namespace restitch {
namespace {

// How many bytes one side says before TLS.
constexpr std::size_t upgrade_more = 0;                // they are not all there
constexpr std::size_t upgrade_none = ~std::size_t{0};  // it does not say that

struct UpgradeKind {
  std::string_view service;  // Zeek's name
  std::string_view name;     // Suricata's
  std::size_t (*client)(Bytes bytes);
  std::size_t (*server)(Bytes bytes);
};

std::string_view upgrade_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Whether the bytes that are there are those of `text`.
bool agrees_with(Bytes bytes, std::string_view text) {
  const std::size_t size = std::min(bytes.size(), text.size());
  return upgrade_text(bytes.first(size)) == text.substr(0, size);
}

// ---- RDP: a TPKT with a connection request or confirm of X.224, at whose end RDP negotiates --------

std::size_t rdp_size(Bytes bytes, std::uint8_t type, std::uint8_t negotiation) {
  constexpr std::size_t least = 19;
  if (!agrees_with(bytes, std::string_view("\x03\0", 2))) return upgrade_none;
  if (bytes.size() > 5 && bytes[5] != type) return upgrade_none;
  if (bytes.size() < 6) return upgrade_more;
  const std::size_t size = std::size_t{bytes[2]} << 8 | bytes[3];
  if (size < least || size > 512 || bytes[4] != size - 5) return upgrade_none;
  if (bytes.size() < size) return upgrade_more;
  const Bytes asked = bytes.subspan(size - 8);
  const bool tls = asked[0] == negotiation && asked[2] == 8 && asked[3] == 0 && asked[4] != 0;
  return tls ? size : upgrade_none;
}

std::size_t rdp_client(Bytes bytes) { return rdp_size(bytes, 0xE0, 1); }
std::size_t rdp_server(Bytes bytes) { return rdp_size(bytes, 0xD0, 2); }

// ---- LDAP: an extended request with the OID of StartTLS, and a response that says success ----------

// A short message with an operation of that tag.
std::size_t ldap_size(Bytes bytes, std::uint8_t operation, std::size_t& body) {
  if (!agrees_with(bytes, "0")) return upgrade_none;
  if (bytes.size() < 8) return upgrade_more;
  const std::size_t size = std::size_t{bytes[1]} + 2;
  const std::size_t number = bytes[3];
  body = 6 + number;
  if (bytes[1] >= 0x80 || bytes[2] != 2 || number > 4 || body >= size) return upgrade_none;
  if (bytes.size() < size) return upgrade_more;
  return bytes[4 + number] == operation ? size : upgrade_none;
}

std::size_t ldap_client(Bytes bytes) {
  constexpr std::string_view oid =
      "\x80\x16"
      "1.3.6.1.4.1.1466.20037";
  std::size_t body = 0;
  const std::size_t size = ldap_size(bytes, 0x77, body);
  if (size == upgrade_more || size == upgrade_none) return size;
  return size >= body + oid.size() && agrees_with(bytes.subspan(body), oid) ? size : upgrade_none;
}

std::size_t ldap_server(Bytes bytes) {
  constexpr std::string_view success("\x0A\x01\0", 3);
  std::size_t body = 0;
  const std::size_t size = ldap_size(bytes, 0x78, body);
  if (size == upgrade_more || size == upgrade_none) return size;
  return size >= body + success.size() && agrees_with(bytes.subspan(body), success) ? size : upgrade_none;
}

// ---- MySQL: the server greets, and the client answers with nothing but its flags -------------------

std::size_t mysql_client(Bytes bytes) {
  constexpr std::size_t size = 36;
  constexpr std::uint8_t wants_tls = 0x08;  // of the second byte
  if (!agrees_with(bytes, std::string_view("\x20\0\0\x01", 4))) return upgrade_none;
  if (bytes.size() < size) return upgrade_more;
  const bool filled =
      std::any_of(bytes.begin() + 13, bytes.begin() + size, [](std::uint8_t b) { return b != 0; });
  return (bytes[5] & wants_tls) != 0 && !filled ? size : upgrade_none;
}

std::size_t mysql_server(Bytes bytes) {
  if (bytes.size() < 5) return bytes.size() < 2 || bytes[1] == 0 ? upgrade_more : upgrade_none;
  const std::size_t size = std::size_t{bytes[0]} + 4;
  if (bytes[1] != 0 || bytes[2] != 0 || bytes[3] != 0 || bytes[4] != 10 || size < 40) return upgrade_none;
  return bytes.size() < size ? upgrade_more : size;
}

// ---- PostgreSQL: a request that is always the same, and one letter ---------------------------------

std::size_t postgresql_client(Bytes bytes) {
  constexpr std::string_view request("\0\0\0\x08\x04\xD2\x16\x2F", 8);
  if (!agrees_with(bytes, request)) return upgrade_none;
  return bytes.size() < request.size() ? upgrade_more : request.size();
}

std::size_t postgresql_server(Bytes bytes) {
  if (bytes.empty()) return upgrade_more;
  return bytes[0] == 'S' ? 1 : upgrade_none;
}

// ---- IRC: STARTTLS, before anything but CAP, and reply 670 -----------------------------------------

constexpr std::size_t irc_max = 2'048;

// Up to the end of the first line for which `last(line)` is true; each line before has to be `good(line)`.
template <class Good, class Last>
std::size_t irc_size(Bytes bytes, const Good& good, const Last& last) {
  std::string_view text = upgrade_text(bytes.first(std::min(bytes.size(), irc_max)));
  const std::size_t all = text.size();
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!good(line)) return upgrade_none;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    if (last(line)) return all - text.size();
  }
  return all >= irc_max ? upgrade_none : upgrade_more;
}

bool irc_begins(std::string_view line, std::string_view word) {
  const std::size_t size = std::min(line.size(), word.size());
  return line.substr(0, size) == word.substr(0, size);
}

std::size_t irc_client(Bytes bytes) {
  const auto good = [](std::string_view line) {
    return irc_begins(line, "STARTTLS\r") || irc_begins(line, "CAP ");
  };
  return irc_size(bytes, good, [](std::string_view line) { return line == "STARTTLS\r"; });
}

std::size_t irc_server(Bytes bytes) {
  const auto good = [](std::string_view line) {
    return line.empty() || line[0] == ':' || irc_begins(line, "NOTICE ");
  };
  return irc_size(bytes, good,
                  [](std::string_view line) { return line.find(" 670 ") != std::string_view::npos; });
}

constexpr UpgradeKind upgrade_kinds[] = {
    {"rdp", "rdp", rdp_client, rdp_server},
    {"ldap_tcp", "ldap", ldap_client, ldap_server},
    {"mysql", "mysql", mysql_client, mysql_server},
    {"postgresql", "pgsql", postgresql_client, postgresql_server},
    {"irc", "irc", irc_client, irc_server},
};

Fit upgrade_fit(const UpgradeKind& kind, Bytes client, Bytes server) {
  const std::size_t asked = client.empty() ? upgrade_more : kind.client(client);
  const std::size_t agreed = server.empty() ? upgrade_more : kind.server(server);
  if (asked == upgrade_none || agreed == upgrade_none) return Fit::no;
  return asked == upgrade_more || agreed == upgrade_more ? Fit::perhaps : Fit::yes;
}

}  // namespace

Fit tls_upgrade_fit(Bytes client, Bytes server) {
  Fit fit = Fit::no;
  for (const UpgradeKind& kind : upgrade_kinds) fit = std::max(fit, upgrade_fit(kind, client, server));
  return fit;
}

// Both sides are there as a whole, else it would not have been chosen.
AnalyzerAnswer TlsUpgrade::take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) {
  const auto size_of = [&](const UpgradeKind& kind) {
    return direction == TcpFlowDirection::client_to_server ? kind.client(input.bytes())
                                                           : kind.server(input.bytes());
  };
  const auto says = [&](const UpgradeKind& kind) {
    const std::size_t size = size_of(kind);
    return size != upgrade_more && size != upgrade_none;
  };
  const auto* const kind = std::find_if(std::begin(upgrade_kinds), std::end(upgrade_kinds), says);
  if (kind == std::end(upgrade_kinds)) return {0, Need::foreign};
  if (!handed_over_) {
    findings.name_service(kind->service);
    findings.hand_over(std::make_unique<TlsAnalyzer>(findings.services().options().secrets, kind->name));
    handed_over_ = true;
  }
  return {size_of(*kind), Need::nothing};
}

}  // namespace restitch
