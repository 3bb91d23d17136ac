// ReceiveQueue: what a host has taken in of the other one's stream: bytes in order, for good, and what waits
// behind a hole. A byte map, obviously right. Owns its bytes.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/forgery/wire_segment.h"

namespace restitch::forgery {

// Bytes that lie side by side in a stream.
struct Run {
  Position first = 0;
  std::string bytes;

  [[nodiscard]] Position end() const { return first + static_cast<Position>(bytes.size()); }
};

class ReceiveQueue {
 public:
  // Of two copies that wait, the first one counts, or the last.
  explicit ReceiveQueue(bool first_counts = true) : first_counts_(first_counts) {}

  [[nodiscard]] Position next() const { return next_; }
  [[nodiscard]] const std::vector<Run>& taken() const { return taken_; }
  [[nodiscard]] bool at_end() const { return end_reached_; }
  [[nodiscard]] bool waits() const { return !held_.empty(); }

  // The number that an acknowledgement names: a FIN that was reached takes one.
  [[nodiscard]] Position acknowledges() const { return next_ + (end_reached_ ? 1 : 0); }

  // Bytes from `position` on, of which only those before `edge` are taken. True if something is new.
  bool put(Position position, const std::string& bytes, bool fin, Position edge) {
    if (end_reached_) return false;
    const Position before = next_;
    const std::size_t held_before = held_.size();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const Position at = position + static_cast<Position>(i);
      if (at < next_ || at >= edge || (end_ && at >= *end_)) continue;
      // What is next goes to the application at once, whatever waits.
      if (at == next_) {
        append(bytes[i]);
        held_.erase(at);
      } else if (first_counts_) {
        held_.try_emplace(at, bytes[i]);
      } else {
        held_.insert_or_assign(at, bytes[i]);
      }
    }
    const Position end = position + static_cast<Position>(bytes.size());
    if (fin && end >= next_ && end <= edge && !end_) end_ = end;
    while (!held_.empty() && held_.begin()->first == next_ && !(end_ && next_ >= *end_)) {
      append(held_.begin()->second);
      held_.erase(held_.begin());
    }
    end_reached_ = end_ && next_ >= *end_;
    if (end_reached_) held_.clear();
    return next_ != before || held_.size() != held_before || end_reached_;
  }

  // Bytes that came, and that nobody looks at: an outage of the capture.
  void pass(Position size) { next_ += size; }

  // At most `most` blocks of what waits, the lowest first.
  [[nodiscard]] std::vector<std::pair<Position, Position>> blocks(std::size_t most) const {
    std::vector<std::pair<Position, Position>> found;
    for (const auto& [at, byte] : held_) {
      if (!found.empty() && found.back().second == at) {
        ++found.back().second;
      } else if (found.size() == most) {
        break;
      } else {
        found.emplace_back(at, at + 1);
      }
    }
    return found;
  }

 private:
  void append(char byte) {
    if (taken_.empty() || taken_.back().end() != next_) taken_.push_back({next_, {}});
    taken_.back().bytes += byte;
    ++next_;
  }

  bool first_counts_;
  Position next_ = 0;
  std::optional<Position> end_;
  bool end_reached_ = false;
  std::vector<Run> taken_;
  std::map<Position, char> held_;
};

}  // namespace restitch::forgery
