#include "impairment.h"

#include <algorithm>
#include <utility>

namespace lossy_link {

// splitmix64: tiny, and every seed gives a full period.
std::uint64_t Impairment::draw() {
  std::uint64_t z = (random_state_ += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

bool Impairment::happens(double probability) {
  return static_cast<double>(draw() >> 11U) * 0x1p-53 < probability;
}

std::uint32_t Impairment::distance(std::uint32_t from) {
  const std::uint64_t choices = std::max(rates_.reorder_depth, from) - from + 1U;
  return from + static_cast<std::uint32_t>(draw() % choices);
}

void Impairment::push(Frame frame, std::int64_t now_ns) {
  ++counts_.frames;
  // All five are drawn for every frame, so that one fate does not shift the fates of the frames behind it.
  const bool lost = happens(rates_.loss);
  const bool late = happens(rates_.reorder);
  const std::uint32_t late_by = distance(1);
  const bool again = happens(rates_.duplicate);
  const std::uint32_t again_after = distance(0);
  if (lost) {
    ++counts_.lost;
    return;
  }
  const std::int64_t deadline_ns = now_ns + rates_.hold_max_ns;
  Frame copy = again ? frame : Frame{};
  if (late) {
    held_.push_back({std::move(frame), late_by, deadline_ns, false});
  } else {
    line_up(std::move(frame), now_ns);
    pass_held(now_ns);
  }
  if (again) {
    held_.push_back({std::move(copy), again_after, deadline_ns, true});
    if (again_after == 0) {
      release(held_.back(), now_ns);
      held_.pop_back();
    }
  }
}

void Impairment::line_up(Frame frame, std::int64_t now_ns) {
  line_.push_back({std::move(frame), now_ns + rates_.delay_ns});
}

// One frame has just overtaken all that are held.
void Impairment::pass_held(std::int64_t now_ns) {
  for (Held& held : held_) {
    held.overtaken = true;
    if (--held.passes_left == 0) release(held, now_ns);
  }
  std::erase_if(held_, [](const Held& held) { return held.passes_left == 0; });
}

void Impairment::release(Held& held, std::int64_t now_ns) {
  if (held.is_copy) {
    ++counts_.repeated;
  } else if (held.overtaken) {
    ++counts_.reordered;
  }
  line_up(std::move(held.frame), now_ns);
}

void Impairment::release_overdue(std::int64_t now_ns) {
  auto held = held_.begin();
  for (; held != held_.end() && held->deadline_ns <= now_ns; ++held) release(*held, now_ns);
  held_.erase(held_.begin(), held);
}

std::optional<Frame> Impairment::pop(std::int64_t now_ns) {
  release_overdue(now_ns);
  if (line_.empty() || line_.front().due_ns > now_ns) return std::nullopt;
  Frame frame = std::move(line_.front().frame);
  line_.pop_front();
  ++counts_.forwarded;
  return frame;
}

std::optional<std::int64_t> Impairment::next_due_ns() const {
  std::optional<std::int64_t> due_ns;
  if (!line_.empty()) due_ns = line_.front().due_ns;
  if (!held_.empty()) due_ns = std::min(due_ns.value_or(INT64_MAX), held_.front().deadline_ns);
  return due_ns;
}

}  // namespace lossy_link
