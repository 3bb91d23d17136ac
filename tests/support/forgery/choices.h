// Choices: where a generated conversation gets its decisions from: a seed, or the bytes of a fuzzer. The same
// seed, or the same bytes, make the same conversation everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace restitch::forgery {

class Choices {
 public:
  explicit Choices(std::uint64_t seed) : state_(seed) {}
  // Borrows the bytes. When they are used up, every choice is the first one.
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes), from_bytes_(true) {}

  // At least 0 and less than `bound`. Requires: bound > 0.
  std::uint64_t below(std::uint64_t bound) { return (from_bytes_ ? read(bound) : next()) % bound; }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)));
  }
  // True `percent` times in a hundred.
  bool chance(unsigned percent) { return below(100) >= 100 - percent; }
  std::uint32_t any32() { return static_cast<std::uint32_t>(below(std::uint64_t{1} << 32)); }

  template <class T, std::size_t n>
  T pick(const std::array<T, n>& values) {
    return values[below(n)];
  }

 private:
  // Splitmix64: one multiplication more than needed, and a state that costs nothing to set.
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
  }

  // As many bytes as the bound needs.
  std::uint64_t read(std::uint64_t bound) {
    std::uint64_t value = 0;
    for (std::uint64_t most = bound - 1; most != 0; most >>= 8) {
      value = value << 8 | (at_ < bytes_.size() ? bytes_[at_++] : 0U);
    }
    return value;
  }

  std::uint64_t state_ = 0;
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool from_bytes_ = false;
};

}  // namespace restitch::forgery
