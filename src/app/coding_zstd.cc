// The coding zstd, through libzstd.
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "app/coding.h"

namespace restitch {
namespace {

class ZstdCoding final : public Coding {
 public:
  ZstdCoding() : stream_(ZSTD_createDStream()) {
    if (stream_ != nullptr) ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, window_log_max);
  }

  bool decode(Bytes coded, DecodedTaker& taker) override;
  [[nodiscard]] bool complete() const override { return between_; }
  [[nodiscard]] std::size_t memory() const override { return ZSTD_sizeof_DStream(stream_.get()); }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  static constexpr int window_log_max = 23;           // RFC 9659
  static constexpr std::size_t frame_start_size = 5;  // enough to begin a frame with

  std::unique_ptr<ZSTD_DStream, Free> stream_;
  // How much input zstd asked for: a block. Given more, it would take the good blocks before a damaged one
  // with it into the error.
  std::size_t wanted_ = frame_start_size;
  bool between_ = true;  // two frames
};

bool ZstdCoding::decode(Bytes coded, DecodedTaker& taker) {
  if (stream_ == nullptr) return false;
  std::array<std::uint8_t, std::size_t{16} << 10> decoded;
  for (bool full = false; full || !coded.empty();) {
    ZSTD_inBuffer in{coded.data(), std::min(coded.size(), wanted_), 0};
    ZSTD_outBuffer out{decoded.data(), decoded.size(), 0};
    const std::size_t hint = ZSTD_decompressStream(stream_.get(), &out, &in);
    coded = coded.subspan(in.pos);
    if (out.pos != 0 && !taker.take_decoded(Bytes(decoded).first(out.pos))) return false;
    if (ZSTD_isError(hint) != 0) return false;
    if (in.pos == 0 && out.pos == 0) {
      if (coded.empty()) return true;
      return false;  // it does not move on
    }
    between_ = hint == 0;
    wanted_ = hint == 0 ? frame_start_size : hint;
    full = out.pos == decoded.size();
  }
  return true;
}

}  // namespace

std::unique_ptr<Coding> make_zstd_coding() { return std::make_unique<ZstdCoding>(); }

}  // namespace restitch
