// How TLS makes keys out of secrets: the PRF of TLS 1.0 to 1.2, and HKDF-Expand-Label of TLS 1.3. Pure
// functions; any thread.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "restitch/packet.h"

namespace restitch {

using TlsKey = std::vector<std::uint8_t>;

// Of TLS 1.2 with its hash, or with nullptr that of TLS 1.0 and 1.1, of MD5 and SHA-1. Empty: OpenSSL
// refuses.
TlsKey tls_prf(const EVP_MD* hash, Bytes secret, std::string_view label, Bytes seed, std::size_t size);
// With an empty context.
TlsKey tls_expand(const EVP_MD* hash, Bytes secret, std::string_view label, std::size_t size);

}  // namespace restitch
