// gzip (RFC 1952) through zlib.
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "capture/compressed_source.h"

namespace restitch {

namespace {

// A window of 32 KiB and, by zlib's own account, some 7 KiB.
constexpr std::size_t state_size = std::size_t{48} << 10;

constexpr int gzip_only = 16;  // added to the window bits: expect a gzip header

uInt clamp_size(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class GzipDecompressor final : public Decompressor {
 public:
  explicit GzipDecompressor(MemoryLoan loan)
      : loan_(std::move(loan)),
        ready_(loan_.resize(state_size) && inflateInit2(&stream_, MAX_WBITS + gzip_only) == Z_OK) {}
  ~GzipDecompressor() override {
    if (ready_) inflateEnd(&stream_);
  }
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;

  Inflated step(Bytes in, std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] const char* name() const override { return "gzip"; }

 private:
  MemoryLoan loan_;
  z_stream stream_{};
  bool ready_;
};

Inflated GzipDecompressor::step(Bytes in, std::uint8_t* to, std::size_t size) {
  if (!ready_) return {0, 0, false, "out of memory"};
  const uInt in_size = clamp_size(in.size());
  const uInt out_size = clamp_size(size);
  stream_.next_in = const_cast<Bytef*>(in.data());  // zlib's older interface; it does not write there
  stream_.avail_in = in_size;
  stream_.next_out = to;
  stream_.avail_out = out_size;
  const int status = inflate(&stream_, Z_NO_FLUSH);
  Inflated result{in_size - stream_.avail_in, out_size - stream_.avail_out, status == Z_STREAM_END, {}};
  if (status == Z_STREAM_END) {
    inflateReset(&stream_);
  } else if (status != Z_OK && status != Z_BUF_ERROR) {
    result.failure = stream_.msg != nullptr ? stream_.msg : "the data are damaged";
  }
  return result;
}

}  // namespace

std::unique_ptr<Decompressor> make_gzip_decompressor(MemoryLoan loan) {
  return std::make_unique<GzipDecompressor>(std::move(loan));
}

}  // namespace restitch
