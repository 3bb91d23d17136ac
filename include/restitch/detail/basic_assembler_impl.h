// The bodies of basic_assembler.h that every packet meets, in that order.
#pragma once

#include <algorithm>

#include "restitch/basic_assembler.h"
#include "restitch/detail/prefetch.h"

namespace restitch {

// Callbacks may run: whoever enters the pool now is a programming error.
template <StreamType S, class Factory>
struct BasicAssembler<S, Factory>::Call {
  explicit Call(detail::PoolState& pool_state) : state(pool_state) {
    assert(!state.in_call && "a callback must not enter its pool or assembler");
    state.in_call = true;
  }
  ~Call() { state.in_call = false; }
  detail::PoolState& state;
};

// Where the payload of the packet at hand goes, until its half-connection takes it over.
template <StreamType S, class Factory>
struct BasicAssembler<S, Factory>::Counting {
  detail::HalfState& state;
  std::size_t size;
  TcpFlowDirection direction = TcpFlowDirection::client_to_server;  // of a stranger, as if from a client
  bool at_limit = false;

  void take() { counts().seen += size; }
  void refuse() {
    take();
    (at_limit ? counts().dropped : counts().refused) += size;
  }
  ByteCounts& counts() { return state.counts[static_cast<std::size_t>(direction)]; }
};

// Settles a delivery when its callback returns or throws.
template <StreamType S, class Factory>
struct BasicAssembler<S, Factory>::Settling {
  HalfConnection& half;
  detail::HalfState& state;
  const ScatterGather& sg;
  ~Settling() { half.settle(state, sg); }
};

// What waits when a packet goes away, because a callback threw or no memory was left for a byte before it,
// must not go on lying in the packet; without memory for a copy, it is dropped.
template <StreamType S, class Factory>
struct BasicAssembler<S, Factory>::Owning {
  BasicAssembler& assembler;
  const Ref& ref;
  ~Owning() {
    detail::HalfState& state = assembler.halves();
    if (state.segments.own_borrowed()) return;
    state.attend(ref.connection->slot, ref.direction);
    ref.half->drop_held(state);
  }
};

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::assemble_with_context(const NetFlow& net, const TcpSegment& tcp,
                                                       AssemblerContext& context) {
  const detail::DirectedKey key = detail::make_key(net, tcp.transport());
  assemble_hashed(key, pool_.state_.hash(key.key), net, tcp, context);
  if (pool_.state_.ageing_is_due()) age();
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::assemble(std::span<const AssemblerPacket> packets) {
  constexpr std::size_t batch_max = 32;
  std::array<detail::DirectedKey, batch_max> keys;
  std::array<std::uint32_t, batch_max> hashes;
  std::array<std::uint32_t, batch_max> slots;
  while (!packets.empty()) {
    const std::size_t count = std::min(packets.size(), batch_max);
    for (std::size_t i = 0; i < count; ++i) {
      const DecodedPacket& packet = packets[i].decoded;
      keys[i] = detail::make_key(packet.net, packet.tcp.transport());
      hashes[i] = pool_.state_.hash(keys[i].key);
      pool_.state_.table.prefetch_entry(hashes[i]);
    }
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t slot = pool_.state_.table.likely(hashes[i]);
      if (slot == detail::none) continue;
      detail::prefetch_object(pool_.state_.connections[slot]);
      slots[found++] = slot;
    }
    prefetch_streams(std::span(slots).first(found));
    for (std::size_t i = 0; i < count; ++i) {
      const DecodedPacket& packet = packets[i].decoded;
      assemble_hashed(keys[i], hashes[i], packet.net, packet.tcp, *packets[i].context);
      if (pool_.state_.ageing_is_due()) age();
    }
    packets = packets.subspan(count);
  }
}

// The streams of few connections are in a cache anyway; what they point to may be large.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::prefetch_streams(std::span<const std::uint32_t> slots) {
  constexpr std::size_t few = Prefetches<S> ? 64 : 4096;
  if (pool_.state_.connections.size() < few) return;
  for (const std::uint32_t slot : slots) pool_.streams_.prefetch(slot);
  if constexpr (Prefetches<S>) {
    for (const std::uint32_t slot : slots) std::as_const(pool_.streams_[slot]).prefetch();
  }
}

// Inlined in assemble() and the one before it: a call for each packet would save and restore all registers.
template <StreamType S, class Factory>
[[gnu::always_inline]] inline void BasicAssembler<S, Factory>::assemble_hashed(const detail::DirectedKey& key,
                                                                               std::uint32_t hash,
                                                                               const NetFlow& net,
                                                                               const TcpSegment& tcp,
                                                                               AssemblerContext& context) {
  const Call call(pool_.state_);
  const CaptureInfo& info = context.capture_info();
  pool_.state_.clock.observe(info.timestamp);
  Counting counting{halves(), tcp.payload.size()};
  Ref ref;
  bool start = false;
  bool wanted = false;
  try {
    Connection* const met = pool_.state_.find(key.key, hash);
    ref = met != nullptr && !tcp.syn() ? ref_of(*met, met->direction(key.from_high))
                                       : meet(met, key, hash, net, tcp, context, counting);
    if (ref) {
      counting.direction = ref.direction;
      start = tcp.syn() && !ref.half->known();
      const auto next_seq = ref.half->known() ? std::optional(ref.half->next_seq()) : std::nullopt;
      wanted = stream(*ref.connection).accept(tcp, info, ref.direction, next_seq, start, context) &&
               ref.connection->phase == Connection::Phase::open;
    }
  } catch (...) {
    counting.refuse();
    throw;
  }
  if (!wanted) return counting.refuse();
  counting.take();
  Connection& connection = *ref.connection;
  HalfConnection& half = *ref.half;
  pool_.state_.note_seen(connection, info.timestamp);
  if (connection.watched) return judge_and_insert(ref, net, tcp, context, start);
  if (half.in_order(tcp)) {
    if (tcp.payload.empty()) return;
    halves().attend(connection.slot, ref.direction);
    half.deliver(halves(), tcp, info, ref.direction, sg_);
    try {
      stream(connection).reassembled_sg(sg_, context);
    } catch (...) {
      half.settle_delivered(halves(), sg_);
      throw;
    }
    half.settle_delivered(halves(), sg_);
    if (half.busy()) enforce_limits(ref, &context);
  } else if (half.is_plain_edge(tcp)) {
    deliver_edge(ref, tcp, context);
  } else {
    insert_slow(ref, tcp, context, start);
  }
}

// A packet of a connection that nobody knows, or a SYN: the connection it met goes on, or ends and is
// followed by a new one.
template <StreamType S, class Factory>
[[gnu::noinline]] auto BasicAssembler<S, Factory>::meet(Connection* met, const detail::DirectedKey& key,
                                                        std::uint32_t hash, const NetFlow& net,
                                                        const TcpSegment& tcp, AssemblerContext& context,
                                                        Counting& counting) -> Ref {
  if (met != nullptr) {
    Ref ref = ref_of(*met, met->direction(key.from_high));
    if (!pool_.state_.begins_anew(*met, ref.direction, tcp)) {
      if (!pool_.state_.correct_client(*met, key.from_high, tcp)) return ref;
      ref = ref_of(*met, met->direction(key.from_high));
      halves().events.add(
          {.kind = EventKind::roles_swapped, .direction = ref.direction, .info = context.capture_info()});
      tell_events(ref);
      return ref;
    }
    if (met->phase == Connection::Phase::open) {
      counting.direction = ref.direction;
      halves().events.add({.kind = EventKind::port_reuse,
                           .direction = ref.direction,
                           .offset = ref.half->next_offset(),
                           .info = context.capture_info()});
      tell_events(ref);
      complete(*met, &context, EndReason::port_reuse);
    }
    if (Connection* left = pool_.state_.find(key.key, hash)) pool_.erase(*left);
  } else if (detail::Tombstone* tombstone = pool_.state_.tombstones.find(key.key, hash)) {
    counting.direction = tombstone->direction(key.from_high);
    const Timestamp now = context.capture_info().timestamp;
    if (pool_.state_.tombstones.absorbs(*tombstone, counting.direction, tcp, now, pool_.state_.clock)) {
      return {};
    }
    pool_.state_.tombstones.erase(*tombstone);
  }
  if (pool_.state_.is_full() && !make_room()) {
    counting.at_limit = true;
    return {};
  }
  return pool_.create(key, hash, net, tcp, context);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::deliver_edge(const Ref& ref, const TcpSegment& tcp,
                                              AssemblerContext& context) {
  const std::uint32_t slot = ref.connection->slot;
  halves().attend(slot, ref.direction);
  ref.half->deliver_edge(halves(), tcp, context.capture_info(), ref.direction, sg_);
  {
    const Settling settling{*ref.half, halves(), sg_};
    stream(*ref.connection).reassembled_sg(sg_, context);
  }
  if (pool_.is_open(slot)) finish_after(ref, tcp, context);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::insert_slow(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context,
                                             bool start) {
  Connection& connection = *ref.connection;
  const std::uint32_t slot = connection.slot;
  halves().attend(slot, ref.direction);
  ref.half->insert(halves(), policy(ref), tcp, context.capture_info(), ref.direction, start);
  {
    const Owning owning{*this, ref};
    deliver_ready(ref, &context);
    if (ref.half->busy()) enforce_limits(ref, &context);
  }
  if (pool_.is_open(slot)) finish_after(ref, tcp, context);
}

// Tells the stream what happened, then hands over everything that is in order; `unasked`, also what the
// receiver has not acknowledged.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::deliver_ready(const Ref& ref, AssemblerContext* context, bool unasked) {
  halves().attend(ref.connection->slot, ref.direction);
  tell_events(ref);
  if (ref.half->only_waits(halves())) return;
  const auto limit = unasked ? std::nullopt : pool_.state_.delivery_limit(*ref.connection, ref.direction);
  while (ref.half->take(halves(), policy(ref), ref.direction, sg_, limit)) {
    const Settling settling{*ref.half, halves(), sg_};
    tell_events(ref);
    if (context != nullptr) {
      stream(*ref.connection).reassembled_sg(sg_, *context);
    } else {
      AssemblerContext flushed(sg_.capture_info(0));
      stream(*ref.connection).reassembled_sg(sg_, flushed);
    }
  }
  tell_events(ref);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::tell_events(const Ref& ref) {
  detail::EventLog& events = halves().events;
  if (events.empty()) return;
  struct Clearing {
    detail::EventLog& log;
    ~Clearing() { log.clear(); }
  } clearing{events};
  if constexpr (HearsEvents<S>) {
    events.for_each([&](const Event& event) { stream(*ref.connection).on_event(event); });
  }
}
}  // namespace restitch
