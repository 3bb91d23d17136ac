// LZ4 frames through liblz4.
#include <lz4frame.h>

#include <algorithm>
#include <array>
#include <utility>

#include "capture/compressed_source.h"

namespace restitch {

namespace {

// Enough to begin a frame with.
constexpr std::size_t frame_start_size = LZ4F_HEADER_SIZE_MIN;

// What liblz4 takes for blocks of the size that a frame names: one as it comes, one with the 64 KiB before it
// that it may refer to, and as much again to move it in.
std::size_t memory_of(std::uint8_t block_descriptor) {
  constexpr std::array<std::size_t, 4> block_sizes = {64 << 10, 256 << 10, 1 << 20, 4 << 20};
  const unsigned code = block_descriptor >> 4 & 7U;
  return 2 * block_sizes[code < 4 ? 0 : code - 4] + (std::size_t{160} << 10);
}

struct FreeContext {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

class Lz4Decompressor final : public Decompressor {
 public:
  explicit Lz4Decompressor(MemoryLoan loan) : loan_(std::move(loan)) {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) == 0) context_.reset(context);
  }

  Inflated step(Bytes in, std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] const char* name() const override { return "lz4"; }

 private:
  MemoryLoan loan_;
  bool in_frame_ = false;
  std::unique_ptr<LZ4F_dctx, FreeContext> context_;
  // How much input lz4 asked for: a block. Given more, it would take the good blocks before a damaged
  // one with it into the error.
  std::size_t wanted_ = frame_start_size;
};

Inflated Lz4Decompressor::step(Bytes in, std::uint8_t* to, std::size_t size) {
  if (!context_) return {0, 0, false, "out of memory"};
  if (!in_frame_) {
    // Magic number, flags, size of the blocks.
    constexpr std::size_t block_descriptor = 5;
    if (in.size() <= block_descriptor) return {};
    const std::size_t memory = memory_of(in[block_descriptor]);
    if (!loan_.resize(memory)) return {0, 0, false, too_much_memory(memory, allowed(loan_))};
    in_frame_ = true;
  }
  std::size_t consumed = std::min(in.size(), wanted_);
  std::size_t produced = size;
  const std::size_t hint = LZ4F_decompress(context_.get(), to, &produced, in.data(), &consumed, nullptr);
  if (LZ4F_isError(hint) != 0) return {0, 0, false, LZ4F_getErrorName(hint)};
  wanted_ = hint == 0 ? frame_start_size : hint;
  const bool ended = hint == 0 && (consumed > 0 || produced > 0);
  if (ended) in_frame_ = false;
  return {consumed, produced, ended, {}};
}

}  // namespace

std::unique_ptr<Decompressor> make_lz4_decompressor(MemoryLoan loan) {
  return std::make_unique<Lz4Decompressor>(std::move(loan));
}

}  // namespace restitch
