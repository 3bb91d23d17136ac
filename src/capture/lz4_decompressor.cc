// LZ4 frames through liblz4.
#include <lz4frame.h>

#include <algorithm>

#include "capture/compressed_source.h"

namespace restitch {

namespace {

// Enough to begin a frame with.
constexpr std::size_t frame_start_size = LZ4F_HEADER_SIZE_MIN;

struct FreeContext {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

class Lz4Decompressor final : public Decompressor {
 public:
  Lz4Decompressor() {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) == 0) context_.reset(context);
  }

  Inflated step(Bytes in, std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] const char* name() const override { return "lz4"; }

 private:
  std::unique_ptr<LZ4F_dctx, FreeContext> context_;
  // How much input lz4 asked for: a block. Given more, it would take the good blocks before a damaged
  // one with it into the error.
  std::size_t wanted_ = frame_start_size;
};

Inflated Lz4Decompressor::step(Bytes in, std::uint8_t* to, std::size_t size) {
  if (!context_) return {0, 0, false, "out of memory"};
  std::size_t consumed = std::min(in.size(), wanted_);
  std::size_t produced = size;
  const std::size_t hint = LZ4F_decompress(context_.get(), to, &produced, in.data(), &consumed, nullptr);
  if (LZ4F_isError(hint) != 0) return {0, 0, false, LZ4F_getErrorName(hint)};
  wanted_ = hint == 0 ? frame_start_size : hint;
  return {consumed, produced, hint == 0 && (consumed > 0 || produced > 0), {}};
}

}  // namespace

std::unique_ptr<Decompressor> make_lz4_decompressor() { return std::make_unique<Lz4Decompressor>(); }

}  // namespace restitch
