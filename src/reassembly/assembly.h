// Assembly: what becomes of a packet that is not next in order, and of what waits, ages and ends: all of an
// assembler that does not depend on the type of its streams. It calls these through StreamPoolBase.
//
// The way of a packet is assemble() and take_in(), in assembly.cc; read them first.
//
//   assembly_claims.cc    packets that nobody knows, and SYNs
//   assembly_judged.cc    connections whose hosts are watched
//   assembly_evidence.cc  what the other side acknowledged
//   assembly_limits.cc    what gives way at a limit
//   assembly_ageing.cc    what has waited too long
//   assembly_ends.cc      how a connection ends
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "restitch/assembler_base.h"
#include "restitch/detail/pool_state.h"

namespace restitch::detail {

class Assembly {
 public:
  // Borrows all of them.
  Assembly(StreamPoolBase& pool, const AssemblerOptions& options, ScatterGather& sg)
      : user_(pool), state_(pool.state_), options_(options), sg_(sg) {}

  // The functions of AssemblerBase. Requires: a PoolCall. `connection` is what was found.
  using Ref = StreamPoolBase::ConnectionRef;
  void assemble(const Arrived& packet, Connection* connection, bool due);
  void take_in(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context,
               bool start);
  void finish_delivery(const Ref& ref, AssemblerContext& context);
  void advance(Elapsed elapsed);
  void advance_all(Elapsed elapsed);
  void tell_all(EventKind kind, std::uint64_t size);
  void evict(const FlowKey& key, Limit limit);
  FlushResult flush_with_options(const FlushOptions& options);
  std::size_t flush_all(EndReason reason);

 private:
  HalfState& halves() { return state_.halves; }

  // Where the payload of the packet at hand goes, until its half-connection takes it over.
  struct Counting {
    HalfState& state;
    std::size_t size;
    TcpFlowDirection direction = TcpFlowDirection::client_to_server;  // of a stranger, as if from a client
    enum class Fate : std::uint8_t {
      refused,    // counts for nothing
      dropped,    // at a limit
      repeated,   // came before
      held,       // waits, and was counted so
      elsewhere,  // was counted where it went
    } fate = Fate::refused;

    void take() { counts().seen += size; }
    // The packet goes no further.
    void settle() {
      if (fate == Fate::elsewhere) return;
      take();
      if (fate == Fate::held) return;
      (fate == Fate::dropped    ? counts().dropped
       : fate == Fate::repeated ? counts().duplicate
                                : counts().refused) += size;
    }
    ByteCounts& counts() { return state.counts[static_cast<std::size_t>(direction)]; }
  };

  struct Meeting : Arrived {
    Counting& counting;
  };

  // If a callback throws, or no memory is left for an earlier byte, held bytes may still point into the
  // caller's packet: this copies them, or drops them when memory is exhausted.
  struct Owning {
    Assembly& assembly;
    const Ref& ref;
    ~Owning() {
      HalfState& state = assembly.halves();
      if (state.segments.own_borrowed()) return;
      state.attend(ref.connection->slot, ref.direction);
      ref.half->drop_held(state);
    }
  };

  void assemble_now(const Arrived& packet);
  void deliver_next(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context);
  void call_stream(const Ref& ref, AssemblerContext* context);
  Connection* meet(Connection* met, const Meeting& packet);
  Connection* meet_syn(Connection& met, const Meeting& packet);
  Connection* claim(Connection& met, const Meeting& packet);
  Connection* wait_with(Connection* met, Claim& claim, const Meeting& packet);
  Connection* begin_claimed(Connection* met, ClaimGroup& group, Claim& answered, const Meeting& packet);
  void end_for_another(Connection* met, const Meeting& packet);
  bool outlives(Tombstone& dead, const Meeting& packet);
  Connection* begin(const Meeting& packet);
  bool accepts(Connection& met, const Meeting& packet);
  bool believes(Connection* met, const Tombstone* dead, const Meeting& packet);
  void tell(Connection& met, EventKind kind, const Meeting& packet);
  // What a segment tells of the other direction: what was received of it, and how much may come. False: that
  // direction reached its end by that, so when the segment is taken in, the connection may be over.
  bool learn(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context) {
    return (!tcp.syn() && ref.reverse->take_ack(tcp)) || learn_slow(ref, net, tcp, context);
  }
  bool learn_slow(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context);
  bool listen(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context);
  bool note_ack(const Ref& answered, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context);
  void follow_evidence(const Ref& ref, AssemblerContext* context);
  void go_to(const Ref& ref, Sequence position, AssemblerContext* context);
  void give_up_lost(const Ref& ref, AssemblerContext* context);
  void tell_networks(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context);
  void insert_judged(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context,
                     bool start);
  void judge_and_insert(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context,
                        bool start);
  bool hear(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context);
  void refuse(const Ref& ref, const TcpSegment& tcp, Refusal rule, AssemblerContext& context);
  void reset(const Ref& ref, const TcpSegment& tcp, bool told, AssemblerContext& context);
  void abort_reset(Connection& connection, AssemblerContext* context);
  void deliver_read(const Ref& ref, AssemblerContext* context);
  void take_refused(const Ref& ref, Sequence acked, AssemblerContext& context);
  void insert_apart(const Ref& ref, Sequence first, Bytes bytes, bool fin, const CaptureInfo& info,
                    AssemblerContext& context);
  void settle_syn_data(Connection& connection, const TcpSegment& syn_ack, AssemblerContext& context);
  void tell_refused_payload(const Ref& ref, const TcpSegment& tcp, Refusal rule, AssemblerContext& context);
  void deliver_acknowledged(const Ref& ref, AssemblerContext& context);
  void deliver_edge(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context);
  void insert_slow(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context,
                   bool start);
  void insert(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context, bool start, bool right);
  void insert_doubted(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context, bool start,
                      Refusal rule);
  void deliver_ready(const Ref& ref, AssemblerContext* context, bool unasked = false);
  void enforce_limits(const Ref& ref, AssemblerContext* context);
  void enforce_pages(const Ref& ref, AssemblerContext* context);
  void enforce_bytes(const Ref& ref, AssemblerContext* context);
  bool give_way_in_total(std::uint32_t at_hand, AssemblerContext* context);
  bool give_way(const Ref& ref, std::size_t excess, Limit limit, AssemblerContext* context);
  bool skip_at_limit(const Ref& ref, Limit limit, AssemblerContext* context);
  void note_limit(const Ref& ref, Limit limit, const AssemblerContext* context);
  bool make_room();
  void expel_at_limit(Connection& connection, Limit limit);
  void age();
  Connection* age_before_packet(Connection& connection);
  bool age_connection(Connection& connection);
  bool age_hole(const Ref& ref);
  void finish_after(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context);
  void note_fin_acked(const Ref& ref, const TcpSegment& tcp);
  void finish_if_ended(const Ref& ref, AssemblerContext* context);
  void finish_either(const Ref& ref, AssemblerContext* context);
  void drain(const Ref& ref, AssemblerContext* context);
  bool skip_gap(const Ref& ref, AssemblerContext* context);
  void complete(Connection& connection, AssemblerContext* context, EndReason reason);
  void expel(Connection& connection, EndReason reason);
  void tell_events(const Ref& ref) {
    if (!halves().events.empty()) tell_each_event(ref);
  }
  void tell_each_event(const Ref& ref);
  bool flush_older(Connection& connection, Timestamp t);
  [[nodiscard]] std::optional<Limit> exceeded_pages(const HalfConnection& half) const;
  [[nodiscard]] Ref greedier_half(Connection& connection);
  [[nodiscard]] Ref holder_of(std::uint32_t detail);
  // Delivers what comes before the packet at hand. False: the connection ended by that, and the packet counts
  // for nothing. When a callback throws, the packet is dropped.
  template <class Function>
  bool deliver_before(const Ref& ref, const TcpSegment& tcp, Function&& deliver) {
    const std::uint32_t slot = ref.connection->slot;
    const auto count = [&](std::uint64_t ByteCounts::*bytes) {
      halves().attend(none, ref.direction);
      halves().bytes().*bytes += tcp.payload.size();
    };
    try {
      deliver();
    } catch (...) {
      count(&ByteCounts::dropped);
      throw;
    }
    if (!is_open(slot)) count(&ByteCounts::refused);
    halves().attend(slot, ref.direction);
    return is_open(slot);
  }

  // Calls act(number), which says whether there was something to do, for the objects whose turn it is.
  template <class Objects, class Function>
  void go_round(ClockHand& hand, Objects& objects, std::int64_t round_ns, Function&& act) {
    if (round_ns == 0) return;
    const std::uint32_t bound = objects.bound();
    std::uint32_t visits = hand.begin(state_.clock, bound, round_ns);
    std::uint32_t acts = 0;
    for (; visits != 0 && acts < ClockHand::acts_max; --visits) {
      const std::uint32_t number = hand.next(bound);
      if (objects.is_used(number) && act(number)) ++acts;
    }
    hand.put_off(visits);
  }

  static Ref ref_of(Connection& connection, TcpFlowDirection direction) {
    return StreamPoolBase::ref_of(connection, direction);
  }
  // What accept() is told.
  static std::optional<Sequence> next_seq_of(const HalfConnection& half) {
    return half.known() ? std::optional(half.next_seq()) : std::nullopt;
  }
  // What a direction lacks and its receiver acknowledged is lost: nothing came behind its acknowledgement
  // yet.
  [[nodiscard]] bool may_be_lost(const Ref& ref) const {
    return state_.options.ageing.hole_lost_ns != 0 && ref.half->by_syn() &&
           !ref.connection->is_behind(ref.direction);
  }
  [[nodiscard]] bool is_open(std::uint32_t slot) const {
    return state_.connections.is_used(slot) && state_.connections[slot].phase == Connection::Phase::open;
  }
  [[nodiscard]] const ReceiverPolicy& policy(const Ref& ref) const {
    return state_.policy(*ref.connection, ref.direction);
  }

  StreamPoolBase& user_;
  PoolState& state_;
  AssemblerOptions options_;
  ScatterGather& sg_;
};

}  // namespace restitch::detail
