// Compressed inputs: a ByteSource that decompresses what another one gives: gzip, zstd, lz4 or xz frames,
// one after another as the tools themselves allow. A damaged tail ends it: what could be decompressed
// before was delivered, and failure() says why there is no more. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "capture/byte_source.h"
#include "capture/input_buffer.h"

namespace restitch {

// True when an input that starts so is compressed in a way we can read. Needs 4 bytes to say yes
// (gzip: 2).
bool is_compressed(Bytes start);

// The source of the decompressed bytes. What it takes besides its input is lent by the input's memory; a file
// that takes more is not decompressed. Requires: is_compressed(input.bytes()).
std::unique_ptr<ByteSource> decompress(InputBuffer input);

// What one step of a decompressor did.
struct Inflated {
  std::size_t consumed = 0;  // bytes of the input
  std::size_t produced = 0;  // bytes of the output
  bool frame_ended = false;  // a frame is complete; the next one, if any, follows
  std::string failure;       // not empty: the input is damaged
};

// One compression format, as a state machine over bytes.
class Decompressor {
 public:
  virtual ~Decompressor() = default;

  // Decompresses some of `in` to the `size` bytes at `to`. Nothing consumed, nothing produced and no
  // failure means: more input, please. Requires: size > 0.
  virtual Inflated step(Bytes in, std::uint8_t* to, std::size_t size) = 0;
  [[nodiscard]] virtual const char* name() const = 0;
};

// Each takes what it needs of the loan, or fails.
std::unique_ptr<Decompressor> make_gzip_decompressor(MemoryLoan loan);
std::unique_ptr<Decompressor> make_zstd_decompressor(MemoryLoan loan);
std::unique_ptr<Decompressor> make_lz4_decompressor(MemoryLoan loan);
// Requires: can_decompress_xz(), which is up to the build.
std::unique_ptr<Decompressor> make_xz_decompressor(MemoryLoan loan);
bool can_decompress_xz();

// What a decompressor may take in all: as much as can be lent, or where nobody counts some 128 MiB, which is
// what the tools take themselves unless told otherwise.
std::size_t allowed(const MemoryLoan& loan);

// Why a file is not decompressed: "takes 129 MiB of memory to decompress, where 64 MiB are left (see
// --memory)".
std::string too_much_memory(std::uint64_t needed, std::uint64_t left);

}  // namespace restitch
