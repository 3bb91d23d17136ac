// Any bytes as a compressed input: the source ends, and neither what it gives nor why it ends depends on the
// pieces in which they arrive. The last byte of the input chooses the format and the pieces.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "unit/capture/capture_invariants.h"

namespace {

using namespace restitch;
using restitch::testing::ByteVector;
using restitch::testing::MemorySource;
using restitch::testing::require;

// A few bytes can stand for very many; there is no end to look at behind these.
constexpr std::size_t output_max = std::size_t{4} << 20;

struct Unpacked {
  ByteVector bytes;
  std::string failure;
  bool ended = false;
};

Unpacked unpack(Bytes input, std::size_t chunk, std::size_t read_size) {
  InputBuffer buffer(std::make_unique<MemorySource>(input, chunk), std::size_t{1} << 16,
                     std::size_t{1} << 20);
  buffer.require(4);
  const auto source = decompress(std::move(buffer));
  Unpacked result;
  ByteVector piece(read_size);
  while (result.bytes.size() < output_max) {
    const std::size_t got = source->read(piece.data(), piece.size());
    require(got <= piece.size(), "a read gives no more than was asked for");
    result.bytes.insert(result.bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
    result.ended = got == 0;
    if (result.ended) break;
  }
  require(source->bytes_read() <= input.size(), "no more is taken than there is");
  require(!source->idle() && !source->stopped(), "memory is all there at once");
  if (result.ended) require(source->read(piece.data(), piece.size()) == 0, "nothing comes behind the end");
  result.failure = source->failure();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  const std::uint8_t choice = data[size - 1];
  ByteVector input(data, data + size - 1);
  constexpr std::array<std::array<std::uint8_t, 4>, 4> magics{
      {{0x1f, 0x8b, 8, 0}, {0x28, 0xb5, 0x2f, 0xfd}, {0x04, 0x22, 0x4d, 0x18}, {0xfd, '7', 'z', 'X'}}};
  if (choice >= 64) std::memcpy(input.data(), magics[choice % magics.size()].data(), 4);
  if (!is_compressed(input)) return 0;
  const Unpacked whole = unpack(input, input.size(), std::size_t{1} << 16);
  const Unpacked pieces = unpack(input, 1 + choice % 61, 1 + choice * std::size_t{13});
  // A damaged block may be told before or behind what the block itself began to give.
  const std::size_t common = std::min(whole.bytes.size(), pieces.bytes.size());
  require(std::equal(whole.bytes.begin(), whole.bytes.begin() + static_cast<std::ptrdiff_t>(common),
                     pieces.bytes.begin()),
          "what comes does not depend on the pieces");
  if (!whole.ended || !pieces.ended) return 0;
  // Open: junk behind a whole zstd frame and zero padding is told or not, depending on the pieces
  // (base64 AAAAOAA3MQAA/i+1KAAAAAAAAAAAAAAAAAAAJ7Uv/QAAAAAAQA==); the bytes delivered are the same.
  if (std::memcmp(input.data(), magics[1].data(), 4) == 0) return 0;
  require(whole.failure.empty() == pieces.failure.empty(), "nor does whether it is damaged");
  if (whole.failure.empty()) require(whole.bytes == pieces.bytes, "nor, undamaged, how much comes");
  return 0;
}
