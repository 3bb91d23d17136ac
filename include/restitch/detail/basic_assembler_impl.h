// The bodies of basic_assembler.h that every packet meets, in that order.
#pragma once

#include <algorithm>
#include <new>

#include "restitch/basic_assembler.h"
#include "restitch/detail/optional_sequence.h"
#include "restitch/detail/prefetch.h"
#include "restitch/detail/require.h"

namespace RESTITCH_API restitch {

// Where the payload of the packet at hand goes, until its half-connection takes it over.
template <StreamType S, class Factory>
struct BasicAssembler<S, Factory>::Counting {
  detail::HalfState& state;
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
  const Call call(pool_.state_);
  const detail::DirectedKey key = detail::make_key(net, tcp.transport());
  assemble_hashed(key, pool_.state_.hash(key.key), net, tcp, context);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::assemble(std::span<const AssemblerPacket> packets) {
  while (!packets.empty()) {
    const auto batch = packets.first(std::min(packets.size(), batch_max));
    assemble_batch(batch);
    packets = packets.subspan(batch.size());
  }
}

// At most batch_max packets.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::assemble_batch(std::span<const AssemblerPacket> packets) {
  const Call call(pool_.state_);
  union Room {
    Room() {}  // no objects yet: zeroing all of it would cost more than using it
    std::array<Ahead, batch_max> packets;
  } room;
  Ahead* end = room.packets.data();
  for (const AssemblerPacket& packet : packets) {
    ::new (end) Ahead{detail::make_key(packet.decoded.net, packet.decoded.tcp.transport()), 0};
    end->hash = pool_.state_.hash(end->key.key);
    ++end;
  }
  const std::span<const Ahead> ahead(room.packets.data(), end);
  look_ahead(ahead);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const DecodedPacket& packet = packets[i].decoded;
    RESTITCH_REQUIRE(packets[i].context != nullptr, "a packet must come with a context");
    assemble_hashed(ahead[i].key, ahead[i].hash, packet.net, packet.tcp, *packets[i].context);
  }
}

// Starts loading what the packets of a batch will meet. Few connections are in a cache anyway, and small
// streams of more.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::look_ahead(std::span<const Ahead> ahead) {
  constexpr std::size_t few = 128;
  constexpr std::size_t few_streams = std::size_t{16} * 1024 / sizeof(S);
  const std::size_t connections = pool_.state_.connections.size();
  if (connections < few) return;
  for (const Ahead& next : ahead) pool_.state_.table.prefetch_entry(next.hash);
  std::array<std::uint32_t, batch_max> slots;
  std::size_t found = 0;
  for (const Ahead& next : ahead) {
    const std::uint32_t slot = pool_.state_.table.likely(next.hash);
    if (slot == detail::none) continue;
    detail::prefetch_object(pool_.state_.connections[slot]);
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
  const CaptureInfo& info = context.capture_info();
  Counting counting{halves(), tcp.payload.size()};
  Connection* connection = nullptr;
  bool start = false;
  bool wanted = false;
  try {
    if (pool_.state_.note_time(context)) age();
    connection = pool_.state_.find(key.key, hash);
    if (connection != nullptr && pool_.state_.may_have_expired(*connection)) [[unlikely]] {
      connection = age_before_packet(*connection);
    }
    if (connection == nullptr || tcp.syn() || connection->claimed) {
      connection = meet(connection, Meeting{key, hash, net, tcp, context, counting});
    }
    if (connection != nullptr) {
      counting.direction = connection->direction(key.from_high);
      const HalfConnection& half = connection->half(counting.direction);
      start = tcp.syn() && !half.known();
      const auto next_seq = detail::optional_sequence(half.next_seq(), half.known());
      wanted = stream(*connection).accept(tcp, info, counting.direction, next_seq, start, context) &&
               connection->phase == Connection::Phase::open;
    }
  } catch (...) {
    counting.settle();
    throw;
  }
  if (!wanted) return counting.settle();
  counting.take();
  const TcpFlowDirection direction = counting.direction;
  HalfConnection& half = connection->half(direction);
  pool_.state_.note_seen(*connection, info.timestamp);
  if (net.network_tag != connection->network_tag) [[unlikely]]
    tell_networks(ref_of(*connection, direction), tcp, context);
  if (connection->watched) return insert_judged(ref_of(*connection, direction), net, tcp, context, start);
  if (!learn(ref_of(*connection, direction), net, tcp, context)) [[unlikely]] {
    return insert_slow(ref_of(*connection, direction), net, tcp, context, start);
  }
  if (half.in_order(tcp)) {
    if (tcp.payload.empty()) return;
    halves().attend(connection->slot, direction);
    half.deliver(halves(), tcp, info, direction, sg_);
    try {
      stream(*connection).reassembled_sg(sg_, context);
    } catch (...) {
      half.settle_delivered(halves(), sg_);
      throw;
    }
    half.settle_delivered(halves(), sg_);
    if (half.busy()) {
      enforce_limits(ref_of(*connection, direction), &context);
      finish_either(ref_of(*connection, direction), &context);
    }
  } else if (half.is_plain_edge(tcp)) {
    deliver_edge(ref_of(*connection, direction), net, tcp, context);
  } else {
    insert_slow(ref_of(*connection, direction), net, tcp, context, start);
  }
}

// A packet that comes to a new connection late: it waited.
template <StreamType S, class Factory>
[[gnu::noinline]] void BasicAssembler<S, Factory>::assemble_apart(const detail::DirectedKey& key,
                                                                  std::uint32_t hash, const NetFlow& net,
                                                                  const TcpSegment& tcp,
                                                                  AssemblerContext& context) {
  assemble_hashed(key, hash, net, tcp, context);
}

template <StreamType S, class Factory>
[[gnu::noinline]] void BasicAssembler<S, Factory>::tell_networks(const Ref& ref, const TcpSegment& tcp,
                                                                 AssemblerContext& context) {
  if (!ref.connection->note_other_network()) return;
  halves().events.add({.kind = EventKind::networks_merged,
                       .direction = ref.direction,
                       .offset = ref.half->next_offset(),
                       .info = context.capture_info()});
  deliver_before(ref, tcp, [&] { tell_events(ref); });
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::deliver_edge(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                                              AssemblerContext& context) {
  if (!pool_.state_.admits(*ref.connection, ref.direction, net, tcp)) {
    return insert_doubted(ref, tcp, context, false, Refusal::checksum);
  }
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
void BasicAssembler<S, Factory>::insert_slow(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                                             AssemblerContext& context, bool start) {
  const bool right = pool_.state_.admits(*ref.connection, ref.direction, net, tcp);
  if (!right) return insert_doubted(ref, tcp, context, start, Refusal::checksum);
  if (tcp.rst() && !pool_.state_.may_reset(*ref.connection, ref.direction, tcp)) {
    return insert_doubted(ref, tcp, context, start, Refusal::rst_not_exact);
  }
  insert(ref, tcp, context, start, true);
}

// A segment that its receiver did not take, it seems, begins and ends nothing. Its payload may still be a
// copy of what it took.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::insert_doubted(const Ref& ref, const TcpSegment& tcp,
                                                AssemblerContext& context, bool start, Refusal rule) {
  constexpr TcpFlags marks = TcpFlag::syn | TcpFlag::rst | TcpFlag::fin;
  if ((tcp.flags.bits & marks.bits) != 0) {
    halves().events.add({.kind = EventKind::refused,
                         .direction = ref.direction,
                         .offset = ref.half->next_offset(),
                         .info = context.capture_info(),
                         .refusal = rule});
  }
  TcpSegment data = tcp;
  data.sequence = tcp.sequence.add(tcp.syn() ? 1 : 0);
  data.flags = {static_cast<std::uint8_t>(tcp.flags.bits & ~unsigned{marks.bits})};
  insert(ref, data, context, start && !tcp.syn(), rule != Refusal::checksum);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::insert(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context,
                                        bool start, bool right) {
  Connection& connection = *ref.connection;
  const std::uint32_t slot = connection.slot;
  halves().attend(slot, ref.direction);
  if (ref.half->busy()) deliver_before(ref, tcp, [&] { give_up_lost(ref, &context); });
  ref.half->insert(halves(), policy(ref), tcp, context.capture_info(), ref.direction, start, right);
  {
    const Owning owning{*this, ref};
    deliver_ready(ref, &context);
    if (ref.half->busy()) {
      pool_.state_.note_holding(connection);
      follow_evidence(ref, &context);
      enforce_limits(ref, &context);
    }
  }
  if (!pool_.is_open(slot)) return;
  note_fin_acked(ref, tcp);
  finish_either(ref, &context);
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
