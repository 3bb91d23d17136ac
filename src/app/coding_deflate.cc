// The codings gzip and deflate, through zlib.
#include <array>
#include <cstddef>

#include "app/coding.h"

namespace restitch {
namespace {

class GzipCoding final : public Coding {
 public:
  GzipCoding() { inflater_.begin(window_bits); }

  bool decode(Bytes coded, DecodedTaker& taker) override;
  [[nodiscard]] bool complete() const override { return state_ != State::member; }
  [[nodiscard]] std::size_t memory() const override { return inflater_.begun() ? Inflater::memory : 0; }

 private:
  enum class State : std::uint8_t { member, between, junk };

  static constexpr int window_bits = 15 + 16;  // with the header of gzip
  static constexpr std::array<std::uint8_t, 3> magic = {0x1f, 0x8b, 8};

  bool look_for_member(Bytes& coded, DecodedTaker& taker);

  Inflater inflater_;
  State state_ = State::member;
  std::size_t magic_seen_ = 0;  // while between
};

bool GzipCoding::decode(Bytes coded, DecodedTaker& taker) {
  while (!coded.empty() && state_ != State::junk) {
    if (state_ == State::between) {
      if (!look_for_member(coded, taker)) return false;
      continue;
    }
    switch (inflater_.inflate(coded, taker)) {
      case Inflater::Step::more:
        return true;
      case Inflater::Step::ended:
        state_ = State::between;
        magic_seen_ = 0;
        break;
      case Inflater::Step::damaged:
      case Inflater::Step::stopped:
        return false;
    }
  }
  return true;
}

// A member begins with the magic number and the only method there is.
bool GzipCoding::look_for_member(Bytes& coded, DecodedTaker& taker) {
  if (coded[0] != magic[magic_seen_]) {
    state_ = State::junk;
    inflater_.end();
    return true;
  }
  coded = coded.subspan(1);
  if (++magic_seen_ < magic.size()) return true;
  inflater_.begin_again();
  state_ = State::member;
  Bytes seen(magic);
  return inflater_.inflate(seen, taker) == Inflater::Step::more;
}

class DeflateCoding final : public Coding {
 public:
  bool decode(Bytes coded, DecodedTaker& taker) override;
  [[nodiscard]] bool complete() const override {
    return ended_ || (inflater_.begun() && inflater_.at_block_end());
  }
  [[nodiscard]] std::size_t memory() const override { return inflater_.begun() ? Inflater::memory : 0; }

 private:
  // The header: method 8, a window of at most 32 KiB, no dictionary, and a multiple of 31.
  [[nodiscard]] bool has_header(unsigned second) const {
    return (first_ & 0x0fu) == 8 && first_ >> 4 <= 7 && (second & 0x20u) == 0 &&
           (first_ * 256u + second) % 31 == 0;
  }

  Inflater inflater_;
  bool first_seen_ = false;
  std::uint8_t first_ = 0;
  bool ended_ = false;
};

bool DeflateCoding::decode(Bytes coded, DecodedTaker& taker) {
  if (!inflater_.begun() && !ended_) {
    if (!first_seen_ && !coded.empty()) {
      first_ = coded[0];
      first_seen_ = true;
      coded = coded.subspan(1);
    }
    if (coded.empty()) return true;
    inflater_.begin(has_header(coded[0]) ? 15 : -15);
    Bytes first(&first_, 1);
    if (inflater_.inflate(first, taker) != Inflater::Step::more) return false;
  }
  if (ended_ || coded.empty()) return true;
  const Inflater::Step step = inflater_.inflate(coded, taker);
  if (step == Inflater::Step::ended) {
    ended_ = true;
    inflater_.end();
  }
  return step == Inflater::Step::more || step == Inflater::Step::ended;
}

}  // namespace

std::unique_ptr<Coding> make_gzip_coding() { return std::make_unique<GzipCoding>(); }

std::unique_ptr<Coding> make_deflate_coding() { return std::make_unique<DeflateCoding>(); }

}  // namespace restitch
