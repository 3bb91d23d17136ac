// BasicAssembler and BasicStreamPool: the one implementation of assembly, for streams whose type is known
// at compile time. This is the only place where user code is called. `Assembler` (assembler.h) is this
// with streams behind virtual calls.
//
// The way of a packet is assemble_with_context() and the functions right below it; read them first.
// A pool and its assemblers belong to one thread; several assemblers may feed one pool in turns.
#pragma once

#include <array>
#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "restitch/detail/pool_state.h"
#include "restitch/detail/require.h"
#include "restitch/detail/stream_slots.h"
#include "restitch/options.h"
#include "restitch/stream.h"

namespace RESTITCH_API restitch {

// What a stream has to offer; the meaning of each call is that of class Stream. on_event() is optional.
template <class S>
concept StreamType = std::move_constructible<S> &&
    requires(S& stream, const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
             std::optional<Sequence> next_seq, bool& start, AssemblerContext& context, ScatterGather& sg) {
  { stream.accept(tcp, info, direction, next_seq, start, context) } -> std::same_as<bool>;
  {stream.reassembled_sg(sg, context)};
  { stream.reassembly_complete(&context, EndReason::fin) } -> std::same_as<bool>;
};

// Whether it has on_event().
template <class S>
concept HearsEvents = requires(S& stream, const Event& event) {
  {stream.on_event(event)};
};

// What makes streams of type S: create() answers a std::optional<S>, or a std::unique_ptr that an S can
// be made from. Empty: the connection is ignored.
template <class F, class S>
concept StreamFactoryType = requires(F& factory, const NetFlow& net, TransportFlow transport,
                                     const TcpSegment& tcp, AssemblerContext& context) {
  {static_cast<bool>(factory.create(net, transport, tcp, context))};
};

// A packet on its way into an assembler, which looks at the flow and the segment. Borrows the context.
// Requires: it has one when it is assembled.
struct AssemblerPacket {
  DecodedPacket decoded;
  AssemblerContext* context = nullptr;
};

// What a pool holds at the moment.
struct PoolSize {
  std::size_t connections = 0;  // without tombstones
  std::size_t tombstones = 0;
  std::size_t held_segments = 0;  // waiting or kept
  std::size_t pages = 0;          // the same in pages
  std::size_t memory_size = 0;    // bytes, without what the streams themselves own
};

// All connections of an assembler, or of several. Owns the streams; borrows the factory.
template <StreamType S, class Factory>
class BasicStreamPool {
  static_assert(StreamFactoryType<Factory, S>);

 public:
  // A connection as seen from one packet: its own half and the opposite one. Valid until the next call.
  struct ConnectionRef {
    detail::Connection* connection = nullptr;
    HalfConnection* half = nullptr;
    HalfConnection* reverse = nullptr;
    TcpFlowDirection direction = TcpFlowDirection::client_to_server;

    explicit operator bool() const { return connection != nullptr; }
  };

  explicit BasicStreamPool(Factory& factory, const PoolOptions& options = {});
  BasicStreamPool(const BasicStreamPool&) = delete;
  BasicStreamPool& operator=(const BasicStreamPool&) = delete;
  ~BasicStreamPool();  // makes no calls; flush_all() first for what still waits

  // The connection that a packet belongs to. Unknown ones are created, which asks the factory, unless
  // `end`. Empty: none, an ignored one, or one that has ended. Only looks up: whether a SYN begins another
  // connection on the same addresses and ports is the assembler's to decide.
  ConnectionRef get_connection(const NetFlow& net, bool end, Timestamp timestamp, const TcpSegment& tcp,
                               AssemblerContext& context);

  // Forgets a connection at once: no call is made, what waits is dropped, no tombstone stays. Requires: it is
  // one of this pool.
  void remove(detail::Connection& connection);

  // The stream of a connection from get_connection(). Requires: there is one.
  S& stream(const ConnectionRef& ref) {
    RESTITCH_REQUIRE(ref, "stream() needs a connection: get_connection() found none");
    return streams_[ref.connection->slot];
  }

  [[nodiscard]] PoolSize size() const;

  // For who stops here and goes on elsewhere (cluster/): packets bring a connection back, but not what is
  // left of dead ones. Whether something goes on at these ends at that time: a connection that has not
  // reached its age, or a SYN that waits for its answer. Requires: the time is not before that of an earlier
  // packet.
  [[nodiscard]] bool is_alive(const NetFlow& net, TransportFlow ports, Elapsed now) {
    return is_alive(detail::make_key(net, ports).key, now);
  }
  [[nodiscard]] bool is_alive(const detail::FlowKey& key, Elapsed now);
  // What is left of a dead connection at these ends, until the next call; nullptr: nothing.
  [[nodiscard]] const detail::Tombstone* find_tombstone(const NetFlow& net, TransportFlow ports);
  // All of them, in the order in which they go; the same put in place of those that are there; and one put
  // beside them.
  [[nodiscard]] std::vector<detail::Tombstone> tombstones() const { return state_.tombstones.all(); }
  void set_tombstones(std::span<const detail::Tombstone> tombstones);
  void add_tombstone(const detail::Tombstone& tombstone) {
    state_.tombstones.put(tombstone, state_.hash(tombstone.key));
  }

  // Where the payload went, in one direction and in both. (Payload of a connection that nobody knows counts
  // as a client's. When a handshake shows that the roles were guessed wrong, what was delivered till then
  // stays counted where it was.)
  [[nodiscard]] const ByteCounts& byte_counts(TcpFlowDirection direction) const {
    return state_.halves.counts[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] ByteCounts byte_counts() const {
    ByteCounts total = state_.halves.counts[0];
    return total += state_.halves.counts[1];
  }
  [[nodiscard]] const EventCounts& event_counts() const { return state_.halves.events.counts(); }
  [[nodiscard]] const LimitCounts& limit_counts() const { return state_.halves.limits; }

 private:
  template <StreamType, class F>
  friend class BasicAssembler;

  void erase(detail::Connection& connection);
  [[nodiscard]] bool is_open(std::uint32_t slot);
  ConnectionRef find(const detail::DirectedKey& key, std::uint32_t hash);
  static ConnectionRef ref_of(detail::Connection& connection, TcpFlowDirection direction);
  // A null one: nobody wants it. Nothing: memory has no room for it.
  std::optional<ConnectionRef> create(const detail::DirectedKey& key, std::uint32_t hash, const NetFlow& net,
                                      const TcpSegment& tcp, AssemblerContext& context);

  Factory& factory_;
  detail::PoolState state_;
  detail::StreamSlots<S> streams_{state_.memory};
};

// What a flush did, in connections.
struct FlushResult {
  std::size_t flushed = 0;  // something that waited was delivered
  std::size_t closed = 0;   // the connection was closed, or what was delivered reached its end
};

// T and TC of gopacket's FlushOptions; zero: do nothing.
struct FlushOptions {
  Timestamp t{};   // skip gaps whose lowest waiting segment was captured before this
  Timestamp tc{};  // close what was last seen before this and has nothing waiting
};

template <StreamType S, class Factory>
class BasicAssembler {
 public:
  using Pool = BasicStreamPool<S, Factory>;

  explicit BasicAssembler(Pool& pool, const AssemblerOptions& options = {})
      : pool_(pool), options_(options) {}

  // Takes in one packet. The bytes of `tcp` and `context` are borrowed for the call.
  void assemble_with_context(const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context);

  // The same for several packets: the same calls in the same order, for less.
  void assemble(std::span<const AssemblerPacket> packets);

  // For a loop that reads a capture, of which this assembler is given parts only (feed() does it): a packet
  // was read, of any kind, and time has passed. The context of the packet carries the answer, and advance()
  // tells what is not followed by a packet: what has waited too long ends.
  Elapsed observe(Timestamp time) {
    pool_.state_.ahead.observe(time);
    return pool_.state_.ahead.elapsed();
  }
  void advance(Elapsed elapsed);

  // The same for all that has reached its age, however much that is: what is open then depends on packets and
  // clock alone, and not on how far the hands are. For who stops there and goes on elsewhere
  // (BasicStreamPool::tombstones()).
  void advance_all(Elapsed elapsed);

  // Something happened that is about all open connections: each of their streams is told. `size` is that of
  // the event.
  void tell_all(EventKind kind, std::uint64_t size);

  // A limit outside of the pool acts: completes the connection at these ends, if there is one, with
  // EndReason::evicted and an event that names the limit. What comes later begins another one.
  void evict(const detail::FlowKey& key, Limit limit);

  // Strictly older than; counts connections.
  FlushResult flush_with_options(const FlushOptions& options);
  FlushResult flush_close_older_than(Timestamp t) { return flush_with_options({t, t}); }

  // Delivers what waits, completes every connection and forgets all of them, also those whose
  // completion answered false. Returns how many were closed.
  std::size_t flush_all(EndReason reason = EndReason::flush);

 private:
  using Ref = typename Pool::ConnectionRef;
  using Connection = detail::Connection;
  struct Counting;
  struct Meeting;
  struct Settling;
  struct Owning;
  using Call = detail::PoolCall;
  static constexpr std::size_t batch_max = 32;

  // A packet on its way, with what it will be looked up by.
  struct Ahead {
    detail::DirectedKey key;
    std::uint32_t hash;
  };

  void assemble_batch(std::span<const AssemblerPacket> packets);
  void look_ahead(std::span<const Ahead> ahead);
  void assemble_hashed(const detail::DirectedKey& key, std::uint32_t hash, const NetFlow& net,
                       const TcpSegment& tcp, AssemblerContext& context);
  void assemble_apart(const detail::DirectedKey& key, std::uint32_t hash, const NetFlow& net,
                      const TcpSegment& tcp, AssemblerContext& context);
  Connection* meet(Connection* met, const Meeting& packet);
  Connection* meet_syn(Connection& met, const Meeting& packet);
  Connection* claim(Connection& met, const Meeting& packet);
  Connection* wait_with(Connection* met, detail::Claim& claim, const Meeting& packet);
  Connection* begin_claimed(Connection* met, detail::ClaimGroup& group, detail::Claim& answered,
                            const Meeting& packet);
  void end_for_another(Connection* met, const Meeting& packet);
  bool outlives(detail::Tombstone& dead, const Meeting& packet);
  Connection* begin(const Meeting& packet);
  bool accepts(Connection& met, const Meeting& packet);
  bool believes(Connection* met, const detail::Tombstone* dead, const Meeting& packet);
  void tell(Connection& met, EventKind kind, const Meeting& packet);
  bool learn(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context);
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
  template <class Function>
  bool deliver_before(const Ref& ref, const TcpSegment& tcp, Function&& deliver);
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
  template <class Objects, class Function>
  void go_round(detail::ClockHand& hand, Objects& objects, std::int64_t round_ns, Function&& act);
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
  void tell_events(const Ref& ref);
  bool flush_older(Connection& connection, Timestamp t);
  [[nodiscard]] std::optional<Limit> exceeded_pages(const HalfConnection& half) const;
  [[nodiscard]] Ref greedier_half(Connection& connection);
  [[nodiscard]] Ref holder_of(std::uint32_t detail);
  static Ref ref_of(Connection& connection, TcpFlowDirection direction) {
    return Pool::ref_of(connection, direction);
  }

  detail::HalfState& halves() { return pool_.state_.halves; }
  [[nodiscard]] const ReceiverPolicy& policy(const Ref& ref) const {
    return pool_.state_.policy(*ref.connection, ref.direction);
  }
  S& stream(Connection& connection) { return pool_.streams_[connection.slot]; }

  Pool& pool_;
  AssemblerOptions options_;
  ScatterGather sg_;
};

}  // namespace restitch

#include "restitch/detail/basic_assembler_ageing.h"    // IWYU pragma: export
#include "restitch/detail/basic_assembler_claims.h"    // IWYU pragma: export
#include "restitch/detail/basic_assembler_ends.h"      // IWYU pragma: export
#include "restitch/detail/basic_assembler_evidence.h"  // IWYU pragma: export
#include "restitch/detail/basic_assembler_impl.h"      // IWYU pragma: export
#include "restitch/detail/basic_assembler_judged.h"    // IWYU pragma: export
#include "restitch/detail/basic_assembler_limits.h"    // IWYU pragma: export
#include "restitch/detail/basic_stream_pool_impl.h"    // IWYU pragma: export
