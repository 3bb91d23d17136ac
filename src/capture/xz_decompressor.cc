// xz (the .xz format) through liblzma, where the build has it.
#include "capture/compressed_source.h"

#ifdef RESTITCH_XZ

#include <lzma.h>

#include <algorithm>
#include <utility>

namespace restitch {

namespace {

class XzDecompressor final : public Decompressor {
 public:
  explicit XzDecompressor(MemoryLoan loan) : loan_(std::move(loan)) { begin(); }
  ~XzDecompressor() override { lzma_end(&stream_); }
  XzDecompressor(const XzDecompressor&) = delete;
  XzDecompressor& operator=(const XzDecompressor&) = delete;

  Inflated step(Bytes in, std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] const char* name() const override { return "xz"; }

 private:
  void begin();
  [[nodiscard]] std::string reason_of(lzma_ret status) const;

  MemoryLoan loan_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
};

// Others may have taken memory since, or given it back.
void XzDecompressor::begin() { ready_ = lzma_stream_decoder(&stream_, allowed(loan_), 0) == LZMA_OK; }

Inflated XzDecompressor::step(Bytes in, std::uint8_t* to, std::size_t size) {
  if (!ready_) return {0, 0, false, "out of memory"};
  stream_.next_in = in.data();
  stream_.avail_in = in.size();
  stream_.next_out = to;
  stream_.avail_out = size;
  const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
  if (status == LZMA_OK) loan_.resize(std::min<std::uint64_t>(lzma_memusage(&stream_), loan_.size_max()));
  Inflated result{in.size() - stream_.avail_in, size - stream_.avail_out, status == LZMA_STREAM_END, {}};
  if (status == LZMA_STREAM_END) {
    begin();
  } else if (status != LZMA_OK && status != LZMA_BUF_ERROR) {
    result.failure = reason_of(status);
  }
  return result;
}

std::string XzDecompressor::reason_of(lzma_ret status) const {
  switch (status) {
    case LZMA_MEMLIMIT_ERROR:
      return too_much_memory(lzma_memusage(&stream_), allowed(loan_));
    case LZMA_MEM_ERROR:
      return "out of memory";
    case LZMA_OPTIONS_ERROR:
      return "made with options that this liblzma does not know";
    default:
      return "the data are damaged";
  }
}

}  // namespace

bool can_decompress_xz() { return true; }

std::unique_ptr<Decompressor> make_xz_decompressor(MemoryLoan loan) {
  return std::make_unique<XzDecompressor>(std::move(loan));
}

}  // namespace restitch

#else

namespace restitch {

bool can_decompress_xz() { return false; }

std::unique_ptr<Decompressor> make_xz_decompressor(MemoryLoan /*loan*/) { return nullptr; }

}  // namespace restitch

#endif
