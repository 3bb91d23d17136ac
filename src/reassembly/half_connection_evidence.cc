// HalfConnection, third part: what is believed, and why. The receiver's acknowledgements decide where a
// stream starts and where it goes on; a single segment decides nothing.
#include <algorithm>
#include <memory>
#include <new>

#include "restitch/detail/half_connection.h"

namespace restitch {

using detail::Elsewhere;
using detail::HalfDetail;
using detail::none;

namespace {

// Farther than this nothing is a hole that may still be filled: no window is larger.
constexpr std::int64_t far_away = std::int64_t{detail::Evidence::window_unknown};

// Farther back than this nothing is repeated: a sender repeats what lies in its window, and few are larger.
constexpr std::int64_t far_behind = std::int64_t{1} << 28;

// Receivers that take a little more than they offer are not worth a doubt.
constexpr std::uint32_t reach_min = 65535;

// How far what waits may lie behind a start that is named.
constexpr std::int64_t behind_start_max = std::int64_t{1} << 30;

// Segments of a stream without a known start belong together if no more than this is missing between them.
constexpr std::uint32_t cluster_reach = std::uint32_t{1} << 24;

// The window of a SYN is not scaled: note_scale() takes it.
std::uint16_t scaled_window(const TcpSegment& tcp) { return tcp.syn() ? std::uint16_t{0} : tcp.window; }

std::uint32_t forward(Sequence from, Sequence to) { return static_cast<std::uint32_t>(from.difference(to)); }

}  // namespace

// ---- acknowledgements
// ------------------------------------------------------------------------------------------

void HalfConnection::note_ack(State& state, const TcpSegment& tcp, std::uint32_t tick, bool from_its_place,
                              bool heeds_promises) {
  const Sequence ack = tcp.acknowledgment;
  if (!known()) {
    evidence_.believe(ack, scaled_window(tcp));
    // The answer to a SYN that was not captured; 0 is what stands there in packets made by hand.
    if (!tcp.syn() || ack == Sequence()) return;
    flags_ |= known_flag;
    set_start(state, ack);
    return rest(state);
  }
  note_start_ack(state, tcp);
  Sequence reached = highest_held(state).value_or(next_seq_);
  if (is_before(reached, next_seq_)) reached = next_seq_;
  if (const HalfDetail* d = peek(state); d != nullptr && d->has_end && is_before(reached, d->end))
    reached = d->end;
  reached = reached.add(1);  // a FIN there
  if (evidence_.has_ack() && is_before(reached, evidence_.acked())) reached = evidence_.acked().add(reach());
  if (!evidence_.has_ack() && forward(start(), ack) <= forward(start(), reached)) {
    evidence_.believe(ack, scaled_window(tcp));
  } else if (!evidence_.take(ack, scaled_window(tcp), reached)) {
    const std::int64_t ahead = reached.difference(ack);
    if (ahead <= std::int64_t{reach()} && ahead > -far_behind) {  // an old one, or of bytes still to come
      if (heeds_promises && ahead > 0 && !ended()) detail(state).promised = ack;
      return;
    }
    return note_far_ack(state, tcp, from_its_place);
  } else {
    contradict_elsewhere(state);
  }
  if (detail_ == none) return;
  detail(state).acked_hole.note(next_seq_, evidence_.acked(), tick);
  rest(state);
}

// Anybody can forge two that agree. So their sender's own numbers must fit, or data must lie there; of a
// stream of which nothing speaks for its start, that and one acknowledgement are enough.
void HalfConnection::note_far_ack(State& state, const TcpSegment& tcp, bool from_its_place) {
  const Sequence ack = tcp.acknowledgment;
  Elsewhere* const aside = make_elsewhere(state);
  if (aside == nullptr) return;
  const bool agrees = aside->claim(ack, tcp.sequence, reach());
  const bool has_data = aside->lowest_near(state, ack, cluster_reach).has_value();
  if ((agrees && (from_its_place || has_data)) || (has_data && start_in_doubt())) {
    evidence_.believe_far(ack, scaled_window(tcp));
  }
}

// Lets the receiver decide which of several starts counts.
void HalfConnection::note_start_ack(State& state, const TcpSegment& tcp) {
  if (next_offset_ != 0 || start_acked()) return;
  const Sequence ack = tcp.acknowledgment;
  const HalfDetail* const d = peek(state);
  std::optional<Sequence> owner;
  if (d != nullptr && !d->named.empty()) {
    owner = d->named.owner_of(ack, next_seq_, reach());
  } else if (forward(next_seq_, ack) <= reach()) {
    owner = next_seq_;
  }
  if (!owner) {
    if (tcp.syn() && ack != Sequence()) detail(state).named.add(ack);  // 0: made by hand
    return;
  }
  if (d != nullptr) detail(state).named.clear();
  if (*owner != next_seq_) set_start(state, *owner);
  evidence_.believe(*owner, scaled_window(tcp));
}

// Lets the first data decide which of several starts counts. What waits behind the one that counts so far has
// decided for it.
void HalfConnection::settle_start(State& state, Sequence position) {
  const HalfDetail* const d = peek(state);
  if (d == nullptr || d->named.empty() || next_offset_ != 0 || !d->held.empty()) return;
  const auto owner = d->named.owner_of(position, next_seq_, reach());
  if (!owner) return;
  detail(state).named.clear();
  if (*owner == next_seq_) return;
  set_start(state, *owner);
  evidence_.begin(*owner);
}

std::uint32_t HalfConnection::reach() const {
  return evidence_.has_ack() ? std::max(evidence_.window_max(), reach_min) : detail::Evidence::window_unknown;
}

// ---- segments elsewhere
// ----------------------------------------------------------------------------------------

bool HalfConnection::lies_elsewhere(Sequence first, std::size_t size) const {
  Sequence base = next_seq_;
  if (evidence_.has_ack() && is_before(base, evidence_.acked())) base = evidence_.acked();
  if (std::int64_t{base.difference(first)} > std::int64_t{reach()}) return true;
  return std::int64_t{next_seq_.difference(first.add(static_cast<std::int64_t>(size)))} < -far_behind;
}

// nullptr when there is no memory for it.
Elsewhere* HalfConnection::make_elsewhere(State& state) {
  HalfDetail& d = detail(state);
  if (d.elsewhere == none) d.elsewhere = state.elsewheres.allocate();
  return elsewhere(state);
}

void HalfConnection::set_aside(State& state, const Arrival& arrival) {
  if (arrival.payload.empty()) return;
  Elsewhere* const aside = make_elsewhere(state);
  if (aside == nullptr) {
    state.bytes().dropped += arrival.payload.size();
    return;
  }
  if (aside->is_full()) drop_wild(state, arrival.direction, aside->take(state, 0));
  aside->add(state, arrival.first, arrival.payload, arrival.info);
  // Acknowledgements that say otherwise are not captured any more.
  if (known() && aside->agreed(state, cluster_reach)) evidence_.forget_ack();
}

void HalfConnection::set_lowest_aside(State& state, HalfDetail& d) {
  const std::uint32_t segment = d.held.pop(state);
  Elsewhere* const aside = make_elsewhere(state);
  if (aside == nullptr || aside->is_full()) {
    drop_wild(state, state.direction, segment);
  } else {
    aside->adopt(state, segment);
  }
}

// Segments may have been held before the receiver's window was known. Those that the window does not reach
// are set aside before a gap is given up, so that they are not delivered behind it. An end that the window
// does not reach is forgotten.
void HalfConnection::part_with_unreachable(State& state, TcpFlowDirection direction) {
  HalfDetail& d = detail(state);
  if (d.has_end && lies_elsewhere(d.end, 0)) {
    d.has_end = false;
    state.events.add({.kind = EventKind::wild_sequence, .direction = direction, .offset = next_offset_});
  }
  while (!d.held.empty()) {
    const detail::HeldSegment& lowest = state.segments[d.held.first(state)];
    if (!lies_elsewhere(lowest.first, lowest.size)) return;
    set_lowest_aside(state, d);
  }
}

// What waits and is not of a stream that begins at next_seq_: far from there it is set aside, for the
// receiver may yet say that it is the stream.
void HalfConnection::part_with_others(State& state, HalfDetail& d) {
  part_with_far(state, d);
  if (d.held.empty()) return;
  const CaptureInfo info = state.segments[d.held.first(state)].info;
  note_before_start(state, d.held.discard_before(state, next_seq_), info);
  part_with_far(state, d);
}

void HalfConnection::part_with_far(State& state, HalfDetail& d) {
  while (!d.held.empty()) {
    const detail::HeldSegment& lowest = state.segments[d.held.first(state)];
    const std::int64_t ahead = next_seq_.difference(lowest.first);
    if (ahead <= behind_start_max && ahead + lowest.size >= -far_behind) return;
    set_lowest_aside(state, d);
  }
}

void HalfConnection::contradict_elsewhere(State& state) {
  if (Elsewhere* const aside = elsewhere(state)) aside->contradict();
}

std::optional<Sequence> HalfConnection::gone_to(State& state) {
  if (!known()) return std::nullopt;
  const Elsewhere* const aside = elsewhere(state);
  std::optional<Sequence> position;
  if (evidence_.take_far()) {
    position = evidence_.acked();
    const auto lowest = aside == nullptr ? std::nullopt : aside->lowest_near(state, *position, reach());
    if (lowest && is_before(*lowest, *position)) position = lowest;
  } else if (aside != nullptr && !evidence_.has_ack()) {
    position = aside->agreed(state, cluster_reach);
  }
  if (!position) return std::nullopt;
  const std::int64_t ahead = next_seq_.difference(*position);
  return ahead >= far_away || ahead < -far_behind ? position : std::nullopt;
}

void HalfConnection::go_to(State& state, TcpFlowDirection direction, Sequence position) {
  HalfDetail& d = detail(state);
  const std::uint32_t distance = forward(next_seq_, position);
  state.events.add(
      {.kind = EventKind::resynchronized, .direction = direction, .offset = next_offset_, .size = distance});
  state.note_gap(next_offset_, distance, {});
  if (d.has_end && forward(next_seq_, d.end) < distance) d.has_end = false;
  d.skip = std::max<std::int64_t>(d.skip, 0) + distance;
  advance(distance);
}

void HalfConnection::readmit(State& state, const ReceiverPolicy& policy, TcpFlowDirection direction) {
  Elsewhere* aside = known() ? elsewhere(state) : nullptr;
  for (std::size_t i = 0; aside != nullptr && i < aside->size();) {
    const std::uint32_t segment = (*aside)[i];
    const Bytes held = state.segments.bytes(segment);
    const Sequence first = state.segments[segment].first;
    if (lies_elsewhere(first, held.size())) {
      ++i;
      continue;
    }
    const CaptureInfo info = state.segments[segment].info;
    const std::unique_ptr<std::uint8_t[]> copy(new (std::nothrow) std::uint8_t[held.size()]);
    if (copy) std::copy(held.begin(), held.end(), copy.get());
    Arrival arrival{first, Bytes(copy.get(), copy ? held.size() : 0), info, direction};
    arrival.apart = true;
    if (!copy) state.bytes().dropped += held.size();
    state.segments.release(aside->take(state, i));
    if (copy) insert_payload(state, policy, arrival);
    aside = elsewhere(state);
  }
  rest(state);
}

std::optional<Sequence> HalfConnection::uncontradicted(State& state) const {
  const Elsewhere* const aside = elsewhere(state);
  if (!known() || aside == nullptr || aside->empty() || aside->contradicted()) return std::nullopt;
  if (heard() || evidence_.is_captured()) return std::nullopt;
  const Sequence newest = state.segments[(*aside)[aside->size() - 1]].first;
  return aside->lowest_near(state, newest, cluster_reach);
}

bool HalfConnection::drop_elsewhere(State& state, TcpFlowDirection direction) {
  Elsewhere* const aside = elsewhere(state);
  if (aside == nullptr || aside->empty()) return false;
  while (!aside->empty()) drop_wild(state, direction, aside->take(state, 0));
  aside->contradict();
  rest(state);
  return true;
}

void HalfConnection::drop_wild(State& state, TcpFlowDirection direction, std::uint32_t segment) {
  const detail::HeldSegment& wild = state.segments[segment];
  state.bytes().dropped += wild.size;
  state.events.add({.kind = EventKind::wild_sequence,
                    .direction = direction,
                    .offset = next_offset_,
                    .size = wild.size,
                    .info = wild.info});
  state.segments.release(segment);
}

// ---- a stream without a known start
// ----------------------------------------------------------------------------

bool HalfConnection::waited_for_start(State& state, std::uint32_t packets, std::uint32_t tick,
                                      std::uint32_t ticks) {
  if (known() || !holds(state)) return false;
  HalfDetail& d = detail(state);
  const Elsewhere* const aside = elsewhere(state);
  const std::size_t waiting = d.held.size() + (aside == nullptr ? 0 : aside->size());
  if (waiting == 1) d.waiting_tick = tick;
  return waiting >= packets || (ticks != 0 && tick - d.waiting_tick >= ticks);
}

bool HalfConnection::begin_midstream(State& state, TcpFlowDirection direction, bool forced) {
  if (known() || detail_ == none) return false;
  HalfDetail& d = detail(state);
  const auto acked = evidence_.has_ack() ? std::optional(evidence_.acked()) : std::nullopt;
  std::optional<Sequence> first;
  if (acked) {
    first = d.held.start_around(state, *acked, cluster_reach);
    const Elsewhere* const aside = elsewhere(state);
    if (!first && aside != nullptr) first = aside->lowest_near(state, *acked, cluster_reach);
  }
  if (!first && forced) first = d.held.start_of_most(state, cluster_reach);
  if (!first) return false;
  flags_ |= known_flag;
  set_start(state, *first);
  if (acked && (is_before(*acked, *first) || is_before(highest_held(state).value_or(*first), *acked))) {
    evidence_.forget_ack();
  }
  d.skip = -1;
  const CaptureInfo info = d.held.empty() ? CaptureInfo{} : state.segments[d.held.first(state)].info;
  state.events.add({.kind = EventKind::midstream_start, .direction = direction, .info = info});
  return true;
}

}  // namespace restitch
