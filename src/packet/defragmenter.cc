#include "restitch/defragmenter.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>
#include <utility>

namespace restitch {
namespace {

constexpr std::size_t datagram_size_max = 65535;
constexpr std::size_t unit = 8;  // offsets count in these

// What the containers cost beside the bytes, about; so that tiny fragments cannot outgrow the limit.
constexpr std::size_t datagram_overhead = 320;
constexpr std::size_t fragment_overhead = 160;

// The bytes that count; empty for a fragment that nobody would take.
Bytes usable_data(const IpFragment& fragment) {
  Bytes data = fragment.data;
  const std::size_t odd = fragment.more ? data.size() % unit : 0;
  if (odd != 0) {
    if (fragment.source.version == 6) return {};
    data = data.first(data.size() - odd);
  }
  return fragment.offset + data.size() <= datagram_size_max ? data : Bytes{};
}

}  // namespace

IpDefragmenter::Key IpDefragmenter::key_of(const IpFragment& fragment) {
  const std::uint8_t protocol = fragment.source.version == 4 ? fragment.protocol : std::uint8_t{0};
  return {fragment.source, fragment.destination, fragment.domain, fragment.id, protocol};
}

std::optional<Datagram> IpDefragmenter::add(const IpFragment& fragment, Timestamp now) {
  ++counts_.fragments;
  expire(now);
  const Bytes data = usable_data(fragment);
  if (!fragment.whole) {
    ++counts_.cut;
  } else if (data.empty()) {
    ++counts_.malformed;
  } else {
    const auto entry = find_or_start(fragment, now);
    if (!entry->second.spoiled) return place(entry, fragment, data);
  }
  return std::nullopt;
}

IpDefragmenter::Table::iterator IpDefragmenter::find_or_start(const IpFragment& fragment, Timestamp now) {
  const auto [entry, is_new] = pending_.try_emplace(key_of(fragment));
  if (is_new) {
    Pending& pending = entry->second;
    pending.since = now;
    pending.age = ages_.insert(ages_.end(), entry);
    pending.bytes_held = datagram_overhead;
    bytes_held_ += datagram_overhead;
  }
  return entry;
}

// True unless the fragment and what is there disagree about where the datagram ends.
bool IpDefragmenter::fits(const Pending& pending, std::uint32_t end, bool more) {
  if (pending.size) return more ? end <= *pending.size : end == *pending.size;
  if (more || pending.pieces.empty()) return true;
  const auto& [start, piece] = *pending.pieces.rbegin();
  return start + piece.size <= end;
}

std::optional<Datagram> IpDefragmenter::place(Table::iterator entry, const IpFragment& fragment, Bytes data) {
  Pending& pending = entry->second;
  const bool is_ipv4 = fragment.source.version == 4;
  const auto end = static_cast<std::uint32_t>(fragment.offset + data.size());
  if (!fits(pending, end, fragment.more)) {
    ++counts_.malformed;
    if (options_.policy == FragmentPolicy::linux_) give_up(entry, is_ipv4);
    return std::nullopt;
  }
  const Overlap overlap = overlap_of(pending.pieces, fragment.offset, data);
  const bool is_duplicate =
      overlap.size == data.size() && (!overlap.differs || options_.policy == FragmentPolicy::linux_);
  if (overlap.differs) ++counts_.conflicts;
  pending.overlap = pending.overlap || overlap.differs || (overlap.size > 0 && !is_duplicate);
  if (is_duplicate) {
    ++counts_.duplicates;
  } else if (overlap.size > 0) {
    ++counts_.overlaps;
    if (!is_ipv4 || options_.policy == FragmentPolicy::linux_) {
      give_up(entry, is_ipv4);
      return std::nullopt;
    }
  }
  // Where the beginnings of fragments decide, even a duplicate moves them.
  if (!is_duplicate || options_.policy == FragmentPolicy::bsd || options_.policy == FragmentPolicy::old_linux)
    store(pending, fragment.offset, data);
  if (!fragment.more) pending.size = end;
  if (fragment.offset == 0 && !(is_duplicate && pending.has_first)) {
    pending.has_first = true;
    pending.protocol = fragment.protocol;
  }
  pending.checksum_ok = pending.checksum_ok && fragment.checksum_ok;
  if (pending.size == pending.covered) {
    Datagram datagram = assemble(pending);
    remove(entry);
    ++counts_.datagrams;
    return datagram;
  }
  make_room();
  return std::nullopt;
}

// Spoiled by an overlap. RFC 5722 wants the fragments still to come dropped too, so the entry stays, empty,
// until its time is over; Linux forgets it.
void IpDefragmenter::give_up(Table::iterator entry, bool is_ipv4) {
  ++counts_.discarded;
  if (is_ipv4 || options_.policy == FragmentPolicy::linux_) {
    remove(entry);
    return;
  }
  Pending& pending = entry->second;
  pending.pieces.clear();
  pending.copies.clear();
  pending.covered = 0;
  pending.spoiled = true;
  bytes_held_ -= pending.bytes_held - datagram_overhead;
  pending.bytes_held = datagram_overhead;
}

IpDefragmenter::Overlap IpDefragmenter::overlap_of(const Pieces& pieces, std::uint32_t start, Bytes data) {
  Overlap overlap;
  const auto end = static_cast<std::uint32_t>(start + data.size());
  auto next = pieces.upper_bound(start);
  if (next != pieces.begin()) --next;
  for (; next != pieces.end() && next->first < end; ++next) {
    const std::uint32_t from = std::max(start, next->first);
    const std::uint32_t to = std::min(end, next->first + next->second.size);
    if (from >= to) continue;
    overlap.size += to - from;
    overlap.differs =
        overlap.differs ||
        std::memcmp(data.data() + (from - start), next->second.data + (from - next->first), to - from) != 0;
  }
  return overlap;
}

bool IpDefragmenter::existing_wins(std::uint32_t existing_start, std::uint32_t start) const {
  switch (options_.policy) {
    case FragmentPolicy::first:
      return true;
    case FragmentPolicy::last:
      return false;
    case FragmentPolicy::bsd:
      return existing_start <= start;
    case FragmentPolicy::old_linux:
      return existing_start < start;
    case FragmentPolicy::linux_:
      break;
  }
  assert(false);  // overlaps end in give_up()
  return true;
}

void IpDefragmenter::store(Pending& pending, std::uint32_t start, Bytes data) {
  const auto& copy = pending.copies.emplace_back(data.begin(), data.end());
  const std::size_t cost = copy.size() + fragment_overhead;
  pending.bytes_held += cost;
  bytes_held_ += cost;
  insert(pending, start, copy);
}

// Walks over the pieces that [start, end) touches, and lets either the piece or the new bytes give way.
// At most one piece for every eight new bytes is walked over, so a fragment costs what its size does.
void IpDefragmenter::insert(Pending& pending, std::uint32_t start, Bytes data) {
  Pieces& pieces = pending.pieces;
  const auto end = static_cast<std::uint32_t>(start + data.size());
  const auto put = [&](std::uint32_t from, std::uint32_t to) {
    if (from >= to) return;
    pieces.insert_or_assign(from, Piece{to - from, data.data() + (from - start)});
    pending.covered += to - from;
  };
  std::uint32_t at = start;  // new bytes before it are settled
  auto next = pieces.upper_bound(start);
  if (next != pieces.begin()) --next;
  while (next != pieces.end() && next->first < end) {
    const auto [old_start, old] = *next;
    const std::uint32_t old_end = old_start + old.size;
    if (old_end <= start) {
      ++next;
    } else if (existing_wins(old_start, start)) {
      put(at, old_start);
      at = std::max(at, old_end);
      ++next;
    } else {
      next = pieces.erase(next);
      pending.covered -= old.size;
      if (old_start < start) {
        pieces.emplace(old_start, Piece{start - old_start, old.data});
        pending.covered += start - old_start;
      }
      if (old_end > end) {
        next = pieces.emplace(end, Piece{old_end - end, old.data + (end - old_start)}).first;
        pending.covered += old_end - end;
      }
    }
  }
  put(at, end);
}

Datagram IpDefragmenter::assemble(const Pending& pending) {
  Datagram datagram;
  datagram.protocol = pending.protocol;
  datagram.checksum_ok = pending.checksum_ok;
  datagram.overlap = pending.overlap;
  datagram.payload.reserve(pending.covered);
  for (const auto& [start, piece] : pending.pieces) {
    assert(start == datagram.payload.size());
    datagram.payload.insert(datagram.payload.end(), piece.data, piece.data + piece.size);
  }
  return datagram;
}

void IpDefragmenter::remove(Table::iterator entry) {
  bytes_held_ -= entry->second.bytes_held;
  ages_.erase(entry->second.age);
  pending_.erase(entry);
}

void IpDefragmenter::expire(Timestamp now) {
  while (!ages_.empty() && now.ns - ages_.front()->second.since.ns > options_.timeout_ns) {
    if (!ages_.front()->second.spoiled) ++counts_.timed_out;
    remove(ages_.front());
  }
}

void IpDefragmenter::make_room() {
  while (!ages_.empty() && (pending_.size() > options_.datagrams_max || bytes_held_ > options_.bytes_max)) {
    if (!ages_.front()->second.spoiled) ++counts_.evicted;
    remove(ages_.front());
  }
}

}  // namespace restitch
