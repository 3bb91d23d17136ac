#include "capture/compressed_source.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace restitch {

namespace {

enum class Compression { none, gzip, zstd, lz4, xz };

Compression recognise(Bytes start) {
  if (start.size() >= 2 && start[0] == 0x1f && start[1] == 0x8b) return Compression::gzip;
  if (start.size() < 4) return Compression::none;
  switch (load_le32(start.data())) {
    case 0xfd2fb528:
      return Compression::zstd;
    case 0x184d2204:
      return Compression::lz4;
    case 0x587a37fd:
      return can_decompress_xz() ? Compression::xz : Compression::none;
    default:
      return Compression::none;
  }
}

std::unique_ptr<Decompressor> make_decompressor(Compression compression, MemoryLoan loan) {
  switch (compression) {
    case Compression::gzip:
      return make_gzip_decompressor(std::move(loan));
    case Compression::zstd:
      return make_zstd_decompressor(std::move(loan));
    case Compression::lz4:
      return make_lz4_decompressor(std::move(loan));
    case Compression::xz:
      return make_xz_decompressor(std::move(loan));
    case Compression::none:
      break;
  }
  return nullptr;
}

class CompressedSource final : public ByteSource {
 public:
  CompressedSource(InputBuffer input, std::unique_ptr<Decompressor> decompressor)
      : input_(std::move(input)), decompressor_(std::move(decompressor)) {}

  std::size_t read(std::uint8_t* to, std::size_t size) override;
  [[nodiscard]] const std::string& failure() const override { return failure_; }
  [[nodiscard]] bool idle() const override { return !ended_ && input_.source().idle(); }
  [[nodiscard]] bool stopped() const override { return input_.source().stopped(); }
  void set_patience_ms(int ms) override { input_.set_patience_ms(ms); }
  [[nodiscard]] std::uint64_t bytes_read() const override { return input_.source().bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return input_.source().size(); }

 private:
  bool more_input();
  bool next_frame();
  void fail(const std::string& why);

  InputBuffer input_;
  std::unique_ptr<Decompressor> decompressor_;
  bool between_frames_ = false;
  bool ended_ = false;
  std::uint64_t consumed_ = 0;
  std::string failure_;
};

std::size_t CompressedSource::read(std::uint8_t* to, std::size_t size) {
  while (!ended_) {
    if (between_frames_ && !next_frame()) return 0;
    const Inflated step = decompressor_->step(input_.bytes(), to, size);
    input_.consume(step.consumed);
    consumed_ += step.consumed;
    between_frames_ = step.frame_ended;
    if (!step.failure.empty()) fail(step.failure);
    if (step.produced > 0) return step.produced;
    if (step.consumed == 0 && !step.frame_ended && !ended_ && !more_input()) return 0;
  }
  return 0;
}

// False when the input is idle; also, with the source failed, when it ends inside a frame.
bool CompressedSource::more_input() {
  if (input_.refill()) return true;
  if (input_.source().idle()) return false;
  if (input_.source().stopped()) {
    ended_ = true;
    return false;
  }
  fail(input_.failure().empty() ? "the data are cut short" : input_.failure());
  return false;
}

// Behind a frame: the end, another frame of the same kind, or something foreign. Zero bytes are
// padding, as gzip(1) takes them.
bool CompressedSource::next_frame() {
  for (;;) {
    if (input_.bytes().empty() && !input_.refill()) {
      if (input_.source().idle()) return false;
      if (!input_.failure().empty()) fail(input_.failure());
      ended_ = true;
      return false;
    }
    const Bytes rest = input_.bytes();
    const auto padding = static_cast<std::size_t>(
        std::find_if(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte != 0; }) - rest.begin());
    input_.consume(padding);
    consumed_ += padding;
    if (padding < rest.size()) return true;
  }
}

void CompressedSource::fail(const std::string& why) {
  ended_ = true;
  failure_ = std::string(decompressor_->name()) + ": " + why + ", after " + std::to_string(consumed_) +
             " compressed bytes";
}

}  // namespace

std::size_t allowed(const MemoryLoan& loan) {
  // zstd wants a window of that size and something beside it.
  constexpr std::size_t usual = std::size_t{129} << 20;
  return loan.memory() == nullptr ? usual : loan.size_max();
}

std::string too_much_memory(std::uint64_t needed, std::uint64_t left) {
  const auto mebibytes = [](std::uint64_t size) { return std::to_string((size + 0xfffff) >> 20) + " MiB"; };
  return "takes " + mebibytes(needed) + " of memory to decompress, where " + std::to_string(left >> 20) +
         " MiB are left (see --memory)";
}

bool is_compressed(Bytes start) { return recognise(start) != Compression::none; }

std::unique_ptr<ByteSource> decompress(InputBuffer input) {
  auto decompressor = make_decompressor(recognise(input.bytes()), MemoryLoan(input.memory()));
  return std::make_unique<CompressedSource>(std::move(input), std::move(decompressor));
}

}  // namespace restitch
