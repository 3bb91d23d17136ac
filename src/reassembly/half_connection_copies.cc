// HalfConnection, another part: what was delivered, remembered and compared with copies that come later.
#include <algorithm>

#include "restitch/detail/half_connection.h"

namespace restitch {

// The bytes of a segment, of which one was taken out where `out_at` says.
void HalfConnection::note_delivered(State& state, std::uint32_t segment,
                                    std::optional<std::uint32_t> out_at) const {
  if (!state.delivered.on()) return;
  const CaptureInfo& info = state.segments[segment].info;
  const Bytes bytes = state.segments.bytes(segment);
  if (!out_at) return state.note_delivered(next_seq_, next_offset_, bytes, info);
  state.note_delivered(next_seq_, next_offset_, bytes.first(*out_at), info);
  const Sequence behind = next_seq_.add(std::int64_t{*out_at} + 1);
  state.note_delivered(behind, next_offset_ + *out_at, bytes.subspan(*out_at), info);
}

// What repeats bytes that were delivered is equal, or a conflict, or nobody knows any more. A keep-alive may
// bring a byte that means nothing; zero is what is usual.
void HalfConnection::compare_with_delivered(State& state, const Arrival& arrival) const {
  if (!state.delivered.on() || !known()) return;
  const std::int64_t before = arrival.first.difference(next_seq_);
  if (before <= 0 || (before == 1 && arrival.payload.size() == 1 && arrival.payload[0] == 0)) return;
  const std::uint64_t begin = before_start(state, -before);
  const std::uint64_t end =
      std::min<std::uint64_t>(arrival.payload.size(), static_cast<std::uint64_t>(before));
  if (begin >= end) return;
  const auto cut = static_cast<std::int64_t>(begin);
  compare_copy(state, {offset_at(cut - before), arrival.first.add(cut),
                       arrival.payload.subspan(begin, end - begin), arrival.info});
}

// Of bytes that were delivered, or lie in a gap between them.
void HalfConnection::compare_copy(State& state, const Copy& copy) const {
  const auto event = [&](EventKind kind, std::uint64_t offset, std::uint64_t size) {
    return Event{
        .kind = kind, .direction = state.direction, .offset = offset, .size = size, .info = copy.info};
  };
  detail::DeliveredBytes::Walk walk = state.delivered.compare({state.connection, state.direction}, copy.first,
                                                              copy.bytes.size(), next_seq_, next_offset_);
  if (walk.unknown() != 0) state.events.add(event(EventKind::uncompared, copy.offset, walk.unknown()));
  while (const auto shared = state.delivered.next(walk)) {
    const Bytes again = copy.bytes.subspan(shared->at, shared->bytes.size());
    if (std::equal(again.begin(), again.end(), shared->bytes.begin())) continue;
    Event conflict = event(EventKind::conflict, shared->offset, again.size());
    conflict.held = shared->bytes;
    conflict.held_info = shared->info;
    conflict.arrived = again;
    state.events.add(conflict);
  }
}

void HalfConnection::compare_refused(State& state, const TcpSegment& tcp, const CaptureInfo& info) const {
  if (tcp.payload.empty()) return;
  compare_with_delivered(state, {tcp.sequence.add(tcp.syn() ? 1 : 0), tcp.payload, info, state.direction});
}

}  // namespace restitch
