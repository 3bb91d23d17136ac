// One direction of a bad link: takes frames in, gives them back later, out of order, twice or never.
//
// Pure arithmetic on the frames and the times it is told; devices and clocks are main.cc's. The fate of the
// n-th frame depends on the seed and n alone. Owns the frames between push() and pop(). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace lossy_link {

using Frame = std::vector<std::byte>;

struct Rates {
  double loss = 0;
  double reorder = 0;
  double duplicate = 0;
  std::uint32_t reorder_depth = 50;       // at most so many frames overtake a held one
  std::int64_t hold_max_ns = 20'000'000;  // a held frame goes on after this even if nothing overtook it
  std::int64_t delay_ns = 0;              // every frame is this late
};

struct Counts {
  std::uint64_t frames = 0;     // came in
  std::uint64_t lost = 0;       // never went out
  std::uint64_t reordered = 0;  // went out behind a frame that had come in later
  std::uint64_t repeated = 0;   // went out once more
  std::uint64_t forwarded = 0;  // went out: frames - lost + repeated once nothing is waiting
};

class Impairment {
 public:
  Impairment(const Rates& rates, std::uint64_t seed) : rates_(rates), random_state_(seed) {}

  // Decides the frame's fate. Requires: `now_ns` never goes back between calls.
  void push(Frame frame, std::int64_t now_ns);

  // The next frame that is due, if any.
  std::optional<Frame> pop(std::int64_t now_ns);

  // When pop() has something to give; nothing while no frame is waiting.
  [[nodiscard]] std::optional<std::int64_t> next_due_ns() const;

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct Waiting {
    Frame frame;
    std::int64_t due_ns;
  };
  struct Held {
    Frame frame;
    std::uint32_t passes_left;  // frames that may still overtake it
    std::int64_t deadline_ns;
    bool is_copy;
    bool overtaken = false;
  };

  std::uint64_t draw();
  bool happens(double probability);
  std::uint32_t distance(std::uint32_t from);
  void line_up(Frame frame, std::int64_t now_ns);
  void pass_held(std::int64_t now_ns);
  void release(Held& held, std::int64_t now_ns);
  void release_overdue(std::int64_t now_ns);

  Rates rates_;
  std::uint64_t random_state_;
  std::deque<Waiting> line_;  // in the order of leaving, due times never fall
  std::vector<Held> held_;    // in the order of coming in
  Counts counts_;
};

}  // namespace lossy_link
