#include "app/tls_analyzer.h"
#include "app/tls_hello.h"
#include "app/tls_layer.h"

namespace restitch {
namespace {

constexpr std::size_t hello_seen = TlsHeader::bytes + 6;  // up to its version

// Whether a record with such a hello begins here.
Fit fits_hello(Bytes bytes, std::uint8_t message) {
  constexpr std::uint8_t handshake = static_cast<std::uint8_t>(TlsType::handshake);
  if (bytes.empty()) return Fit::perhaps;
  if (bytes[0] != handshake || (bytes.size() > 1 && bytes[1] != 3) || (bytes.size() > 2 && bytes[2] > 4)) {
    return Fit::no;
  }
  if (bytes.size() > TlsHeader::bytes && bytes[TlsHeader::bytes] != message) return Fit::no;
  if (bytes.size() < hello_seen) return Fit::perhaps;
  const std::optional<TlsHeader> header = tls_header(bytes);
  const std::size_t size = std::size_t{bytes[6]} << 16 | std::size_t{bytes[7]} << 8 | bytes[8];
  const std::uint8_t major = bytes[9];
  if (!header || header->size < 4 || size < 36 || size > TlsMessages::size_max) return Fit::no;
  return major == 3 || (message == 2 && (major == 0x7F || major == 0x7E)) ? Fit::yes : Fit::no;
}

Fit fits_old_hello(Bytes bytes) {
  constexpr std::size_t known = 11;
  if (bytes.size() < 3) return bytes.empty() || (bytes[0] & 0x80) != 0 ? Fit::perhaps : Fit::no;
  if ((bytes[0] & 0x80) == 0 || bytes[2] != 1 || (bytes.size() > 3 && bytes[3] != 3 && bytes[3] != 0))
    return Fit::no;
  if (bytes.size() < known) return Fit::perhaps;
  const std::size_t size = (std::size_t{bytes[0]} & 0x7F) << 8 | bytes[1];
  if (size > 1'024 || (bytes[3] == 0 && bytes[4] != 2)) return Fit::no;
  if (bytes.size() < size + 2) return Fit::perhaps;
  return parse_old_client_hello(bytes.first(size + 2)) ? Fit::yes : Fit::no;
}

// Whether a server may say this to a client that speaks TLS.
bool may_answer(Bytes bytes) {
  return bytes.size() < TlsHeader::bytes ? bytes.empty() || (bytes[0] >= 20 && bytes[0] <= 24)
                                         : tls_header(bytes).has_value();
}

}  // namespace

Fit tls_fit(Bytes client, Bytes server) {
  if (client.empty()) return fits_hello(server, 2);
  Fit fit = fits_hello(client, 1);
  if (fit == Fit::no) fit = fits_old_hello(client);
  return fit == Fit::yes && !may_answer(server) ? Fit::no : fit;
}

}  // namespace restitch
