#include "app/tls_decryption.h"

#include <algorithm>
#include <utility>

namespace restitch {
namespace {

constexpr TcpFlowDirection sent_by_client = TcpFlowDirection::client_to_server;
// A record has at least a header and, with the ciphers here, a tag.
constexpr std::uint64_t record_size_min = TlsHeader::bytes + TlsSuite::tag_size;

TlsKey key_part(const TlsKey& block, std::size_t& at, std::size_t size) {
  const auto begin = block.begin() + static_cast<std::ptrdiff_t>(at);
  at += size;
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

// The type of a record of TLS 1.3 stands behind its text, and zeros behind that.
std::optional<TlsDecryption::Opened> without_padding(Bytes bytes) {
  while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
  if (bytes.empty()) return std::nullopt;
  return TlsDecryption::Opened{static_cast<TlsType>(bytes.back()), bytes.first(bytes.size() - 1)};
}

}  // namespace

std::unique_ptr<TlsDecryption> TlsDecryption::make(const TlsSecrets& secrets, const TlsAgreement& agreement) {
  const std::optional<TlsSuite> suite = tls_suite(agreement.cipher);
  const bool known = agreement.version >= 0x0301 && agreement.version <= 0x0304;
  // Drafts of TLS 1.3 from the 26th on make and use keys as it does.
  const bool draft = agreement.version >= 0x7F1A && agreement.version <= 0x7F1C;
  if (!suite || !(known || draft)) return nullptr;
  return std::unique_ptr<TlsDecryption>(new TlsDecryption(secrets, *suite, agreement));
}

TlsDecryption::Outcome TlsDecryption::open(TcpFlowDirection direction, Bytes record,
                                           std::span<std::uint8_t> out, bool forced, Opened& opened) {
  Way& own = way(direction);
  bool waits = false;
  if (own.cipher == nullptr && !begin(direction, forced, waits))
    return waits ? Outcome::waits : pass(direction);
  const std::optional<std::size_t> size = open_next(direction, record, out);
  if (!size) {
    own.cipher->pass(record);
    return pass(direction);
  }
  own.opened = true;
  own.missed = own.passed = 0;
  ++own.number;
  opened = {static_cast<TlsType>(record[0]), out.first(*size)};
  if (!tls13_) return Outcome::opened;
  const std::optional<Opened> inner = without_padding(opened.bytes);
  if (!inner) return Outcome::failed;
  opened = *inner;
  return Outcome::opened;
}

// The first keys of a direction. False: there are none, or not yet.
bool TlsDecryption::begin(TcpFlowDirection direction, bool forced, bool& waits) {
  if (tls13_) {
    if (direction == sent_by_client) return begin_client(forced, waits);
    return enter(direction, Phase::handshake) || enter(direction, Phase::application);
  }
  // ChangeCipherSpec itself was not captured.
  make_block_keys(direction);
  way(direction).missed = missed_max;
  return way(direction).cipher != nullptr;
}

bool TlsDecryption::begin_client(bool forced, bool& waits) {
  const bool early = agreement_.early_data && !agreement_.retried && early_ != Early::refused;
  if (early && early_ == Early::unknown && !forced && ways_[1].phase != Phase::application) {
    waits = true;
    return false;
  }
  return (early && enter(sent_by_client, Phase::early)) || enter(sent_by_client, Phase::handshake) ||
         enter(sent_by_client, Phase::application);
}

TlsKey TlsDecryption::secret_of(TcpFlowDirection direction, Phase phase) const {
  const bool client = direction == sent_by_client;
  switch (phase) {
    case Phase::early:
      return client ? secrets_.find(agreement_.client_random, TlsSecretKind::client_early) : TlsKey();
    case Phase::handshake:
      return secrets_.find(agreement_.client_random,
                           client ? TlsSecretKind::client_handshake : TlsSecretKind::server_handshake);
    case Phase::application:
      return secrets_.find(agreement_.client_random,
                           client ? TlsSecretKind::client_traffic : TlsSecretKind::server_traffic);
    case Phase::none:
      break;
  }
  return {};
}

// False: its secret is not known; the keys stay as they are.
bool TlsDecryption::enter(TcpFlowDirection direction, Phase phase) {
  const TlsKey secret = secret_of(direction, phase);
  if (secret.empty()) return false;
  Way& own = way(direction);
  own.phase = phase;
  use(own, secret);
  return own.cipher != nullptr;
}

void TlsDecryption::use(Way& way, const TlsKey& secret) {
  way.secret = secret;
  way.number = 0;
  way.cipher = TlsCipher::make(suite_, agreement_.version, false,
                               {tls_expand(suite_.hash, secret, "key", suite_.key_size),
                                tls_expand(suite_.hash, secret, "iv", TlsSuite::nonce_size),
                                {}});
}

void TlsDecryption::change_cipher(TcpFlowDirection direction, const TlsAgreement& agreement) {
  if (tls13_) return;
  const std::optional<TlsSuite> suite = tls_suite(agreement.cipher);
  agreement_ = agreement;
  way(direction).cipher.reset();
  if (!suite) return;
  suite_ = *suite;
  make_block_keys(direction);
}

void TlsDecryption::make_block_keys(TcpFlowDirection direction) {
  const TlsKey master = secrets_.find(agreement_.client_random, TlsSecretKind::master);
  if (master.empty()) return;
  TlsKey seed(agreement_.server_random.begin(), agreement_.server_random.end());
  seed.insert(seed.end(), agreement_.client_random.begin(), agreement_.client_random.end());
  const bool blocks = suite_.mode == TlsCipherMode::cbc;
  const std::size_t mac = blocks ? static_cast<std::size_t>(EVP_MD_get_size(suite_.mac)) : 0;
  const std::size_t iv = suite_.mode == TlsCipherMode::gcm ? 4
                         : blocks                          ? TlsSuite::block_size
                                                           : TlsSuite::nonce_size;
  const std::size_t all = 2 * (mac + suite_.key_size + iv);
  const EVP_MD* hash = agreement_.version >= 0x0303 ? suite_.hash : nullptr;
  const TlsKey block = tls_prf(hash, master, "key expansion", seed, all);
  if (block.size() != all) return;
  const std::size_t turn = direction == sent_by_client ? 0 : 1;
  std::size_t at = turn * mac;
  TlsKey mac_key = key_part(block, at, mac);
  at = 2 * mac + turn * suite_.key_size;
  TlsKey key = key_part(block, at, suite_.key_size);
  at = 2 * (mac + suite_.key_size) + turn * iv;
  TlsKey first = key_part(block, at, iv);
  Way& own = way(direction);
  own.number = 0;
  own.cipher = TlsCipher::make(suite_, agreement_.version, blocks && agreement_.encrypt_then_mac,
                               {std::move(key), std::move(first), std::move(mac_key)});
}

// With the keys in use, or those that follow them, when their change was not seen.
std::optional<std::size_t> TlsDecryption::open_next(TcpFlowDirection direction, Bytes record,
                                                    std::span<std::uint8_t> out) {
  Way& own = way(direction);
  std::optional<std::size_t> size = try_numbers(own, record, out);
  if (!tls13_) return size;
  for (const Phase phase : {Phase::handshake, Phase::application}) {
    if (size || own.phase >= phase) continue;
    Way next;
    next.missed = own.missed;
    next.phase = phase;
    const TlsKey secret = secret_of(direction, phase);
    if (secret.empty()) continue;
    use(next, secret);
    size = next.cipher != nullptr ? try_numbers(next, record, out) : std::nullopt;
    if (size) own = std::move(next);
  }
  return size;
}

std::optional<std::size_t> TlsDecryption::try_numbers(Way& way, Bytes record, std::span<std::uint8_t> out) {
  std::optional<std::size_t> size = way.cipher->open(way.number, record, out);
  for (std::uint32_t i = 1; !size && i <= way.missed && trials_ < trials_max; ++i, ++trials_) {
    size = way.cipher->open(way.number + i, record, out);
    if (size) way.number += i;
  }
  return size;
}

// A record that cannot be opened may be one that the server does not read either, or may follow a gap.
TlsDecryption::Outcome TlsDecryption::pass(TcpFlowDirection direction) {
  Way& own = way(direction);
  const bool early = tls13_ && direction == sent_by_client && agreement_.early_data && !own.opened;
  const std::uint32_t most = early ? passed_early_max : own.missed > 0 ? passed_behind_gap_max : 0;
  if (++own.passed > most) return Outcome::failed;
  if (own.missed > 0) ++own.missed;
  return Outcome::passed;
}

void TlsDecryption::message(TcpFlowDirection direction, std::uint8_t type, Bytes body) {
  enum Type : std::uint8_t {
    end_of_early_data = 5,
    encrypted_extensions = 8,
    finished = 20,
    key_update = 24
  };
  if (!tls13_) return;
  Way& own = way(direction);
  if (type == encrypted_extensions && direction != sent_by_client) {
    early_ = parse_encrypted_extensions(body).early_data ? Early::accepted : Early::refused;
  } else if (type == end_of_early_data && own.phase == Phase::early) {
    if (!enter(direction, Phase::handshake)) enter(direction, Phase::application);
  } else if (type == finished && own.phase == Phase::handshake) {
    if (!enter(direction, Phase::application)) own.cipher.reset();
  } else if (type == key_update && own.phase == Phase::application) {
    const TlsKey next = tls_expand(suite_.hash, own.secret, "traffic upd",
                                   static_cast<std::size_t>(EVP_MD_get_size(suite_.hash)));
    use(own, next);
  }
}

void TlsDecryption::lose_record(TcpFlowDirection direction) {
  Way& own = way(direction);
  ++own.number;
  own.missed = std::max<std::uint32_t>(own.missed, 1);
}

void TlsDecryption::lose_bytes(TcpFlowDirection direction, std::uint64_t size) {
  Way& own = way(direction);
  const std::uint64_t more = size / record_size_min + 1;
  own.missed = static_cast<std::uint32_t>(std::min<std::uint64_t>(missed_max, own.missed + more));
}

}  // namespace restitch
