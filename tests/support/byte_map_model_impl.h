// The bodies of byte_map_model.h: the way in, overlaps, the end, the way out, arithmetic.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>

#include "support/byte_map_model.h"

namespace restitch::test {

// ---- the way in ------------------------------------------------------------------------------------

inline void ByteMapModel::insert(const ModelSegment& segment) {
  const Position last = segment.first + static_cast<Position>(segment.payload.size());
  if (segment.syn) {
    insert_syn(segment.first);
  } else if (!known_ && segment.start) {
    begin(segment.first);
  }
  const bool plain = !segment.syn && !segment.fin && !segment.rst;
  if (known_ && plain && probes(segment)) {
    tell(EventKind::keep_alive);
    if (ended_) {
      counts_.refused += segment.payload.size();
      return;
    }
  }
  if (known_ && !segment.syn && !segment.rst && !segment.payload.empty()) settle_start(segment.first);
  if (segment.fin || segment.rst) note_end(segment.rst, last);
  if (segment.payload.empty()) return;
  Bytes arrived;
  for (Position at = segment.first; at < last; ++at) {
    arrived[at] = {segment.payload[static_cast<std::size_t>(at - segment.first)], segment.packet, 0};
  }
  const std::uint64_t overlap_before = since_.overlap_bytes;
  cut_delivered(arrived);
  cut_after_end(arrived);
  settle_overlaps(arrived);
  if (since_.overlap_bytes != overlap_before) ++since_.overlap_packets;
}

inline void ByteMapModel::begin(Position first) {
  known_ = start_untold_ = true;
  set_start(first);
}

inline void ByteMapModel::set_start(Position first) {
  start_ = next_ = first;
  if (end_ && *end_ < first) end_.reset();
  if (holds()) tell_before_start(erase(held_, held_.begin()->first, first));
}

inline void ByteMapModel::tell_before_start(std::uint64_t size) {
  if (size == 0) return;
  counts_.before_start += size;
  events.push_back({EventKind::before_start, 0, size, {}, {}});
}

inline bool ByteMapModel::names_another_start(Position first) const {
  constexpr Position late_syn_reach = 1 << 20;
  if (!known_)
    return holds() && (held_.begin()->first < first || held_.begin()->first - first > late_syn_reach);
  const bool repeats = first == start_ || (next_offset() == 0 && is_named(first));
  const bool names_the_lost_start = !syn_seen_ && first <= start_ && start_ - first <= late_syn_reach;
  return !repeats && !names_the_lost_start;
}

inline bool ByteMapModel::is_named(Position first) const {
  return std::find(named_.begin(), named_.end(), first) != named_.end();
}

// The first data decides which of several starts counts: the one that it begins at, or the only one before
// it.
inline void ByteMapModel::settle_start(Position position) {
  if (named_.empty() || next_offset() != 0 || holds()) return;
  std::vector<Position> fitting;
  if (position == start_ || is_named(position)) {
    fitting = {position};
  } else {
    if (start_ <= position) fitting.push_back(start_);
    for (const Position first : named_) {
      if (first <= position) fitting.push_back(first);
    }
  }
  if (fitting.size() != 1) return;
  named_.clear();
  if (fitting[0] != start_) set_start(fitting[0]);
}

// Other starts are remembered as long as no byte came, the last three.
inline void ByteMapModel::insert_syn(Position first) {
  if (!known_) {
    begin(first);
    syn_seen_ = true;
    return;
  }
  if (first == start_) syn_seen_ = true;
  if (!names_another_start(first)) return;
  tell(EventKind::syn_in_connection);
  if (next_offset() != 0 || is_named(first)) return;
  if (named_.size() == 3) named_.erase(named_.begin());
  named_.push_back(first);
}

// One below the next number, without a byte: the bytes of the model are none that a probe has. Or with one,
// on the number of the FIN.
inline bool ByteMapModel::probes(const ModelSegment& segment) const {
  if (ended_ && !reset_) return segment.payload.size() == 1 && segment.first == next_;
  return segment.payload.empty() && segment.first == next_ - 1;
}

inline bool ByteMapModel::delivers_after(bool rst) const {
  return (rst ? policy_.after_rst : policy_.after_fin) == AfterEnd::deliver;
}

inline void ByteMapModel::note_end(bool rst, Position position) {
  const bool deliver_on = delivers_after(rst);
  if (ended_ && !(rst && deliver_on)) return;
  if (rst && (deliver_on || !known_)) {
    if (!deliver_on) end_.reset();
    return end_now(true);
  }
  if (known_ && position < next_) return tell(EventKind::fin_moved);
  if (end_ && *end_ != position) {
    tell(EventKind::fin_moved);
    if (*end_ < position) return;  // the lowest one counts
  }
  end_ = position;
  end_is_reset_ = rst;
}

inline void ByteMapModel::end_now(bool rst) {
  ended_ = true;
  reset_ = reset_ || rst;
  if (!end_told_) end_untold_ = true;
}

// Neighbours that the same packet brought are compared at once.
inline void ByteMapModel::compare_with_delivered(const Bytes& arrived) {
  const Position end = arrived.rbegin()->first + 1;
  auto at = delivered_.lower_bound(arrived.begin()->first);
  while (at != delivered_.end() && at->first < end) {
    const Position first = at->first;
    const std::uint64_t packet = at->second.packet;
    Position last = first;
    for (; at != delivered_.end() && at->first == last && last < end && at->second.packet == packet; ++at) {
      ++last;
    }
    const std::string held_copy = text(delivered_, first, last);
    const std::string new_copy = text(arrived, first, last);
    if (held_copy == new_copy) continue;
    events.push_back({EventKind::conflict, static_cast<std::uint64_t>(first - start_),
                      static_cast<std::uint64_t>(last - first), held_copy, new_copy, packet});
  }
}

inline void ByteMapModel::cut_delivered(Bytes& arrived) {
  if (!known_) return;
  tell_before_start(erase(arrived, arrived.begin()->first, start_));
  if (arrived.empty()) return;
  compare_with_delivered(arrived);
  const std::uint64_t late = tell_late(arrived.begin()->first, std::min(arrived.rbegin()->first + 1, next_));
  const std::uint64_t overlap = erase(arrived, arrived.begin()->first, next_);
  counts_.duplicate += overlap - late;
  counts_.dropped += late;
  since_.overlap_bytes += overlap;
}

// Of [at, end), what lies in gaps that were given up; the last eight are remembered.
inline std::uint64_t ByteMapModel::tell_late(Position at, Position end) {
  std::uint64_t late = 0;
  while (at < end) {
    Gap first{end, end};
    for (const Gap& gap : gaps_) {
      const Gap shared{std::max(at, gap.first), std::min(end, gap.last)};
      if (shared.first < shared.last && shared.first < first.first) first = shared;
    }
    if (first.first == end) break;
    const auto size = static_cast<std::uint64_t>(first.last - first.first);
    events.push_back({EventKind::late_data, static_cast<std::uint64_t>(first.first - start_), size, {}, {}});
    late += size;
    at = first.last;
  }
  return late;
}

inline void ByteMapModel::remember_gap(Position first, Position last) {
  for (Gap& gap : gaps_) {
    if (gap.last == first && gap.first != gap.last) {
      gap.last = last;
      return;
    }
  }
  gaps_[oldest_gap_] = {first, last};
  oldest_gap_ = (oldest_gap_ + 1) % gaps_.size();
}

inline void ByteMapModel::cut_after_end(Bytes& arrived) {
  if (arrived.empty() || (!ended_ && !end_)) return;
  const bool rst = ended_ ? reset_ : end_is_reset_;
  const Position first = arrived.begin()->first;
  const Position last = arrived.rbegin()->first + 1;
  const Position cut = ended_ ? first : std::max(first, std::min(*end_, last));
  if (cut == last) return;
  tell(rst ? EventKind::data_after_rst : EventKind::data_after_fin, static_cast<std::uint64_t>(last - cut));
  events.back().offset.reset();
  if (known_) events.back().offset = static_cast<std::uint64_t>(cut - start_);
  if (!delivers_after(rst)) counts_.refused += erase(arrived, cut, last);
}

// ---- overlaps --------------------------------------------------------------------------------------

inline Relation ByteMapModel::relation(const Piece& held, const Piece& arrived) {
  const bool same_first = held.first == arrived.first;
  const bool same_last = held.last == arrived.last;
  if (same_first && same_last) return Relation::equals;
  if (same_first) return held.last < arrived.last ? Relation::starts : Relation::started_by;
  if (same_last) return held.first > arrived.first ? Relation::finishes : Relation::finished_by;
  if (held.first < arrived.first) {
    return held.last > arrived.last ? Relation::contains : Relation::overlaps;
  }
  return held.last < arrived.last ? Relation::during : Relation::overlapped_by;
}

// Each held segment that shares bytes with the new one either gives all of them or takes all of them.
inline void ByteMapModel::settle_overlaps(Bytes& arrived) {
  if (arrived.empty()) return;
  const Piece whole{arrived.begin()->first, arrived.rbegin()->first + 1};
  for (const Piece& held : pieces(held_)) {
    const Position first = std::max(held.first, whole.first);
    const Position last = std::min(held.last, whole.last);
    if (first >= last) continue;
    const auto shared = static_cast<std::uint64_t>(last - first);
    const std::string held_copy = text(held_, first, last);
    const std::string new_copy = text(arrived, first, last);
    const Winner winner = policy_.overlap[static_cast<std::size_t>(relation(held, whole))];
    if (held_copy != new_copy) {
      events.push_back(
          {EventKind::conflict, {}, shared, held_copy, new_copy, held_.at(first).packet, winner});
      if (known_) events.back().offset = static_cast<std::uint64_t>(first - start_);
    }
    since_.overlap_bytes += shared;
    counts_.duplicate += shared;
    erase(winner == Winner::held ? arrived : held_, first, last);
  }
  if (arrived.empty()) return;
  if (!known_ || whole.first != next_) {
    since_.queued_bytes += arrived.size();
    ++since_.queued_packets;
  }
  place(arrived);
}

// Bytes that lie together become one held segment, or several of at most 64 KiB.
inline void ByteMapModel::place(const Bytes& arrived) {
  constexpr Position size_max = 65535;
  for (const Piece& run : pieces(arrived)) {
    for (Position at = run.first; at < run.last; ++at) {
      if ((at - run.first) % size_max == 0) ++pieces_made_;
      held_[at] = arrived.at(at);
      held_[at].piece = pieces_made_;
    }
  }
}

// ---- the end, and giving up ------------------------------------------------------------------------

inline void ByteMapModel::reach_end() {
  if (!end_ || !known_ || next_ < *end_) return;
  end_.reset();
  end_now(end_is_reset_);
  if (delivers_after(end_is_reset_) || held_.empty()) return;
  const EventKind kind = end_is_reset_ ? EventKind::data_after_rst : EventKind::data_after_fin;
  const Piece first = pieces(held_).front();  // the end may lie within it
  const bool cut =
      !run_.empty() && first.first == next_ && held_.begin()->second.piece == run_.rbegin()->second.piece;
  const auto beyond = cut ? static_cast<std::uint64_t>(first.last - first.first) : 0;
  if (beyond != 0) tell(kind, beyond);
  if (beyond != held_.size()) tell(kind, held_.size() - beyond);
  counts_.refused += held_.size();
  held_.clear();
}

inline void ByteMapModel::close() {
  end_.reset();
  ended_ = true;
}

inline bool ByteMapModel::skip_gap() {
  if (!holds() && !(end_ && known_)) return false;
  Position to = holds() ? held_.begin()->first : *end_;
  if (!known_) {
    known_ = true;
    start_ = next_ = to;
    if (end_ && *end_ < to) end_.reset();
    skip_ = -1;
    tell(EventKind::midstream_start);
    return true;
  }
  if (end_ && *end_ < to && !delivers_after(end_is_reset_)) to = *end_;
  if (to <= next_) return false;
  tell(EventKind::gap, static_cast<std::uint64_t>(to - next_));
  remember_gap(next_, to);
  skip_ = to - next_;
  next_ = to;
  return true;
}

inline void ByteMapModel::limit_kept(std::uint64_t pages_max) {
  std::uint64_t given_up = 0;
  const Position first = run_.empty() ? 0 : run_.begin()->first;
  while (!run_.empty() && pages_of(run_) >= pages_max) {
    const Piece oldest = pieces(run_).front();
    given_up += erase(run_, oldest.first, oldest.last);
  }
  if (given_up == 0) return;
  events.push_back({EventKind::limit, static_cast<std::uint64_t>(first - start_), given_up, {}, {}});
}

inline void ByteMapModel::clear() {
  counts_.dropped += held_.size();
  held_.clear();
  run_.clear();
}

// ---- the way out -----------------------------------------------------------------------------------

inline void ByteMapModel::pop() {
  while (known_ && holds() && held_.begin()->first == next_) {
    if (end_ && next_ >= *end_ && !delivers_after(end_is_reset_)) return;
    run_[next_] = held_.begin()->second;
    if (remembers_) delivered_[next_] = held_.begin()->second;
    held_.erase(held_.begin());
    ++next_;
    ++counts_.delivered;
  }
}

inline std::optional<Delivery> ByteMapModel::take() {
  Delivery delivery;
  delivery.saved = run_.size();
  const bool kept_alone = skip_ != 0 && !run_.empty();  // for the last time, before the gap
  last_offer_ = kept_alone;
  run_begin_ = next_;
  if (!kept_alone) {
    pop();
    reach_end();
    const bool end = end_untold_ && !holds();
    last_offer_ = ended_ && held_.empty();
    if (next_ == run_begin_ && skip_ == 0 && !start_untold_ && !end && !(last_offer_ && !run_.empty()))
      return {};
    const std::size_t saved = delivery.saved;
    delivery = since_;
    delivery.saved = saved;
    delivery.skip = skip_;
    delivery.start = start_untold_;
    delivery.end = end;
    since_ = {};
    skip_ = 0;
    start_untold_ = false;
    if (end) end_untold_ = false, end_told_ = true;
  }
  delivery.offset = static_cast<std::uint64_t>((run_.empty() ? next_ : run_.begin()->first) - start_);
  std::map<std::uint64_t, int> packets;
  for (const auto& [position, byte] : run_) {
    delivery.bytes += byte.value;
    delivery.packets.push_back(byte.packet);
    if (position >= run_begin_ && !kept_alone) ++packets[byte.packet];
  }
  for (const Piece& piece : pieces(run_)) {
    if (piece.first >= run_begin_ && !kept_alone) ++delivery.chunks_count;
  }
  delivery.packets_count = packets.size();
  return delivery;
}

inline void ByteMapModel::settle(std::optional<std::size_t> keep_from) {
  if (run_.empty()) return;
  const Position first = run_.begin()->first;
  const Position all = run_.rbegin()->first + 1;
  erase(run_, first, keep_from && !last_offer_ ? first + static_cast<Position>(*keep_from) : all);
}

// ---- arithmetic ------------------------------------------------------------------------------------

inline auto ByteMapModel::pieces(const Bytes& bytes) -> std::vector<Piece> {
  std::vector<Piece> found;
  std::uint64_t piece = 0;
  for (const auto& [position, byte] : bytes) {
    if (found.empty() || found.back().last != position || piece != byte.piece) {
      found.push_back({position, position});
    }
    ++found.back().last;
    piece = byte.piece;
  }
  return found;
}

// A page is 1,900 bytes; every segment takes at least one.
inline std::uint64_t ByteMapModel::pages_of(const Bytes& bytes) {
  std::uint64_t pages = 0;
  for (const Piece& piece : pieces(bytes)) {
    pages += static_cast<std::uint64_t>(piece.last - piece.first + 1899) / 1900;
  }
  return pages;
}

inline std::uint64_t ByteMapModel::pages() const { return pages_of(held_) + pages_of(run_); }

inline std::uint64_t ByteMapModel::erase(Bytes& bytes, Position first, Position last) {
  if (last <= first) return 0;
  const auto begin = bytes.lower_bound(first);
  const auto end = bytes.lower_bound(last);
  const auto size = static_cast<std::uint64_t>(std::distance(begin, end));
  bytes.erase(begin, end);
  return size;
}

inline std::string ByteMapModel::text(const Bytes& bytes, Position first, Position last) {
  std::string found;
  for (auto at = bytes.lower_bound(first); at != bytes.end() && at->first < last; ++at) {
    found += at->second.value;
  }
  return found;
}

}  // namespace restitch::test
