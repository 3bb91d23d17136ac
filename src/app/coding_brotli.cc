// The coding br, through libbrotlidec.
#include "app/coding.h"

#ifdef RESTITCH_BROTLI
#include <brotli/decode.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#endif

namespace restitch {

#ifdef RESTITCH_BROTLI
namespace {

class BrotliCoding final : public Coding {
 public:
  BrotliCoding() : state_(BrotliDecoderCreateInstance(take, give_back, this)) {}

  bool decode(Bytes coded, DecodedTaker& taker) override;
  [[nodiscard]] bool complete() const override { return ended_; }
  [[nodiscard]] std::size_t memory() const override { return memory_; }

 private:
  struct Destroy {
    void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
  };

  // Each piece has its size before it.
  static constexpr std::size_t size_size = alignof(std::max_align_t);
  static void* take(void* self, std::size_t size);
  static void give_back(void* self, void* piece);

  std::size_t memory_ = 0;
  std::unique_ptr<BrotliDecoderState, Destroy> state_;
  bool ended_ = false;
};

void* BrotliCoding::take(void* self, std::size_t size) {
  if (size > std::numeric_limits<std::size_t>::max() - size_size) return nullptr;
  void* piece = std::malloc(size_size + size);
  if (piece == nullptr) return nullptr;
  std::memcpy(piece, &size, sizeof size);
  static_cast<BrotliCoding*>(self)->memory_ += size;
  return static_cast<std::uint8_t*>(piece) + size_size;
}

void BrotliCoding::give_back(void* self, void* piece) {
  if (piece == nullptr) return;
  void* whole = static_cast<std::uint8_t*>(piece) - size_size;
  std::size_t size = 0;
  std::memcpy(&size, whole, sizeof size);
  static_cast<BrotliCoding*>(self)->memory_ -= size;
  std::free(whole);
}

bool BrotliCoding::decode(Bytes coded, DecodedTaker& taker) {
  if (ended_) return true;
  if (state_ == nullptr) return false;
  std::array<std::uint8_t, std::size_t{16} << 10> decoded;
  std::size_t left = coded.size();
  const std::uint8_t* next = coded.data();
  for (;;) {
    std::size_t room = decoded.size();
    std::uint8_t* to = decoded.data();
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_.get(), &left, &next, &room, &to, nullptr);
    const std::size_t size = decoded.size() - room;
    if (size != 0 && !taker.take_decoded(Bytes(decoded).first(size))) return false;
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) continue;
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) return true;
    if (result != BROTLI_DECODER_RESULT_SUCCESS) return false;
    ended_ = true;
    state_.reset();
    return true;
  }
}

}  // namespace

std::unique_ptr<Coding> make_brotli_coding() { return std::make_unique<BrotliCoding>(); }
#else
std::unique_ptr<Coding> make_brotli_coding() { return nullptr; }
#endif

}  // namespace restitch
