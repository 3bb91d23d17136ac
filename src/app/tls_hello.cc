#include "app/tls_hello.h"

#include <algorithm>

#include "app/tls_cursor.h"

namespace restitch {
namespace {

enum TlsExtension : std::uint16_t {
  server_name_extension = 0,
  groups_extension = 10,
  point_formats_extension = 11,
  signatures_extension = 13,
  alpn_extension = 16,
  encrypt_then_mac_extension = 22,
  ticket_extension = 35,
  draft_key_share_extension = 40,
  shared_key_extension = 41,
  early_data_extension = 42,
  versions_extension = 43,
  key_share_extension = 51,
};

// The random of a ServerHello that is a HelloRetryRequest (RFC 8446, 4.1.3).
constexpr TlsRandom retry_random = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C,
                                    0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB,
                                    0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

std::string hello_text(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<std::uint16_t> hello_numbers(Bytes bytes) {
  std::vector<std::uint16_t> numbers;
  numbers.reserve(bytes.size() / 2);
  for (TlsCursor cursor(bytes); cursor.left() >= 2;) numbers.push_back(cursor.u16());
  return numbers;
}

std::string hello_server_name(Bytes body) {
  TlsCursor names(TlsCursor(body).list(2));
  while (names.left() >= 3) {
    const std::uint8_t type = names.u8();
    const Bytes name = names.list(2);
    if (type == 0) return hello_text(name);
  }
  return {};
}

std::vector<std::string> hello_alpn(Bytes body) {
  std::vector<std::string> found;
  TlsCursor names(TlsCursor(body).list(2));
  while (names.left() > 0 && names.good()) found.push_back(hello_text(names.list(1)));
  return found;
}

// Calls `take(type, body)` for each extension that is whole.
template <class Take>
void hello_extensions(Bytes bytes, const Take& take) {
  TlsCursor cursor(bytes);
  while (cursor.left() >= 4) {
    const std::uint16_t type = cursor.u16();
    const Bytes body = cursor.list(2);
    if (!cursor.good()) return;
    take(type, body);
  }
}

void take_client_extension(TlsClientHello& hello, std::uint16_t type, Bytes body) {
  hello.extensions.push_back(type);
  TlsCursor cursor(body);
  switch (type) {
    case server_name_extension:
      if (hello.server_name.empty()) hello.server_name = hello_server_name(body);
      break;
    case groups_extension:
      hello.groups = hello_numbers(cursor.list(2));
      break;
    case point_formats_extension: {
      const Bytes formats = cursor.list(1);
      hello.point_formats.assign(formats.begin(), formats.end());
      break;
    }
    case signatures_extension:
      hello.signatures = hello_numbers(cursor.list(2));
      break;
    case alpn_extension:
      hello.alpn = hello_alpn(body);
      break;
    case versions_extension:
      hello.versions = hello_numbers(cursor.list(1));
      break;
    case ticket_extension:
      hello.ticket = !body.empty();
      break;
    case shared_key_extension:
      hello.shared_key = true;
      break;
    case early_data_extension:
      hello.early_data = true;
      break;
    default:
      break;
  }
}

void take_server_extension(TlsServerHello& hello, std::uint16_t type, Bytes body) {
  hello.extensions.push_back(type);
  TlsCursor cursor(body);
  switch (type) {
    case alpn_extension: {
      const std::vector<std::string> names = hello_alpn(body);
      if (!names.empty()) hello.alpn = names.front();
      break;
    }
    case versions_extension:
      hello.selected_version = cursor.u16();
      break;
    case draft_key_share_extension:
    case key_share_extension:
      hello.group = cursor.u16();
      break;
    case shared_key_extension:
      hello.shared_key = true;
      break;
    case encrypt_then_mac_extension:
      hello.encrypt_then_mac = true;
      break;
    default:
      break;
  }
}

}  // namespace

std::uint16_t TlsClientHello::highest_version() const {
  std::uint16_t highest = 0;
  for (const std::uint16_t offered : versions) {
    if (!is_grease(offered)) highest = std::max(highest, offered);
  }
  return highest != 0 ? highest : version;
}

std::optional<TlsClientHello> parse_client_hello(Bytes body) {
  TlsCursor cursor(body);
  TlsClientHello hello;
  hello.version = cursor.u16();
  const Bytes random = cursor.take(hello.random.size());
  std::copy(random.begin(), random.end(), hello.random.begin());
  const Bytes id = cursor.list(1);
  const Bytes ciphers = cursor.list(2);
  if (!cursor.good() || id.size() > 32 || ciphers.size() % 2 != 0) return std::nullopt;
  hello.session_id.assign(id.begin(), id.end());
  hello.ciphers = hello_numbers(ciphers);
  cursor.list(1);  // compressions
  if (!cursor.good()) return std::nullopt;
  hello_extensions(cursor.list(2), [&](std::uint16_t type, Bytes extension) {
    take_client_extension(hello, type, extension);
  });
  return hello;
}

std::optional<TlsServerHello> parse_server_hello(Bytes body) {
  TlsCursor cursor(body);
  TlsServerHello hello;
  hello.version = cursor.u16();
  const Bytes random = cursor.take(hello.random.size());
  std::copy(random.begin(), random.end(), hello.random.begin());
  hello.retry = hello.random == retry_random;
  // Drafts of TLS 1.3 before the 22nd have neither session nor compression.
  const bool draft = (hello.version >> 8) == 0x7F && hello.version < 0x7F16;
  const Bytes id = draft ? Bytes() : cursor.list(1);
  if (id.size() > 32) return std::nullopt;
  hello.session_id.assign(id.begin(), id.end());
  hello.cipher = cursor.u16();
  if (!draft) cursor.u8();
  if (!cursor.good()) return std::nullopt;
  hello_extensions(cursor.list(2), [&](std::uint16_t type, Bytes extension) {
    take_server_extension(hello, type, extension);
  });
  return hello;
}

std::optional<TlsClientHello> parse_old_client_hello(Bytes record) {
  TlsCursor cursor(record);
  const std::uint16_t length = cursor.u16();
  const std::uint8_t type = cursor.u8();
  TlsClientHello hello;
  hello.old_form = true;
  hello.version = cursor.u16();
  const std::uint16_t ciphers = cursor.u16();
  const std::uint16_t id = cursor.u16();
  const std::uint16_t challenge = cursor.u16();
  const std::size_t size = std::size_t{9} + ciphers + id + challenge;
  if (!cursor.good() || (length & 0x8000) == 0 || (length & 0x7FFFU) != size || type != 1 ||
      ciphers % 3 != 0 || ciphers == 0 || (id != 0 && id != 16 && id != 32) || challenge < 16 ||
      challenge > 32) {
    return std::nullopt;
  }
  TlsCursor specs(cursor.take(ciphers));
  while (specs.left() >= 3) {
    const std::uint32_t spec = specs.number(3);
    if (spec <= 0xFFFF) hello.ciphers.push_back(static_cast<std::uint16_t>(spec));
  }
  const Bytes session = cursor.take(id);
  hello.session_id.assign(session.begin(), session.end());
  const Bytes random = cursor.take(challenge);
  std::copy_backward(random.begin(), random.end(), hello.random.end());
  return cursor.good() ? std::optional(std::move(hello)) : std::nullopt;
}

TlsEncryptedExtensions parse_encrypted_extensions(Bytes body) {
  TlsEncryptedExtensions found;
  hello_extensions(TlsCursor(body).list(2), [&](std::uint16_t type, Bytes extension) {
    if (type == early_data_extension) found.early_data = true;
    if (type != alpn_extension) return;
    const std::vector<std::string> names = hello_alpn(extension);
    if (!names.empty()) found.alpn = names.front();
  });
  return found;
}

}  // namespace restitch
