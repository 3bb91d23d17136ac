#include "restitch/events.h"

#include <new>

#include "restitch/detail/half_state.h"

namespace restitch {

std::string_view to_string(EventKind kind) {
  static constexpr std::array<std::string_view, event_kind_count> names = {
      "conflict",          "gap",
      "midstream_start",   "data_after_fin",
      "data_after_rst",    "fin_moved",
      "syn_in_connection", "challenge_ack",
      "port_reuse",        "limit",
      "refused",           "urgent",
      "acked_unseen",      "keep_alive",
      "zero_window_probe", "window_full",
      "roles_swapped",     "truncated",
      "fragment_overlap",  "before_start",
      "wild_sequence",     "resynchronized",
      "refusal_disproved", "reset_disproved",
      "networks_merged",   "other_copy",
      "uncompared",        "late_data",
      "packets_lost"};
  return kind < EventKind::count_ ? names[static_cast<std::size_t>(kind)] : "unknown";
}

namespace detail {

void EventLog::note(const Event& event) {
  try {
    if (events_.size() < events_max) store(event);
  } catch (const std::bad_alloc&) {
    return;  // it is only counted, as those beyond the limits
  }
}

void EventLog::store(const Event& event) {
  Stored stored{event, bytes_.size(), event.held.size(), event.arrived.size()};
  if (bytes_.size() + event.held.size() + event.arrived.size() > bytes_max) {
    stored.held_size = stored.arrived_size = 0;
  } else {
    bytes_.insert(bytes_.end(), event.held.begin(), event.held.end());
    bytes_.insert(bytes_.end(), event.arrived.begin(), event.arrived.end());
  }
  events_.push_back(stored);
}

Event EventLog::restore(const Stored& stored) const {
  Event event = stored.event;
  const Bytes all(bytes_);
  event.held = all.subspan(stored.begin, stored.held_size);
  event.arrived = all.subspan(stored.begin + stored.held_size, stored.arrived_size);
  return event;
}

}  // namespace detail
}  // namespace restitch
