// Any bytes as what two ends say over HTTP/1. Those that begin with a byte of which the highest bit is set
// are a head, for both readers: where llhttp takes it and the other one finds nothing odd, they read the
// same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "app/http1_head.h"
#include "app/http1_text.h"
#include "support/talk_of_bytes.h"

namespace {

using namespace restitch;

void require(bool condition) {
  if (!condition) std::abort();
}

void read_both(std::string_view text, http1::Head::Kind kind) {
  http1::HeadEnd whole;
  const std::size_t size = whole.find(text, false);
  http1::HeadEnd bytewise;
  std::size_t found = 0;
  for (std::size_t some = 1; some <= text.size() && found == 0; ++some) {
    found = bytewise.find(text.substr(0, some), false);
  }
  require(found == size);
  if (size == 0) return;
  const http1::Head strict = http1::read_strictly(text.substr(0, size), kind);
  const http1::Head generous = http1::read_generously(text.substr(0, size), kind);
  for (const http1::Oddity& oddity : generous.oddities) require(oddity.at <= size);
  if (!strict.valid || !generous.oddities.empty()) return;
  require(generous.valid && strict.method == generous.method && strict.status == generous.status);
  require(strict.fields.size() == generous.fields.size());
  for (std::size_t i = 0; i < strict.fields.size(); ++i) {
    require(strict.fields[i].name == generous.fields[i].name);
    require(http1::unfolded(strict.fields[i].value) == http1::unfolded(generous.fields[i].value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  if (size != 0 && (data[0] & 0x80) != 0) {
    read_both(http1::text_of(bytes.subspan(1)),
              (data[0] & 1) != 0 ? http1::Head::Kind::request : http1::Head::Kind::response);
    return 0;
  }
  testing::talk_of_bytes(bytes);
  return 0;
}
