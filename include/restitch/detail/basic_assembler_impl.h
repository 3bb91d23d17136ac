// The bodies of basic_assembler.h, in the order in which a packet meets them.
#pragma once

#include <algorithm>
#include <vector>

#include "restitch/basic_assembler.h"

namespace restitch {

namespace detail {

// What a factory made, as something to construct a stream from.
template <class S>
S&& unwrap(std::optional<S>& made) {
  return std::move(*made);
}
template <class T>
std::unique_ptr<T>&& unwrap(std::unique_ptr<T>& made) {
  return std::move(made);
}

}  // namespace detail

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

// Settles a delivery when its callback returns or throws.
template <StreamType S, class Factory>
struct BasicAssembler<S, Factory>::Settling {
  HalfConnection& half;
  detail::HalfState& state;
  const ScatterGather& sg;
  ~Settling() { half.settle(state, sg); }
};

// ---- the way of a packet ---------------------------------------------------------------------------

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::assemble_with_context(const NetFlow& net, const TcpSegment& tcp,
                                                       AssemblerContext& context) {
  const detail::DirectedKey key = detail::make_key(net, tcp.transport());
  assemble_hashed(key, pool_.state_.hash(key.key), net, tcp, context);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::assemble(std::span<const AssemblerPacket> packets) {
  constexpr std::size_t batch_max = 32;
  std::array<detail::DirectedKey, batch_max> keys;
  std::array<std::uint32_t, batch_max> hashes{};
  while (!packets.empty()) {
    const std::size_t count = std::min(packets.size(), batch_max);
    for (std::size_t i = 0; i < count; ++i) {
      keys[i] = detail::make_key(packets[i].net, packets[i].tcp.transport());
      hashes[i] = pool_.state_.hash(keys[i].key);
      pool_.state_.table.prefetch_entry(hashes[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      pool_.state_.table.prefetch_connection(pool_.state_.connections, hashes[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      assemble_hashed(keys[i], hashes[i], packets[i].net, packets[i].tcp, *packets[i].context);
    }
    packets = packets.subspan(count);
  }
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::assemble_hashed(const detail::DirectedKey& key, std::uint32_t hash,
                                                 const NetFlow& net, const TcpSegment& tcp,
                                                 AssemblerContext& context) {
  const Call call(pool_.state_);
  ByteCounts& bytes = halves().bytes;
  bytes.seen += tcp.payload.size();
  const CaptureInfo& info = context.capture_info();
  Ref ref;
  bool start = false;
  bool wanted = false;
  try {
    ref = find_or_create(key, hash, net, tcp, context);
    if (ref) {
      start = tcp.syn() && !ref.half->known();
      const auto next_seq = ref.half->known() ? std::optional(ref.half->next_seq()) : std::nullopt;
      wanted = stream(*ref.connection).accept(tcp, info, ref.direction, next_seq, start, context) &&
               ref.connection->phase == Connection::Phase::open;
    }
  } catch (...) {
    bytes.refused += tcp.payload.size();
    throw;
  }
  if (!wanted) {
    bytes.refused += tcp.payload.size();
    return;
  }
  Connection& connection = *ref.connection;
  HalfConnection& half = *ref.half;
  if (connection.last_seen < info.timestamp) connection.last_seen = info.timestamp;
  if (pool_.state_.watches(connection)) return judge_and_insert(ref, net, tcp, context, start);
  if (half.in_order(tcp)) {
    if (tcp.payload.empty()) return;
    half.deliver(halves(), tcp, info, ref.direction, sg_);
    try {
      stream(connection).reassembled_sg(sg_, context);
    } catch (...) {
      half.settle_delivered(halves(), sg_);
      throw;
    }
    half.settle_delivered(halves(), sg_);
    if (options_.limited()) enforce_limits(ref, &context);
  } else {
    insert_slow(ref, tcp, context, start);
  }
}

template <StreamType S, class Factory>
auto BasicAssembler<S, Factory>::find_or_create(const detail::DirectedKey& key, std::uint32_t hash,
                                                const NetFlow& net, const TcpSegment& tcp,
                                                AssemblerContext& context) -> Ref {
  Ref ref = pool_.find(key, hash);
  if (ref) {
    using Meeting = detail::PoolState::Meeting;
    const Timestamp now = context.capture_info().timestamp;
    Connection& met = *ref.connection;
    if (met.phase == Connection::Phase::open && !tcp.syn()) return ref;
    const Meeting meeting = pool_.state_.meet(met, ref.direction, tcp, now);
    if (meeting == Meeting::belongs) {
      if (!pool_.state_.correct_client(met, key.from_high, tcp)) return ref;
      ref = pool_.find(key, hash);
      halves().events.add(
          {.kind = EventKind::roles_swapped, .direction = ref.direction, .info = context.capture_info()});
      tell_events(ref);
      return ref;
    }
    if (meeting == Meeting::stray) return {};
    if (met.phase == Connection::Phase::open) {
      halves().events.add({.kind = EventKind::port_reuse,
                           .direction = ref.direction,
                           .offset = ref.half->next_offset(),
                           .info = context.capture_info()});
      tell_events(ref);
      complete(met, &context, EndReason::port_reuse);
    }
    if (Connection* left = pool_.state_.find(key.key, hash)) pool_.erase(*left);
  }
  return pool_.create(key, hash, net, tcp, context);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::insert_slow(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context,
                                             bool start) {
  Connection& connection = *ref.connection;
  ref.half->insert(halves(), *connection.policy, tcp, context.capture_info(), ref.direction, start);
  try {
    deliver_ready(ref, &context);
    enforce_limits(ref, &context);
  } catch (...) {
    halves().segments.own_borrowed();
    throw;
  }
  if (!ref.half->ended()) return;
  if (connection.closed_first == 0) {
    connection.closed_first = static_cast<std::uint8_t>(1 + static_cast<int>(ref.direction));
  }
  const ReceiverPolicy& policy = *connection.policy;
  if (ref.half->reset() && policy.after_rst == AfterEnd::refuse && !ref.reverse->ended()) {
    drain(ref_of(connection, reverse(ref.direction)), &context);
  }
  const bool stays = policy.after_end(ref.half->reset()) == AfterEnd::deliver;
  if (connection.ended() && !stays) complete(connection, &context, EndReason::fin);
}

// For a policy that refuses segments: asks first whether the receiver takes this one in.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::judge_and_insert(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                                                  AssemblerContext& context, bool start) {
  Connection& connection = *ref.connection;
  auto verdict = pool_.state_.judge(connection, net, tcp, ref.direction, context.capture_info());
  if (!connection.policy->refusals.any()) verdict = {};  // it was only watched
  if (verdict.refused || verdict.resets) {
    halves().bytes.refused += tcp.payload.size();
    if (verdict.resets) tell_refused_payload(ref, tcp, Refusal::rst_data, context);
    tell_events(ref);
    if (!verdict.resets) return;
    ref.half->abort(halves(), verdict.tells_reset);  // its receiver is told; the sender gave up by itself
    ref.reverse->refuse_held(halves());
    deliver_ready(ref, &context);
    return complete(connection, &context, EndReason::rst);
  }
  TcpSegment counted = tcp;
  if (tcp.syn() && tcp.ack()) settle_syn_data(connection, tcp, context);
  if (!verdict.payload_counts) {
    if (tcp.syn() && !tcp.ack() && !tcp.payload.empty()) {
      pool_.state_.hold_syn_data(connection, tcp, ref.direction, context.capture_info());
    } else {
      halves().bytes.refused += tcp.payload.size();
      tell_refused_payload(ref, tcp, Refusal::syn_data, context);
    }
    counted.payload = {};
    counted.missing_size = 0;
  }
  const std::uint32_t slot = connection.slot;
  insert_slow(ref, counted, context, start);
  if (tcp.ack() && pool_.state_.options.acknowledged_tolerance_ns && pool_.is_open(slot)) {
    deliver_acknowledged(ref_of(connection, reverse(ref.direction)), context);
  }
}

// The segment counts, but not the bytes it carries.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::tell_refused_payload(const Ref& ref, const TcpSegment& tcp, Refusal rule,
                                                      AssemblerContext& context) {
  if (tcp.payload.empty()) return;
  halves().events.add({.kind = EventKind::refused,
                       .direction = ref.direction,
                       .offset = ref.half->next_offset(),
                       .size = tcp.payload.size(),
                       .info = context.capture_info(),
                       .refusal = rule});
}

// The other side acknowledged bytes of this half: those that are here may be delivered, and those that are
// not will not come any more.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::deliver_acknowledged(const Ref& ref, AssemblerContext& context) {
  deliver_ready(ref, &context);
  const Timestamp now = context.capture_info().timestamp;
  const auto lost = pool_.state_.lost_until(*ref.connection, ref.direction, now);
  while (lost && ref.half->skip_gap(halves(), *ref.connection->policy, ref.direction, lost)) {
    deliver_ready(ref, &context);
  }
}

// A SYN-ACK tells how much of the other side's SYN data counts (RFC 7413).
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::settle_syn_data(Connection& connection, const TcpSegment& syn_ack,
                                                 AssemblerContext& context) {
  if (connection.receiver == detail::none) return;
  const detail::ReceiverState& receiver = pool_.state_.receivers[connection.receiver];
  if (receiver.syn_data == detail::none) return;
  const CaptureInfo info = halves().segments[receiver.syn_data].info;
  const Sequence first = halves().segments[receiver.syn_data].first;
  const TcpFlowDirection direction = receiver.syn_data_direction;
  const std::int32_t acked = first.difference(syn_ack.acknowledgment);
  if (acked <= 0) {
    halves().events.add({.kind = EventKind::refused,
                         .direction = direction,
                         .size = halves().segments[receiver.syn_data].size,
                         .info = info,
                         .refusal = Refusal::syn_data});
    return pool_.state_.drop_syn_data(connection);
  }
  const Bytes held = halves().segments.bytes(receiver.syn_data);
  const std::vector<std::uint8_t> bytes(held.begin(), held.end());
  pool_.state_.release_syn_data(connection);
  TcpSegment data;
  data.sequence = first;
  data.flags = TcpFlags{} | TcpFlag::ack;
  data.payload = Bytes(bytes).first(std::min(bytes.size(), static_cast<std::size_t>(acked)));
  halves().bytes.refused += bytes.size() - data.payload.size();
  const Ref ref = ref_of(connection, direction);
  ref.half->insert(halves(), *connection.policy, data, info, direction, false);
  try {
    deliver_ready(ref, &context);
  } catch (...) {
    halves().segments.own_borrowed();
    throw;
  }
}

// Tells the stream what happened, then hands over everything that is in order.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::deliver_ready(const Ref& ref, AssemblerContext* context) {
  tell_events(ref);
  const auto limit = pool_.state_.delivery_limit(*ref.connection, ref.direction);
  while (ref.half->take(halves(), *ref.connection->policy, ref.direction, sg_, limit)) {
    const Settling settling{*ref.half, halves(), sg_};
    if (context != nullptr) {
      stream(*ref.connection).reassembled_sg(sg_, *context);
    } else {
      AssemblerContext flushed(sg_.capture_info(0));
      stream(*ref.connection).reassembled_sg(sg_, flushed);
    }
  }
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::tell_events(const Ref& ref) {
  detail::EventLog& events = halves().events;
  if (events.empty()) return;
  struct Clearing {
    detail::EventLog& log;
    ~Clearing() { log.clear(); }
  } clearing{events};
  if constexpr (requires(S & s, const Event& event) { s.on_event(event); }) {
    events.for_each([&](const Event& event) { stream(*ref.connection).on_event(event); });
  }
}

template <StreamType S, class Factory>
bool BasicAssembler<S, Factory>::over_limit(const HalfConnection& half) const {
  const detail::HalfState& state = pool_.state_.halves;
  const std::uint32_t pages = half.pages(state);
  const auto per_connection = options_.max_buffered_pages_per_connection();
  const auto total = options_.max_buffered_pages_total();
  const std::uint32_t midstream = pool_.state_.options.midstream_pages_max;
  return (per_connection && pages >= *per_connection) || (total && state.pages >= *total) ||
         (midstream != 0 && !half.known() && pages >= midstream);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::enforce_limits(const Ref& ref, AssemblerContext* context) {
  while (over_limit(*ref.half) && ref.half->holds(halves()) &&
         ref.half->skip_gap(halves(), *ref.connection->policy, ref.direction)) {
    deliver_ready(ref, context);
  }
  const auto total = options_.max_buffered_pages_total();
  if (total && halves().pages >= *total) {
    ref.half->limit_kept(halves(), ref.direction, 1);
  } else if (const auto pages_max = options_.max_buffered_pages_per_connection()) {
    ref.half->limit_kept(halves(), ref.direction, *pages_max);
  }
  tell_events(ref);
}

// ---- the end of a connection -----------------------------------------------------------------------

// Delivers all that waits in one half, across its gaps, and closes it.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::drain(const Ref& ref, AssemblerContext* context) {
  deliver_ready(ref, context);
  while (pool_.state_.may_skip(*ref.connection, ref.direction) &&
         ref.half->skip_gap(halves(), *ref.connection->policy, ref.direction)) {
    deliver_ready(ref, context);
  }
  ref.half->refuse_held(halves());
  ref.half->close(halves());
  deliver_ready(ref, context);
}

template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::complete(Connection& connection, AssemblerContext* context,
                                          EndReason reason) {
  const bool was_reset = connection.halves[0].reset() || connection.halves[1].reset();
  const bool had_ended = connection.ended();
  drain(ref_of(connection, TcpFlowDirection::client_to_server), context);
  drain(ref_of(connection, TcpFlowDirection::server_to_client), context);
  if (was_reset || connection.halves[0].reset() || connection.halves[1].reset()) {
    reason = EndReason::rst;
  } else if (had_ended) {
    reason = EndReason::fin;
  }
  connection.phase = Connection::Phase::completed;
  if (!stream(connection).reassembly_complete(context, reason)) return;
  pool_.streams_.destroy(connection.slot);
  pool_.state_.bury(connection);
}

template <StreamType S, class Factory>
FlushResult BasicAssembler<S, Factory>::flush_with_options(const FlushOptions& options) {
  FlushResult result;
  const Call call(pool_.state_);
  pool_.state_.connections.for_each([&](std::uint32_t, Connection& connection) {
    const bool old = options.tc.ns != 0 && connection.last_seen < options.tc;
    if (connection.phase != Connection::Phase::open) {
      if (old) pool_.erase(connection);
      return;
    }
    if (options.t.ns != 0 && flush_older(connection, options.t)) ++result.flushed;
    const bool holds = connection.halves[0].holds(halves()) || connection.halves[1].holds(halves());
    if (old && !holds) {
      ++result.closed;
      complete(connection, nullptr, EndReason::timeout);
    }
  });
  return result;
}

// Skips the gaps of both halves that something older than `t` waits behind.
template <StreamType S, class Factory>
bool BasicAssembler<S, Factory>::flush_older(Connection& connection, Timestamp t) {
  bool flushed = false;
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    const Ref ref = ref_of(connection, direction);
    while (ref.half->holds(halves()) && ref.half->oldest_held(halves()) < t &&
           ref.half->skip_gap(halves(), *connection.policy, direction)) {
      flushed = true;
      deliver_ready(ref, nullptr);
    }
  }
  return flushed;
}

template <StreamType S, class Factory>
std::size_t BasicAssembler<S, Factory>::flush_all(EndReason reason) {
  std::size_t closed = 0;
  const Call call(pool_.state_);
  pool_.state_.connections.for_each([&](std::uint32_t slot, Connection& connection) {
    if (connection.phase == Connection::Phase::open) {
      ++closed;
      complete(connection, nullptr, reason);
    }
    if (pool_.state_.connections.is_used(slot)) pool_.erase(connection);
  });
  return closed;
}

template <StreamType S, class Factory>
auto BasicAssembler<S, Factory>::ref_of(Connection& connection, TcpFlowDirection direction) -> Ref {
  return {&connection, &connection.half(direction), &connection.half(reverse(direction)), direction};
}

// ---- the pool --------------------------------------------------------------------------------------

template <StreamType S, class Factory>
BasicStreamPool<S, Factory>::BasicStreamPool(Factory& factory, const PoolOptions& options)
    : factory_(factory), state_(options) {}

template <StreamType S, class Factory>
BasicStreamPool<S, Factory>::~BasicStreamPool() {
  state_.connections.for_each([this](std::uint32_t, detail::Connection& connection) { erase(connection); });
}

template <StreamType S, class Factory>
auto BasicStreamPool<S, Factory>::find(const detail::DirectedKey& key, std::uint32_t hash) -> ConnectionRef {
  detail::Connection* found = state_.find(key.key, hash);
  if (found == nullptr) return {};
  const TcpFlowDirection direction = found->direction(key.from_high);
  return {found, &found->half(direction), &found->half(reverse(direction)), direction};
}

// The sender of the first packet is the client, unless that packet is a SYN-ACK.
template <StreamType S, class Factory>
auto BasicStreamPool<S, Factory>::create(const detail::DirectedKey& key, std::uint32_t hash,
                                         const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context)
    -> ConnectionRef {
  const bool from_server = tcp.syn() && tcp.ack();
  NetFlow client_net = net;
  TransportFlow transport = tcp.transport();
  if (from_server) {
    std::swap(client_net.source, client_net.destination);
    std::swap(transport.source_port, transport.destination_port);
  }
  auto made = factory_.create(client_net, transport, tcp, context);
  detail::Connection* connection = state_.add(key.key, hash, key.from_high != from_server);
  if (connection == nullptr) return {};
  connection->last_seen = context.capture_info().timestamp;
  connection->client_known = tcp.syn();
  if (!made) {
    HalfConnection& half = connection->half(connection->direction(key.from_high));
    if (tcp.syn()) half.note_start(tcp.sequence.add(1));
    state_.bury(*connection);
    return {};
  }
  streams_.construct(connection->slot, detail::unwrap(made));
  return find(key, hash);
}

template <StreamType S, class Factory>
auto BasicStreamPool<S, Factory>::get_connection(const NetFlow& net, bool end, Timestamp timestamp,
                                                 const TcpSegment& tcp, AssemblerContext& context)
    -> ConnectionRef {
  assert(!state_.in_call && "a callback must not enter its pool or assembler");
  const detail::DirectedKey key = detail::make_key(net, tcp.transport());
  const std::uint32_t hash = state_.hash(key.key);
  const ConnectionRef ref = find(key, hash);
  if (!ref) return end ? ConnectionRef{} : create(key, hash, net, tcp, context);
  if (ref.connection->phase == detail::Connection::Phase::tombstone) return {};
  if (ref.connection->last_seen < timestamp) ref.connection->last_seen = timestamp;
  return ref;
}

template <StreamType S, class Factory>
void BasicStreamPool<S, Factory>::remove(detail::Connection& connection) {
  assert(!state_.in_call && "a callback must not enter its pool or assembler");
  erase(connection);
}

template <StreamType S, class Factory>
void BasicStreamPool<S, Factory>::erase(detail::Connection& connection) {
  if (connection.phase != detail::Connection::Phase::tombstone) streams_.destroy(connection.slot);
  state_.erase(connection);
}

template <StreamType S, class Factory>
bool BasicStreamPool<S, Factory>::is_open(std::uint32_t slot) {
  return state_.connections.is_used(slot) &&
         state_.connections[slot].phase == detail::Connection::Phase::open;
}

template <StreamType S, class Factory>
PoolSize BasicStreamPool<S, Factory>::size() const {
  const detail::HalfState& halves = state_.halves;
  return {.connections = state_.connections.size() - state_.tombstones,
          .tombstones = state_.tombstones,
          .held_segments = halves.segments.size(),
          .pages = halves.pages,
          .memory_size = state_.connections.memory_size() + state_.table.memory_size() +
                         halves.segments.memory_size() + halves.details.memory_size()};
}

}  // namespace restitch
