// BasicAssembler and BasicStreamPool: the one implementation of assembly, for streams whose type is known
// at compile time. `Assembler` (assembler.h) is this with streams behind virtual calls.
//
// The way of a packet begins at assemble_with_context(). One that is next in order goes no further than
// assemble_hashed(), below; every other one goes on in the core (src/reassembly/assembly.cc).
// A pool and its assemblers belong to one thread; several assemblers may feed one pool in turns.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "restitch/assembler_base.h"
#include "restitch/detail/prefetch.h"
#include "restitch/detail/require.h"
#include "restitch/detail/stream_slots.h"
#include "restitch/options.h"
#include "restitch/stream.h"
#include "restitch/stream_pool_base.h"

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

// All connections of an assembler, or of several. Owns the streams; borrows the factory.
template <StreamType S, class Factory>
class BasicStreamPool final : public StreamPoolBase {
  static_assert(StreamFactoryType<Factory, S>);

 public:
  explicit BasicStreamPool(Factory& factory, const PoolOptions& options = {})
      : StreamPoolBase(options), factory_(factory) {
    if constexpr (!HearsEvents<S>) state_.halves.events.count_only();
  }
  BasicStreamPool(const BasicStreamPool&) = delete;
  BasicStreamPool& operator=(const BasicStreamPool&) = delete;
  // Makes no calls; flush_all() first for what still waits.
  ~BasicStreamPool() override {
    const detail::PoolCall call(state_);
    state_.connections.for_each([this](std::uint32_t, detail::Connection& connection) { erase(connection); });
  }

  // The stream of a connection from get_connection(). Requires: there is one.
  S& stream(const ConnectionRef& ref) {
    RESTITCH_REQUIRE(ref, "stream() needs a connection: get_connection() found none");
    return streams_[ref.connection->slot];
  }

 private:
  template <StreamType, class F>
  friend class BasicAssembler;

  bool accept(std::uint32_t slot, const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) override {
    return streams_[slot].accept(tcp, info, direction, next_seq, start, context);
  }
  void deliver(std::uint32_t slot, ScatterGather& sg, AssemblerContext& context) override {
    streams_[slot].reassembled_sg(sg, context);
  }
  void tell([[maybe_unused]] std::uint32_t slot, [[maybe_unused]] const Event& event) override {
    if constexpr (HearsEvents<S>) streams_[slot].on_event(event);
  }
  bool complete(std::uint32_t slot, AssemblerContext* context, EndReason reason) override {
    return streams_[slot].reassembly_complete(context, reason);
  }
  bool create(std::uint32_t slot, const NetFlow& net, TransportFlow transport, const TcpSegment& tcp,
              AssemblerContext& context) override {
    auto made = factory_.create(net, transport, tcp, context);
    if (!made) return false;
    streams_.construct(slot, unwrap(made));
    return true;
  }
  bool reserve(std::uint32_t slot) override { return streams_.reserve(slot); }
  void destroy(std::uint32_t slot) override { streams_.destroy(slot); }

  // What a factory made, as something to construct a stream from.
  static S&& unwrap(std::optional<S>& made) { return std::move(*made); }
  template <class T>
  static std::unique_ptr<T>&& unwrap(std::unique_ptr<T>& made) {
    return std::move(made);
  }

  Factory& factory_;
  detail::StreamSlots<S> streams_{state_.memory};
};

template <StreamType S, class Factory>
class BasicAssembler final : public AssemblerBase {
 public:
  using Pool = BasicStreamPool<S, Factory>;

  explicit BasicAssembler(Pool& pool, const AssemblerOptions& options = {})
      : AssemblerBase(pool, options), pool_(pool) {}

  // Takes in one packet. The bytes of `tcp` and `context` are borrowed for the call.
  void assemble_with_context(const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context) {
    const detail::PoolCall call(state_);
    const detail::DirectedKey key = detail::make_key(net, tcp.transport());
    assemble_hashed(key, state_.hash(key.key), net, tcp, context);
  }

  // The same for several packets: the same calls in the same order, for less.
  void assemble(std::span<const AssemblerPacket> packets) {
    while (!packets.empty()) {
      const auto batch = packets.first(std::min(packets.size(), batch_max));
      assemble_batch(batch);
      packets = packets.subspan(batch.size());
    }
  }

 private:
  static constexpr std::size_t batch_max = 32;

  // A packet on its way, with what it will be looked up by.
  struct Ahead {
    detail::DirectedKey key;
    std::uint32_t hash = 0;
  };

  void assemble_batch(std::span<const AssemblerPacket> packets);
  void look_ahead(std::span<const Ahead> ahead);
  void assemble_hashed(const detail::DirectedKey& key, std::uint32_t hash, const NetFlow& net,
                       const TcpSegment& tcp, AssemblerContext& context);
  bool accepts(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context);

  Pool& pool_;
  std::array<Ahead, batch_max> ahead_;  // the packets of a batch
};

// At most batch_max packets.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::assemble_batch(std::span<const AssemblerPacket> packets) {
  const detail::PoolCall call(state_);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const DecodedPacket& packet = packets[i].decoded;
    ahead_[i].key = detail::make_key(packet.net, packet.tcp.transport());
    ahead_[i].hash = state_.hash(ahead_[i].key.key);
  }
  look_ahead(std::span(ahead_).first(packets.size()));
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const DecodedPacket& packet = packets[i].decoded;
    RESTITCH_REQUIRE(packets[i].context != nullptr, "a packet must come with a context");
    assemble_hashed(ahead_[i].key, ahead_[i].hash, packet.net, packet.tcp, *packets[i].context);
  }
}

// Starts loading what the packets of a batch will meet. Few connections are in a cache anyway, and small
// streams of more.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::look_ahead(std::span<const Ahead> ahead) {
  constexpr std::size_t few = 128;
  constexpr std::size_t few_streams = std::size_t{16} * 1024 / sizeof(S);
  const std::size_t connections = state_.connections.size();
  if (connections < few) return;
  for (const Ahead& next : ahead) state_.table.prefetch_entry(next.hash);
  std::array<std::uint32_t, batch_max> slots;
  std::size_t found = 0;
  for (const Ahead& next : ahead) {
    const std::uint32_t slot = state_.table.likely(next.hash);
    if (slot == detail::none) continue;
    detail::prefetch_object(state_.connections[slot]);
    slots[found++] = slot;
  }
  if (connections < few_streams) return;
  for (const std::uint32_t slot : std::span(slots).first(found)) pool_.streams_.prefetch(slot);
}

// Inlined in assemble_batch() and assemble_with_context(): a call for each packet would save and restore all
// registers.
template <StreamType S, class Factory>
[[gnu::always_inline]] inline void BasicAssembler<S, Factory>::assemble_hashed(const detail::DirectedKey& key,
                                                                               std::uint32_t hash,
                                                                               const NetFlow& net,
                                                                               const TcpSegment& tcp,
                                                                               AssemblerContext& context) {
  const bool due = state_.note_time(context);
  detail::Connection* const connection = state_.find(key.key, hash);
  if (due || connection == nullptr || !connection->is_plain(net.network_tag) ||
      state_.may_have_expired(*connection)) {
    return assemble_other({key, hash, net, tcp, context}, connection, due);
  }
  const TcpFlowDirection direction = connection->direction(key.from_high);
  HalfConnection& half = connection->half(direction);
  if (!half.in_order(tcp)) return assemble_other({key, hash, net, tcp, context}, connection, false);
  const Ref ref = Pool::ref_of(*connection, direction);
  if (!accepts(ref, tcp, context)) return;
  state_.note_seen(*connection, context.capture_info().timestamp);
  if (!ref.reverse->take_ack(tcp)) [[unlikely]]
    return take_in(ref, net, tcp, context);
  if (tcp.payload.empty()) return;
  state_.halves.attend(connection->slot, direction);
  half.deliver(state_.halves, tcp, context.capture_info(), direction, sg_);
  try {
    pool_.streams_[connection->slot].reassembled_sg(sg_, context);
  } catch (...) {
    half.settle_delivered(state_.halves, sg_);
    throw;
  }
  half.settle_delivered(state_.halves, sg_);
  if (half.busy()) finish_delivery(ref, context);
}

// Shows the stream a segment that is next in order, and counts it.
template <StreamType S, class Factory>
[[gnu::always_inline]] inline bool BasicAssembler<S, Factory>::accepts(const Ref& ref, const TcpSegment& tcp,
                                                                       AssemblerContext& context) {
  ByteCounts& counts = state_.halves.counts[static_cast<std::size_t>(ref.direction)];
  counts.seen += tcp.payload.size();
  bool start = false;
  bool wanted = false;
  try {
    wanted = pool_.streams_[ref.connection->slot].accept(tcp, context.capture_info(), ref.direction,
                                                         ref.half->next_seq(), start, context);
  } catch (...) {
    counts.refused += tcp.payload.size();
    throw;
  }
  if (!wanted) counts.refused += tcp.payload.size();
  return wanted;
}

}  // namespace restitch
