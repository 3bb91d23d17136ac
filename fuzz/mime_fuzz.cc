// Any bytes as a mail, once whole and once in pieces with a gap, as the first byte says: the pieces find the
// same objects as the whole if there is no gap, and each object that begins ends.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "app/mime_parser.h"
#include "support/talk.h"

namespace {

using restitch::Bytes;

struct Mail : restitch::testing::Talk {
  void read(Bytes bytes, std::size_t size, std::size_t gap_at) {
    restitch::Findings findings(*conversation);
    restitch::MimeParser parser("smtp", restitch::TcpFlowDirection::client_to_server);
    std::uint64_t offset = 0;
    while (!bytes.empty()) {
      const Bytes piece = bytes.first(std::min(size, bytes.size()));
      // A block of its own, so that AddressSanitizer guards its end.
      const std::vector<std::uint8_t> block(piece.begin(), piece.end());
      parser.data(findings, block, {offset, 0, {}, 1});
      offset += piece.size();
      bytes = bytes.subspan(piece.size());
      if (gap_at-- == 0) parser.gap(findings, 9);
    }
    parser.end(findings, true);
    for (const Object& object : objects) {
      if (!object.ended) std::abort();
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Bytes mail(data + 2, size - 2);
  Mail whole;
  whole.read(mail, mail.size() + 1, mail.size() + 1);
  Mail pieces;
  const std::size_t gap_at = data[1] == 0 ? mail.size() + 1 : data[1];
  pieces.read(mail, data[0] % 16U + 1, gap_at);
  if (data[1] != 0) return 0;
  if (whole.objects.size() != pieces.objects.size()) std::abort();
  for (std::size_t i = 0; i < whole.objects.size(); ++i) {
    if (whole.objects[i].data != pieces.objects[i].data) std::abort();
    if (whole.objects[i].head.name != pieces.objects[i].head.name) std::abort();
  }
  return 0;
}
