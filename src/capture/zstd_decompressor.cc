// Zstandard (RFC 8878) through libzstd.
#include <zstd.h>

#include <algorithm>

#include "capture/compressed_source.h"

namespace restitch {

namespace {

// Enough to begin a frame with.
constexpr std::size_t frame_start_size = 5;

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class ZstdDecompressor final : public Decompressor {
 public:
  ZstdDecompressor() : stream_(ZSTD_createDStream()) {}

  Inflated step(Bytes in, std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] const char* name() const override { return "zstd"; }

 private:
  std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
  // How much input zstd asked for: a block. Given more, it would take the good blocks before a damaged
  // one with it into the error.
  std::size_t wanted_ = frame_start_size;
};

Inflated ZstdDecompressor::step(Bytes in, std::uint8_t* to, std::size_t size) {
  if (!stream_) return {0, 0, false, "out of memory"};
  ZSTD_inBuffer input{in.data(), std::min(in.size(), wanted_), 0};
  ZSTD_outBuffer output{to, size, 0};
  const std::size_t hint = ZSTD_decompressStream(stream_.get(), &output, &input);
  if (ZSTD_isError(hint) != 0) return {input.pos, output.pos, false, ZSTD_getErrorName(hint)};
  wanted_ = hint == 0 ? frame_start_size : hint;
  // Only a call that did something can end a frame: between two frames the hint is not about the last.
  return {input.pos, output.pos, hint == 0 && (input.pos > 0 || output.pos > 0), {}};
}

}  // namespace

std::unique_ptr<Decompressor> make_zstd_decompressor() { return std::make_unique<ZstdDecompressor>(); }

}  // namespace restitch
