// Any bytes as the files of a batch: a manifest, a line of a map file, a segment of a carry. What is read is
// written again as it was.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "batch/carry_segment.h"
#include "batch/connection_line.h"
#include "batch/manifest.h"

namespace {

using namespace restitch;

void require(bool condition) {
  if (!condition) std::abort();
}

void read_manifest(std::string_view text) {
  const auto manifest = batch::Manifest::parse(text);
  if (!manifest) return require(!manifest.error().message.empty());
  const auto again = manifest->text();
  // A name may be one that only JSON's escapes can say.
  if (again) require(batch::Manifest::parse(*again) == *manifest);
}

void read_line(std::string_view line) {
  const auto parsed = batch::parse_line(line);
  if (!parsed) return;
  std::string out;
  batch::append_line(out, parsed->place.connection, parsed->rest);
}

void read_segment(std::string_view bytes) {
  batch::ByteText text(bytes);
  NetFlow net;
  net.source.version = net.destination.version = 4;
  net.destination.bytes[15] = 1;
  batch::FoundSegment segment;
  if (!batch::take_segment(text, net, {1, 2}, segment)) return;
  std::string out;
  batch::append_segment(out, segment);
  batch::ByteText again(out);
  batch::FoundSegment same;
  require(batch::take_segment(again, net, {1, 2}, same) && again.at_end());
  require(same.rank == segment.rank && same.info == segment.info && same.decoded.net == segment.decoded.net);
  require(same.decoded.tcp.payload.size() == segment.decoded.tcp.payload.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) read_manifest(text);
  if (data[0] % 3 == 1) read_line(text);
  if (data[0] % 3 == 2) read_segment(text);
  return 0;
}
