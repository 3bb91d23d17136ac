// GreedIndex: which half-connection of a pool holds most. Halves lie in lists by the size of what they hold,
// four classes for each doubling, so that changing a place and finding the greediest take a few steps however
// many there are; nobody holds half as much again as the "greediest". Knows the halves by the numbers of
// their HalfDetail. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "restitch/detail/slab.h"

namespace RESTITCH_API restitch {
namespace detail {

struct HalfState;

class GreedIndex {
 public:
  // Part of each HalfDetail.
  struct Links {
    std::uint32_t previous = none;
    std::uint32_t next = none;
    std::uint8_t size_class = 0;  // 0: in no list
  };

  // Puts a half where it belongs now that it holds `memory_size` bytes; with 0, nowhere.
  void place(HalfState& state, std::uint32_t detail, std::size_t memory_size);
  void remove(HalfState& state, std::uint32_t detail) { place(state, detail, 0); }

  // One of the largest class, or none when nobody holds anything.
  [[nodiscard]] std::uint32_t greediest() const;

 private:
  static constexpr std::size_t classes = 256;

  static unsigned class_of(std::size_t memory_size);
  void link(HalfState& state, std::uint32_t detail, unsigned size_class);
  void unlink(HalfState& state, std::uint32_t detail);

  std::array<std::uint32_t, classes> heads_ = [] {
    std::array<std::uint32_t, classes> empty{};
    empty.fill(none);
    return empty;
  }();
  std::array<std::uint64_t, classes / 64> used_{};  // a bit for each class with a list
};

}  // namespace detail
}  // namespace restitch
