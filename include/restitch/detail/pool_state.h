// PoolState: all of a StreamPool but the streams: connections, the table that finds them, what waits, the
// tombstones, and who is to give way. It knows no user code. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "restitch/detail/capture_clock.h"
#include "restitch/detail/claims.h"
#include "restitch/detail/connection.h"
#include "restitch/detail/connection_table.h"
#include "restitch/detail/half_state.h"
#include "restitch/detail/policy_table.h"
#include "restitch/detail/receiver_state.h"
#include "restitch/detail/refused_queue.h"
#include "restitch/detail/require.h"
#include "restitch/detail/tombstones.h"
#include "restitch/options.h"

namespace RESTITCH_API restitch {
namespace detail {

// What a packet does with a claim that it meets.
enum class ClaimFate : std::uint8_t {
  nothing,
  waits,   // it may follow the SYN, and fits nothing else
  begins,  // it answers the SYN, or nobody could: the new connection begins
};

class PoolState {
 public:
  explicit PoolState(const PoolOptions& options);

  [[nodiscard]] std::uint32_t hash(const FlowKey& key) const { return table.hash(key); }
  [[nodiscard]] Connection* find(const FlowKey& key, std::uint32_t hash) {
    const std::uint32_t slot = table.find(connections, key, hash);
    return slot == none ? nullptr : &connections[slot];
  }

  // A new connection in the table, open, with nothing known; nullptr when memory is exhausted. `chosen`: the
  // policy of the receiver of each direction; null: that of the options. Throws nothing.
  using Policies = std::array<const ReceiverPolicy*, 2>;
  Connection* add(const FlowKey& key, std::uint32_t hash, bool client_is_high, const Policies& chosen = {});

  // What the receiver of a direction does.
  [[nodiscard]] const ReceiverPolicy& policy(const Connection& connection, TcpFlowDirection direction) const {
    return policies[connection.policies[static_cast<std::size_t>(direction)]];
  }

  // Forgets a connection and all that waits in it.
  void erase(Connection& connection);

  // The same, but a tombstone stays in its place. `ignored`: nobody wants it, so it may be alive.
  void bury(Connection& connection, bool ignored = false);

  // Whether a SYN that meets a connection may begin another one: it names another start than a certain one,
  // or the same when this one is over (repeats_over()).
  [[nodiscard]] bool is_claim(const Connection& connection, TcpFlowDirection direction,
                              const TcpSegment& tcp);
  [[nodiscard]] static bool repeats_over(const Connection& connection, TcpFlowDirection direction,
                                         const TcpSegment& syn);

  // Takes note of a SYN that begins a direction of a connection of which data came before.
  void note_late_syn(Connection& connection, TcpFlowDirection direction, const TcpSegment& syn) const;

  // Whether a segment may belong to a connection by both its numbers, as far as is known.
  [[nodiscard]] bool may_belong(const Connection& connection, TcpFlowDirection direction,
                                const TcpSegment& tcp);

  // The claims on these addresses and ports, if there are any; `met` is the connection there, or nullptr.
  [[nodiscard]] ClaimGroup* find_claims(const FlowKey& key, std::uint32_t hash, Connection* met);

  // Whether the checksum of a segment lets it count (PoolOptions::checksums).
  [[nodiscard]] bool admits(Connection& connection, TcpFlowDirection direction, const NetFlow& net,
                            const TcpSegment& tcp);

  // The same for one that has no connection, but for what is left of a dead one, or nullptr.
  [[nodiscard]] bool admits_stray(const Tombstone* dead, TcpFlowDirection direction, const NetFlow& net,
                                  const TcpSegment& tcp) const;

  // Whether a RST may be one that its receiver takes: at the next number or in its window, by what is known.
  [[nodiscard]] bool may_reset(const Connection& connection, TcpFlowDirection direction,
                               const TcpSegment& tcp);

  // What a packet means for them. `old` and `dead` are what is there besides, or nullptr.
  struct ClaimVerdict {
    ClaimFate fate = ClaimFate::nothing;
    Claim* claim = nullptr;
  };
  [[nodiscard]] ClaimVerdict judge_claims(ClaimGroup& group, const DirectedKey& key, const Connection* old,
                                          const Tombstone* dead, const TcpSegment& tcp, Timestamp now);

  // True once for each claim: a packet of the old connection answers its SYN with a challenge ACK.
  [[nodiscard]] bool is_challenge(ClaimGroup& group, const DirectedKey& key, const Connection& old,
                                  const TcpSegment& tcp);

  // A packet came by, of whichever connection. True: the hands are due.
  bool note_time(const AssemblerContext& context) {
    const Elapsed elapsed = context.elapsed();
    clock.follow(elapsed);
    // Nobody's clock is beyond all times, too.
    return static_cast<std::uint64_t>(elapsed.ticks) >= ageing_due_ && note_odd_time(context);
  }
  bool note_odd_time(const AssemblerContext& context);

  // A packet of this connection came by.
  void note_seen(Connection& connection, Timestamp time) {
    if (connection.last_seen < time) connection.last_seen = time;
    connection.seen_tick = clock.tick();
  }

  // Memory of what a connection holds and keeps.
  [[nodiscard]] std::size_t held_memory(const Connection& connection) const {
    return connection.halves[0].memory_size(halves) + connection.halves[1].memory_size(halves);
  }

  // Whether there is no room for one more connection. (Under ignore_new, memory counts too, with a sixteenth
  // to spare: what is there comes first.)
  [[nodiscard]] bool is_full() const;

  // The connection that was silent longest, half-open ones first: exactly that while there are few, else the
  // idlest of 32 from all over the table. The same of those that hold something; `not_this` is left out.
  // nullptr: there is none.
  [[nodiscard]] Connection* idlest();
  [[nodiscard]] Connection* idlest_holder(std::uint32_t not_this);

  // A quick look whether something of a connection may have reached its age; and by how much a connection, or
  // the hole that a half waits for, has passed it. Only packets of the connection move these moments.
  [[nodiscard]] bool may_have_expired(const Connection& connection) const {
    return static_cast<std::int32_t>(clock.tick() - connection.seen_tick) > silent_ticks_max_ ||
           connection.holds;
  }
  [[nodiscard]] std::optional<std::int64_t> expired_ns(const Connection& connection) const;
  [[nodiscard]] std::optional<std::int64_t> expired_hole_ns(const HalfConnection& half) const;

  // The time that a clock hand takes to go round connections, or holes; 0: it stands still.
  [[nodiscard]] std::int64_t connection_round_ns() const { return connection_round_ns_; }
  [[nodiscard]] std::int64_t hole_round_ns() const { return hole_round_ns_; }
  [[nodiscard]] bool ageing_is_due() const {
    return static_cast<std::uint64_t>(clock.elapsed().ticks) >= ageing_due_;
  }
  void note_aged();  // the hands did what was due

  // A half of the connection may hold something, or none does any more: whether its holes have an age.
  void note_holding(Connection& connection) const {
    connection.holds = hole_round_ns_ != 0 && (connection.halves[0].busy() || connection.halves[1].busy());
  }

  // Hears what a segment acknowledges, whatever its own receiver makes of it. Answers up to where it shows
  // that bytes of the other direction were taken in that seemed to be refused: then correct() and
  // take_refused().
  std::optional<Sequence> hear(Connection& connection, const NetFlow& net, const TcpSegment& tcp,
                               TcpFlowDirection direction);

  // Whether a segment is right in itself, by its checksum or because its sender never has right ones.
  [[nodiscard]] bool may_believe(const Connection& connection, const NetFlow& net, const TcpSegment& tcp,
                                 TcpFlowDirection direction) const;

  // Its receiver acknowledged the start of a direction: the sender's SYN was the one that named it.
  void agree_on_start(Connection& connection, TcpFlowDirection direction);

  // A SYN was refused by `rule`, but the start that it names may be the one that counts. Takes note of it.
  bool name_start(Connection& connection, TcpFlowDirection direction, const TcpSegment& tcp, Refusal rule);

  // Keeps the payload of a segment that was refused by `rule`, in case that its receiver took it in all the
  // same. Answers as hear() does, for this direction: it may have been acknowledged before it was captured.
  std::optional<Sequence> keep_refused(Connection& connection, const TcpSegment& tcp, Refusal rule,
                                       TcpFlowDirection direction, const CaptureInfo& info);

  // Goes on from what the receiver of `direction` acknowledged. True if a reset is disproved by that.
  bool correct(Connection& connection, TcpFlowDirection direction, Sequence acked);

  // The next piece that was refused and lies before `acked`, with its event; its bytes are in `buffer`, and
  // not counted as refused any more. Requires: room for SegmentStore::segment_size_max bytes.
  std::optional<RefusedQueue::Piece> take_refused(Connection& connection, TcpFlowDirection direction,
                                                  Sequence acked, std::uint8_t* buffer);

  // Gives back the memory of everything that was refused.
  void discard_refused();

  // Takes note of a reset that came in `direction` and was believed; `told`: the application hears of it.
  // True: it counts at once.
  bool believe_reset(Connection& connection, TcpFlowDirection direction, bool told);

  // The reset that was believed, if one was: it counts now.
  std::optional<ReceiverState::Reset> take_reset(Connection& connection);

  // A reset was believed, and may be disproved yet.
  [[nodiscard]] bool is_in_doubt(const Connection& connection) const;

  // The judgement of the receiving host, for a connection whose hosts are watched.
  ReceiverState::Verdict judge(Connection& connection, const NetFlow& net, const TcpSegment& tcp,
                               TcpFlowDirection direction, const CaptureInfo& info);

  // Turns client and server of a connection round when a handshake shows that they were guessed wrong.
  bool correct_client(Connection& connection, bool from_high, const TcpSegment& tcp);

  // Up to where a half may be delivered: what its receiver acknowledged, if that is asked for.
  [[nodiscard]] std::optional<Sequence> delivery_limit(Connection& connection, TcpFlowDirection direction);

  // The position up to which bytes of this half are lost for good: acknowledged, never captured, and not
  // waited for any longer.
  [[nodiscard]] std::optional<Sequence> lost_until(Connection& connection, TcpFlowDirection direction,
                                                   Timestamp now);

  // Sets the payload of a SYN apart, counts it as refused, or only gives its memory back.
  // Requires: the connection was judged.
  void hold_syn_data(Connection& connection, const TcpSegment& tcp, TcpFlowDirection direction,
                     const CaptureInfo& info);
  void drop_syn_data(Connection& connection);
  void refuse_syn_data(Connection& connection);  // and tells it
  void release_syn_data(Connection& connection);

  // What waits in a half behind a gap may have been read all the same: the gap is the capture's. Only where
  // the receiver counts (its policy refuses, or acknowledged bytes are asked for) can it say otherwise.
  [[nodiscard]] bool may_skip(Connection& connection, TcpFlowDirection direction);

  PoolOptions options;
  BlockSource memory;
  Slab<Connection> connections;
  ConnectionTable table;
  Tombstones tombstones;
  Claims claims;
  PolicyTable policies;
  HalfState halves;
  Slab<ReceiverState> receivers;
  Slab<RefusedQueue> refused_queues;
  CaptureClock clock;  // as of the packet at hand
  CaptureClock ahead;  // as of the last one that was read, where nobody else has a clock for this pool
  ClockHand connection_hand;
  ClockHand hole_hand;
  bool in_call = false;  // a callback runs: the pool must not be entered again

 private:
  PoolState(const PoolOptions& options, std::uint64_t seed);
  void give_back_policies(const Connection& connection);
  [[nodiscard]] static bool may_answer(const Claim& claim, const Connection* old, const Tombstone* dead);
  [[nodiscard]] static bool is_closest(ClaimGroup& group, const Claim& claim, const TcpSegment& tcp);
  [[nodiscard]] bool may_follow(const Claim& claim, const Connection& old, TcpFlowDirection direction,
                                const TcpSegment& tcp);
  [[nodiscard]] bool is_answer(Claim& claim, const Connection& old, TcpFlowDirection direction,
                               const TcpSegment& tcp);
  [[nodiscard]] bool confirms(const Claim& claim, const Connection& old, TcpFlowDirection direction,
                              const TcpSegment& tcp);
  void forget_receiver(Connection& connection);

  // What a host acknowledges decides what is delivered.
  [[nodiscard]] bool counts_acks(const Connection& connection) const {
    const auto refuses = [&](TcpFlowDirection direction) {
      return policy(connection, direction).refusals.any();
    };
    return options.acknowledged_tolerance_ns || refuses(TcpFlowDirection::client_to_server) ||
           refuses(TcpFlowDirection::server_to_client);
  }
  [[nodiscard]] std::optional<std::int64_t> past(std::uint32_t since, std::int64_t age_max) const;
  void swap_counts(const Connection& connection);
  // What compares greater was silent for longer: its kind and ticks first, then when it was seen.
  using Idleness = std::pair<std::uint64_t, std::int64_t>;
  [[nodiscard]] Idleness idleness(const Connection& connection) const;

  std::int64_t connection_round_ns_ = 0;
  std::int64_t hole_round_ns_ = 0;
  std::uint64_t ageing_due_ = 0;  // in ticks
  // Of a connection that is silent for no longer than this nothing has expired but holes.
  std::int32_t silent_ticks_max_ = std::numeric_limits<std::int32_t>::max();
  struct Victim {
    std::uint32_t slot;
    std::uint32_t seen_tick;
  };
  ScatteredHand idle_hand_;
  ScatteredHand idle_holder_hand_;
  std::array<Victim, 15> victims_{};
  std::size_t spare_victims_ = 0;
};

// A call into the pool, during which callbacks may run: these must not enter it, too.
class PoolCall {
 public:
  explicit PoolCall(PoolState& state) : state_(state) {
    RESTITCH_REQUIRE(!state.in_call, "a callback must not enter its pool or assembler");
    state.in_call = true;
  }
  ~PoolCall() { state_.in_call = false; }
  PoolCall(const PoolCall&) = delete;
  PoolCall& operator=(const PoolCall&) = delete;

 private:
  PoolState& state_;
};

}  // namespace detail
}  // namespace restitch
