#include "restitch/detail/delivered_bytes.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace restitch::detail {
namespace {

// So much of a payload has to fit into a block, or it begins in the next one.
constexpr std::size_t piece_size_min = 512;

// What lies further back than this is not looked at: sequence numbers of both would have no order.
constexpr std::int64_t lookback = std::int64_t{1} << 30;

// How many blocks are looked at to find the side that has most.
constexpr int looked_at_max = 16;
constexpr int block_probes_max = 256;

// The most that a Side can count.
constexpr std::uint32_t side_blocks_max = (1U << 14) - 1;

// So many blocks that nobody uses stay in any case.
constexpr std::uint32_t spares_min = 16;

// The most bytes of one packet that are shown at once.
constexpr std::size_t gathered_max = 65536;

constexpr std::uint32_t aligned(std::size_t size) { return static_cast<std::uint32_t>((size + 7) / 8 * 8); }

std::uint32_t blocks_in(std::size_t bytes, std::size_t block_size) {
  constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max() >> 4;
  return static_cast<std::uint32_t>(std::min(bytes / block_size, most));
}

}  // namespace

void DeliveredBytes::set_limits(std::size_t direction_bytes_max, std::size_t total_bytes_max) {
  total_blocks_max_ = blocks_in(total_bytes_max, Block::size);
  blocks_max_ = std::min({blocks_in(direction_bytes_max, Block::size), total_blocks_max_, side_blocks_max});
  if (blocks_max_ == 0 && direction_bytes_max != 0 && total_blocks_max_ != 0) blocks_max_ = 1;
  if (on()) gathered_.reserve(gathered_max);
}

// ---- what is delivered -----------------------------------------------------------------------------

void DeliveredBytes::append(Direction direction, Sequence first, std::uint64_t offset, Bytes bytes,
                            const CaptureInfo& info) {
  Side* own = side(number_of(direction));
  if (own == nullptr || own->begun == 0) own = begin(number_of(direction));
  if (own == nullptr) return;
  while (!bytes.empty()) {
    const std::size_t wanted = sizeof(Piece) + std::min(bytes.size(), piece_size_min);
    if (own->newest == none || own->used + wanted > Block::size) {
      if (!renew(*own, direction.slot, first, offset)) return;
    }
    const Bytes part = bytes.first(std::min(bytes.size(), Block::size - own->used - sizeof(Piece)));
    put(*own, {offset, first, static_cast<std::uint32_t>(part.size()), info}, part);
    first = first.add(static_cast<std::int64_t>(part.size()));
    offset += part.size();
    bytes = bytes.subspan(part.size());
  }
}

void DeliveredBytes::put(Side& side, const Piece& piece, Bytes bytes) {
  std::byte* const place = blocks_[side.newest].bytes + side.used;
  ::new (place) Piece(piece);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::uint8_t*>(place + sizeof(Piece)));
  side.used = static_cast<std::uint16_t>(side.used + aligned(sizeof(Piece) + bytes.size()));
}

// Its first bytes come; nullptr when there is no memory to note that.
auto DeliveredBytes::begin(std::uint32_t number) -> Side* {
  const std::uint32_t chunk = number / sides_per_chunk;
  try {
    if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  if (!chunks_[chunk].sides) {
    chunks_[chunk].sides = make_block<Sides>(source_);
    if (!chunks_[chunk].sides) return nullptr;
    ++chunks_in_use_;
  }
  Side* const begun = side(number);
  begun->begun = 1;
  ++chunks_[chunk].used;
  return begun;
}

// The newest block is full, as far as `first`: another one becomes that, or the oldest of its own. False when
// there is none.
bool DeliveredBytes::renew(Side& side, std::uint32_t slot, Sequence first, std::uint64_t offset) {
  if (side.newest != none) {
    Head& full = blocks_.hot(side.newest);
    full.used = side.used;
    full.end = first;
    full.end_offset = offset;
  }
  const std::uint32_t block = side.blocks < blocks_max_ ? take_block(side) : none;
  side.used = 0;
  if (block != none) {
    blocks_.hot(block).next =
        side.newest == none ? block : std::exchange(blocks_.hot(side.newest).next, block);
    blocks_.hot(block).slot = slot;
    side.newest = block;
    ++side.blocks;
    return true;
  }
  side.lost = 1;
  if (side.newest != none) side.newest = blocks_.hot(side.newest).next;
  return side.newest != none;
}

std::uint32_t DeliveredBytes::take_block(const Side& side) {
  if (spare_ != none) {
    --spares_;
    return std::exchange(spare_, blocks_.hot(spare_).next);
  }
  const std::uint32_t made = blocks_.size() < total_blocks_max_ ? blocks_.allocate() : none;
  return made != none ? made : take_from_another(side);
}

// The oldest block of the side that has most, of those that a few blocks belong to: of the blocks, because a
// side with many is found soon among them. None if all are of `own`, or nobody has one.
std::uint32_t DeliveredBytes::take_from_another(const Side& own) {
  Side* giver = nullptr;
  const std::uint32_t bound = blocks_.bound();
  for (int looked_at = 0, probes = 0; looked_at < looked_at_max && probes < block_probes_max; ++probes) {
    hand_ = hand_ + 1 < bound ? hand_ + 1 : 0;
    if (!blocks_.is_used(hand_)) continue;
    ++looked_at;
    for (const TcpFlowDirection which :
         {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
      Side* const candidate = side(number_of({blocks_.hot(hand_).slot, which}));
      if (candidate == nullptr || candidate->blocks == 0 || candidate == &own) continue;
      if (giver == nullptr || candidate->blocks > giver->blocks) giver = candidate;
    }
  }
  if (giver == nullptr) return none;
  giver->lost = 1;
  return take_oldest(*giver);
}

std::uint32_t DeliveredBytes::take_oldest(Side& side) {
  Head& newest = blocks_.hot(side.newest);
  const std::uint32_t oldest = newest.next;
  newest.next = blocks_.hot(oldest).next;
  if (--side.blocks == 0) {
    side.newest = none;
    side.used = 0;
  }
  return oldest;
}

// All its blocks are spare now. Of these an eighth of those in use stay, for the next connections.
void DeliveredBytes::give_back(Side& side) {
  if (side.newest == none) return;
  spare_ = std::exchange(blocks_.hot(side.newest).next, spare_);
  spares_ += side.blocks;
  while (spares_ > spares_min && spares_ > (blocks_.size() - spares_) / 8) {
    --spares_;
    blocks_.release(std::exchange(spare_, blocks_.hot(spare_).next));
  }
}

// ---- what comes again ------------------------------------------------------------------------------

auto DeliveredBytes::compare(Direction direction, Sequence first, std::size_t size, Sequence next,
                             std::uint64_t next_offset) const -> Walk {
  const Side* const own = side(number_of(direction));
  if (own == nullptr) return {};
  const auto length = static_cast<std::int64_t>(size);
  const bool near = first.difference(next) <= lookback;
  Walk walk;
  if (near) walk = walk_over(*own, first, first.add(length), next_offset);
  if (own->lost == 0) return walk;
  const Piece* const oldest = walk_over(*own, next.add(-lookback), next, next_offset).piece_;
  const bool known = near && oldest != nullptr;
  walk.unknown_ =
      known ? static_cast<std::size_t>(std::clamp<std::int64_t>(first.difference(oldest->first), 0, length))
            : size;
  return walk;
}

// Begins with the first piece that has bytes of [first, last).
auto DeliveredBytes::walk_over(const Side& side, Sequence first, Sequence last,
                               std::uint64_t next_offset) const -> Walk {
  Walk walk;
  walk.first_ = first;
  walk.last_ = last;
  walk.horizon_ = next_offset - std::min(next_offset, std::uint64_t{lookback});
  if (side.newest != none) walk.block_ = blocks_.hot(side.newest).next;
  walk.blocks_left_ = side.blocks;
  walk.newest_used_ = side.used;
  advance(walk);
  return walk;
}

void DeliveredBytes::advance(Walk& walk) const {
  walk.piece_ = nullptr;
  for (; walk.blocks_left_ != 0; --walk.blocks_left_, walk.place_ = 0) {
    const Head& head = blocks_.hot(walk.block_);
    const bool newest = walk.blocks_left_ == 1;
    const bool may_share = newest || (head.end_offset > walk.horizon_ && is_before(walk.first_, head.end));
    const std::uint32_t used = newest ? walk.newest_used_ : head.used;
    while (may_share && walk.place_ < used) {
      const Piece& piece = blocks_[walk.block_].piece(walk.place_);
      walk.place_ += aligned(sizeof(Piece) + piece.size);
      if (piece.offset < walk.horizon_ || !is_before(walk.first_, piece.last())) continue;
      if (is_before(piece.first, walk.last_)) walk.piece_ = &piece;
      return;
    }
    walk.block_ = head.next;
  }
}

// A packet's payload may lie there in several pieces.
auto DeliveredBytes::next(Walk& walk) -> std::optional<Shared> {
  if (walk.piece_ == nullptr) return std::nullopt;
  const Piece& begin = *walk.piece_;
  Sequence at = is_before(begin.first, walk.first_) ? walk.first_ : begin.first;
  const auto skipped = static_cast<std::uint64_t>(begin.first.difference(at));
  Shared shared{static_cast<std::size_t>(walk.first_.difference(at)), begin.offset + skipped, {}, begin.info};
  gathered_.clear();
  do {
    const Piece& piece = *walk.piece_;
    const Sequence last = is_before(walk.last_, piece.last()) ? walk.last_ : piece.last();
    const auto from = static_cast<std::size_t>(piece.first.difference(at));
    const Bytes bytes = piece.bytes().subspan(from, static_cast<std::size_t>(at.difference(last)));
    if (gathered_.size() + bytes.size() > gathered_max) break;
    gathered_.insert(gathered_.end(), bytes.begin(), bytes.end());
    at = last;
    advance(walk);
  } while (walk.piece_ != nullptr && walk.piece_->first == at && walk.piece_->info == shared.info);
  shared.bytes = gathered_;
  return shared;
}

// ---- the end ---------------------------------------------------------------------------------------

void DeliveredBytes::forget(Direction direction) {
  Side* const own = side(number_of(direction));
  if (own == nullptr || own->begun == 0) return;
  give_back(*own);
  *own = Side{};
  Chunk& chunk = chunks_[number_of(direction) / sides_per_chunk];
  if (--chunk.used != 0 || chunks_in_use_ == 1) return;
  chunk.sides.reset();
  --chunks_in_use_;
}

void DeliveredBytes::swap(std::uint32_t slot) {
  Side* const sides = side(number_of({slot, TcpFlowDirection::client_to_server}));
  if (sides != nullptr) std::swap(sides[0], sides[1]);
}

}  // namespace restitch::detail
