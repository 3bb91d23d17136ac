// HalfState: what all half-connections of a pool share: the store of waiting segments, the cold details,
// counters and the events of the packet at hand. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/detail/acked_hole.h"
#include "restitch/detail/delivered_bytes.h"
#include "restitch/detail/elsewhere.h"
#include "restitch/detail/given_up_gaps.h"
#include "restitch/detail/greed_index.h"
#include "restitch/detail/held_queue.h"
#include "restitch/detail/hole_age.h"
#include "restitch/detail/named_starts.h"
#include "restitch/detail/segment_run.h"
#include "restitch/detail/segment_store.h"
#include "restitch/detail/slab.h"
#include "restitch/detail/urgent_byte.h"
#include "restitch/events.h"
#include "restitch/stream.h"

namespace RESTITCH_API restitch {

// Where the payload bytes went: seen = delivered + duplicate + before_start + refused + dropped + held,
// always.
struct ByteCounts {
  std::uint64_t seen = 0;          // payload bytes handed to the assembler
  std::uint64_t delivered = 0;     // given to a stream, each once (kept bytes count the first time)
  std::uint64_t duplicate = 0;     // had come before, in another copy
  std::uint64_t before_start = 0;  // lie before the first byte of the stream, and came too late to be it
  std::uint64_t refused = 0;       // count for nothing: after the end, not accepted, of an ignored connection
  std::uint64_t dropped = 0;       // given up: before a forced start, out of range, at a limit
  std::uint64_t held = 0;          // waiting now

  [[nodiscard]] bool add_up() const {
    return seen == delivered + duplicate + before_start + refused + dropped + held;
  }

  ByteCounts& operator+=(const ByteCounts& other) {
    seen += other.seen;
    delivered += other.delivered;
    duplicate += other.duplicate;
    before_start += other.before_start;
    refused += other.refused;
    dropped += other.dropped;
    held += other.held;
    return *this;
  }
};

}  // namespace restitch

namespace RESTITCH_API restitch {
namespace detail {

// The part of a half-connection that one in order does not need.
struct HalfDetail {
  HeldQueue held;         // what waits for an earlier byte
  SegmentRun run;         // what was delivered and kept
  std::int64_t skip = 0;  // gap before the next delivery; -1: the start was never seen
  Sequence end;           // where the FIN (or RST) stands
  bool has_end = false;
  bool end_is_reset = false;
  NamedStarts named;                 // other starts than the one that is taken for it
  AckedHole acked_hole;              // since when the receiver has what is missing here
  std::optional<Sequence> promised;  // up to where bytes were acknowledged that had not come yet
  std::uint32_t elsewhere = none;    // segments that lie where the stream cannot be
  std::uint32_t waiting_tick = 0;    // of the clock, when something began to wait for an unknown start
  UrgentByte urgent;
  TcpAssemblyStats since;  // since the last delivery: queued and overlap

  std::uint32_t connection = none;  // the slot of its connection
  GreedIndex::Links greed;
  HoleAge hole;  // the one that `held` waits for

  // Nothing beyond `next` counts: the end was reached, and it is final.
  [[nodiscard]] bool at_final_end(const ReceiverPolicy& policy, Sequence next) const {
    return has_end && next == end && policy.after_end(end_is_reset) == AfterEnd::refuse;
  }
  [[nodiscard]] std::uint32_t pages() const { return held.pages() + run.pages(); }

  // Of all that is held and kept.
  [[nodiscard]] std::size_t memory_size() const {
    return memory_for(std::size_t{held.size()} + run.size(), held.bytes() + run.bytes());
  }
};

// Events of the packet at hand, with copies of the bytes they show.
class EventLog {
 public:
  void add(const Event& event) {
    ++counts_[static_cast<std::size_t>(event.kind)];
    if (heard_) note(event);
  }
  // For what has no stream any longer that could be told.
  void count(EventKind kind) { ++counts_[static_cast<std::size_t>(kind)]; }
  // From now on, events are only counted: nobody asks what they were.
  void count_only() { heard_ = false; }
  void clear() {
    events_.clear();
    bytes_.clear();
  }
  [[nodiscard]] bool empty() const { return events_.empty(); }

  // Calls function(event) for each event of the packet at hand.
  template <class Function>
  void for_each(Function&& function) const {
    for (const Stored& stored : events_) function(restore(stored));
  }

  [[nodiscard]] const EventCounts& counts() const { return counts_; }

 private:
  // Bytes of both copies lie in bytes_, from `begin`: first the held, then the arrived.
  struct Stored {
    Event event;
    std::size_t begin = 0;
    std::size_t held_size = 0;
    std::size_t arrived_size = 0;
  };
  static constexpr std::size_t bytes_max = 128 * 1024;  // of one packet; beyond, events show no bytes
  static constexpr std::size_t events_max = 4096;       // of one packet; beyond, they are only counted

  void note(const Event& event);
  void store(const Event& event);
  [[nodiscard]] Event restore(const Stored& stored) const;

  std::vector<Stored> events_;
  std::vector<std::uint8_t> bytes_;
  EventCounts counts_{};
  bool heard_ = true;
};

struct HalfState {
  explicit HalfState(BlockSource& source)
      : segments(source),
        leaves(source),
        blocks(source),
        details(source),
        elsewheres(source),
        delivered(source),
        given_up(source) {}

  SegmentStore segments;
  SegmentOrder::Leaves leaves;  // of the order of those that are held
  Slab<TreeNode> blocks;        // Linux' rule: those of its trees
  Slab<HalfDetail> details;
  Slab<Elsewhere> elsewheres;
  DeliveredBytes delivered;
  GivenUpGaps given_up;
  GreedIndex greed;
  EventLog events;
  std::array<ByteCounts, 2> counts;  // by direction
  LimitCounts limits{};
  std::uint32_t delivery_segments_max = 256;
  std::uint64_t pages = 0;      // of all held and kept segments
  std::size_t parked_size = 0;  // memory of the segments that wait with a SYN (claims.h)

  const CaptureClock* clock = nullptr;  // of the pool; none: time stands still
  [[nodiscard]] std::uint32_t tick() const { return clock == nullptr ? 0 : clock->tick(); }

  // The half-connection at hand: whose bytes are counted, and whose connection a new detail belongs to.
  std::uint32_t connection = none;
  TcpFlowDirection direction = TcpFlowDirection::client_to_server;

  void attend(std::uint32_t slot, TcpFlowDirection to) {
    connection = slot;
    direction = to;
  }
  ByteCounts& bytes() { return counts[static_cast<std::size_t>(direction)]; }

  // Bytes of the packet at hand came for the first time, and had been acknowledged before.
  bool came_behind = false;

  // The half at hand is given these bytes: `first` and `offset` are those of the first of them.
  void note_delivered(Sequence first, std::uint64_t offset, Bytes bytes, const CaptureInfo& info) {
    if (delivered.on() && !bytes.empty())
      delivered.append({connection, direction}, first, offset, bytes, info);
  }

  // The half at hand goes on behind a gap, told as an event.
  void note_gap(std::uint64_t offset, std::uint64_t size, const CaptureInfo& info) {
    events.add(
        {.kind = EventKind::gap, .direction = direction, .offset = offset, .size = size, .info = info});
    given_up.add({connection, direction}, {offset, size});
  }

  // Bytes come that lie before the next one: copies, but for what lies in a gap that was given up.
  void note_again(std::uint64_t offset, std::uint64_t size, const CaptureInfo& info);

  // Bytes counted as duplicate: a copy that is not the one delivered, and who brought it.
  bool tells_copies = false;
  void note_copy(std::uint64_t offset, std::uint64_t size, const CaptureInfo& info) {
    if (!tells_copies || size == 0) return;
    events.add({.kind = EventKind::other_copy,
                .direction = direction,
                .offset = offset,
                .size = size,
                .info = info});
  }

  // Of all that is held and kept, with the details.
  [[nodiscard]] std::size_t memory_size() const {
    constexpr std::size_t leaf_size = sizeof(SegmentOrder::Leaf) + sizeof(TreeNode);
    constexpr std::size_t record_size = segment_memory - leaf_size / (SegmentOrder::leaf_entries / 2 + 1);
    return segments.size() * record_size + memory_for(0, segments.payload_size()) +
           leaves.size() * leaf_size + parked_size + blocks.size() * sizeof(TreeNode) +
           details.size() * sizeof(HalfDetail) + elsewheres.size() * sizeof(Elsewhere);
  }
};

}  // namespace detail
}  // namespace restitch
