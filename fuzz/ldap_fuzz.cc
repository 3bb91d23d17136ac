// Any bytes as what two ends say in LDAP, with gaps and ends in between.
#include "support/talk_of_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  restitch::testing::talk_of_bytes({data, size});
  return 0;
}
