// NamedStarts: the other first numbers that SYNs and SYN-ACKs named for a stream of which no byte was
// delivered. The receiver's acknowledgement decides between them, else the first data that fits only one.
// Part of a HalfDetail; a value.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "restitch/sequence.h"

namespace RESTITCH_API restitch {
namespace detail {

class NamedStarts {
 public:
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] bool contains(Sequence first) const {
    const std::span<const Sequence> all = named();
    return std::find(all.begin(), all.end(), first) != all.end();
  }
  void clear() { count_ = 0; }

  // Of more than it has room for, the oldest is forgotten.
  void add(Sequence first) {
    if (contains(first)) return;
    if (count_ == starts_.size()) {
      std::copy(starts_.begin() + 1, starts_.end(), starts_.begin());
      --count_;
    }
    starts_[count_++] = first;
  }

  // Of `current` and the others, the start that `position` belongs to: the one that is equal, or the only one
  // that lies at most `reach` before it.
  [[nodiscard]] std::optional<Sequence> owner_of(Sequence position, Sequence current,
                                                 std::uint32_t reach) const {
    if (position == current || contains(position)) return position;
    std::optional<Sequence> owner;
    const auto fits = [&](Sequence start) {
      return static_cast<std::uint32_t>(start.difference(position)) <= reach;
    };
    if (fits(current)) owner = current;
    for (const Sequence start : named()) {
      if (!fits(start)) continue;
      if (owner) return std::nullopt;
      owner = start;
    }
    return owner;
  }

 private:
  [[nodiscard]] std::span<const Sequence> named() const { return std::span(starts_).first(count_); }

  std::array<Sequence, 3> starts_;
  std::uint8_t count_ = 0;
};

}  // namespace detail
}  // namespace restitch
