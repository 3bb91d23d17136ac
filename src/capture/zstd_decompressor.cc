// Zstandard (RFC 8878) through libzstd.
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <vector>

#include "capture/compressed_source.h"

namespace restitch {

namespace {

// Enough to begin a frame with.
constexpr std::size_t frame_start_size = 5;

// The longest header of a frame.
constexpr std::size_t header_size_max = 18;

// Beside the window: two blocks, and what libzstd wants to read on.
constexpr std::size_t beside_window = std::size_t{512} << 10;

// How much of what was given before a frame refers back to, by its header (RFC 8878, 3.1.1.1); 0: not known.
std::uint64_t window_of(Bytes header) {
  if (header.size() < 6) return 0;
  const unsigned flags = header[4];
  const bool single_segment = (flags & 0x20U) != 0;
  if (!single_segment) {
    const unsigned exponent = header[5] >> 3;
    const std::uint64_t base = std::uint64_t{1} << (10 + exponent);
    return base + base / 8 * (header[5] & 7U);
  }
  constexpr std::array<std::size_t, 4> dictionary_sizes = {0, 1, 2, 4};
  constexpr std::array<std::size_t, 4> content_sizes = {1, 2, 4, 8};
  const std::size_t at = 5 + dictionary_sizes[flags & 3U];
  const std::size_t size = content_sizes[flags >> 6];
  if (header.size() < at + size) return 0;
  std::uint64_t content = 0;
  for (std::size_t i = size; i-- > 0;) content = content << 8 | header[at + i];
  return size == 2 ? content + 256 : content;
}

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class ZstdDecompressor final : public Decompressor {
 public:
  explicit ZstdDecompressor(MemoryLoan loan) : loan_(std::move(loan)), stream_(ZSTD_createDStream()) {}

  Inflated step(Bytes in, std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] const char* name() const override { return "zstd"; }

 private:
  void begin_frame();
  void note_header(Bytes in);
  [[nodiscard]] std::string reason_of(std::size_t error) const;

  MemoryLoan loan_;
  std::vector<std::uint8_t> header_;  // of the frame, as far as it came
  std::size_t consumed_ = 0;          // of the frame, while its header is noted
  std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
  // How much input zstd asked for: a block. Given more, it would take the good blocks before a damaged
  // one with it into the error.
  std::size_t wanted_ = frame_start_size;
};

Inflated ZstdDecompressor::step(Bytes in, std::uint8_t* to, std::size_t size) {
  if (!stream_) return {0, 0, false, "out of memory"};
  if (header_.empty()) begin_frame();
  ZSTD_inBuffer input{in.data(), std::min(in.size(), wanted_), 0};
  ZSTD_outBuffer output{to, size, 0};
  const std::size_t hint = ZSTD_decompressStream(stream_.get(), &output, &input);
  note_header(in);
  if (header_.size() < header_size_max) consumed_ += input.pos;
  if (ZSTD_isError(hint) != 0) return {input.pos, output.pos, false, reason_of(hint)};
  loan_.resize(ZSTD_sizeof_DStream(stream_.get()));
  wanted_ = hint == 0 ? frame_start_size : hint;
  // Only a call that did something can end a frame: between two frames the hint is not about the last.
  const bool ended = hint == 0 && (input.pos > 0 || output.pos > 0);
  if (ended) {
    header_.clear();
    consumed_ = 0;
  }
  return {input.pos, output.pos, ended, {}};
}

// Others may have taken memory since, or given it back.
void ZstdDecompressor::begin_frame() {
  constexpr std::size_t window_min = std::size_t{1} << 10;
  constexpr int window_log_max = 31;
  const std::size_t window = std::max(allowed(loan_), beside_window + window_min) - beside_window;
  const int log = std::min(static_cast<int>(std::bit_width(window)) - 1, window_log_max);
  ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, log);
}

// `in` begins where the frame was consumed up to.
void ZstdDecompressor::note_header(Bytes in) {
  if (header_.size() >= header_size_max || header_.size() - consumed_ >= in.size()) return;
  const Bytes news = in.subspan(header_.size() - consumed_);
  const Bytes more = news.first(std::min(news.size(), header_size_max - header_.size()));
  header_.insert(header_.end(), more.begin(), more.end());
}

std::string ZstdDecompressor::reason_of(std::size_t error) const {
  if (ZSTD_getErrorCode(error) != ZSTD_error_frameParameter_windowTooLarge) return ZSTD_getErrorName(error);
  return too_much_memory(window_of(header_) + beside_window, allowed(loan_));
}

}  // namespace

std::unique_ptr<Decompressor> make_zstd_decompressor(MemoryLoan loan) {
  return std::make_unique<ZstdDecompressor>(std::move(loan));
}

}  // namespace restitch
