// Any bytes as a key log, at once and in two parts: the parts teach no less. The first byte says where they
// part.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "restitch/app/tls_secrets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  restitch::TlsSecrets at_once;
  at_once.add_lines(text);
  restitch::TlsSecrets in_parts;
  const std::size_t first = std::min<std::size_t>(data[0], text.size());
  in_parts.add_lines(text.substr(0, first));
  in_parts.add_lines(text.substr(first));
  if (in_parts.size() < at_once.size()) std::abort();
  return 0;
}
