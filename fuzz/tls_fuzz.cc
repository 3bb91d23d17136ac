// Any bytes as a talk of TLS, and the key log to it: two bytes say how long the key log is, then it stands,
// then what talk_of_bytes() makes a talk of. With an odd length more lines may come, so that analyzers wait
// for them.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "restitch/app/tls_secrets.h"
#include "support/talk_of_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  restitch::Bytes bytes(data + 2, size - 2);
  const std::size_t said = std::size_t{data[0]} << 8 | data[1];
  const restitch::Bytes log = bytes.first(std::min(said, bytes.size()));
  restitch::TlsSecrets secrets;
  secrets.add_lines(std::string_view(reinterpret_cast<const char*>(log.data()), log.size()));
  secrets.set_growing(said % 2 == 1);
  restitch::AppOptions options;
  options.secrets = &secrets;
  restitch::testing::talk_of_bytes(bytes.subspan(log.size()), options);
  return 0;
}
