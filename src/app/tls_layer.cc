#include "app/tls_layer.h"

namespace restitch {

std::optional<TlsHeader> tls_header(Bytes bytes) {
  const std::uint8_t type = bytes[0];
  if (type < 20 || type > 24 || bytes[1] != 3 || bytes[2] > 4) return std::nullopt;
  const auto size = static_cast<std::uint16_t>(bytes[3] << 8 | bytes[4]);
  if (size > TlsHeader::size_max) return std::nullopt;
  return TlsHeader{static_cast<TlsType>(type), static_cast<std::uint16_t>(bytes[1] << 8 | bytes[2]), size};
}

std::optional<std::size_t> find_tls_record(Bytes bytes, std::size_t& from) {
  for (; from + TlsHeader::bytes <= bytes.size(); ++from) {
    const std::optional<TlsHeader> header = tls_header(bytes.subspan(from));
    if (!header || header->size == 0) continue;
    const std::size_t behind = from + TlsHeader::bytes + header->size;
    if (behind == bytes.size()) return from;
    if (behind + TlsHeader::bytes > bytes.size()) return std::nullopt;
    if (tls_header(bytes.subspan(behind))) return from;
  }
  return std::nullopt;
}

}  // namespace restitch
