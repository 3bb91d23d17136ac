// JA3, JA3S and JA4: what tells programs that speak TLS apart. Pure functions; any thread.
#pragma once

#include <string>

#include "app/tls_hello.h"

namespace restitch {

// "771,4865-4866,0-23,29-23,0"; JA3 itself is the MD5 of it.
std::string ja3_text(const TlsClientHello& hello);
std::string ja3s_text(const TlsServerHello& hello);
// "t13d1516h2_8daaf6152771_e5627efa2ab1".
std::string ja4_of(const TlsClientHello& hello);

}  // namespace restitch
