#include "reassembly/assembly.h"

#include <utility>

namespace restitch::detail {

// A packet that waited, and what comes after it.
void Assembly::assemble_now(const Arrived& packet) {
  const bool due = state_.note_time(packet.context);
  assemble(packet, state_.find(packet.key.key, packet.hash), due);
}

void Assembly::assemble(const Arrived& packet, Connection* connection, bool due) {
  const TcpSegment& tcp = packet.tcp;
  AssemblerContext& context = packet.context;
  Counting counting{halves(), tcp.payload.size()};
  bool start = false;
  bool wanted = false;
  try {
    if (due) {
      age();
      connection = state_.find(packet.key.key, packet.hash);
    }
    if (connection != nullptr && state_.may_have_expired(*connection)) {
      connection = age_before_packet(*connection);
    }
    if (connection == nullptr || tcp.syn() || connection->claimed) {
      connection = meet(connection, Meeting{packet, counting});
    }
    if (connection != nullptr) {
      counting.direction = connection->direction(packet.key.from_high);
      const HalfConnection& half = connection->half(counting.direction);
      start = tcp.syn() && !half.known();
      const auto next_seq = next_seq_of(half);
      wanted = user_.accept(connection->slot, tcp, context.capture_info(), counting.direction, next_seq,
                            start, context) &&
               connection->phase == Connection::Phase::open;
    }
  } catch (...) {
    counting.settle();
    throw;
  }
  if (!wanted) return counting.settle();
  counting.take();
  state_.note_seen(*connection, context.capture_info().timestamp);
  take_in(ref_of(*connection, counting.direction), packet.net, tcp, context, start);
}

// A packet that its stream accepted, and that was counted.
void Assembly::take_in(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context,
                       bool start) {
  if (net.network_tag != ref.connection->network_tag) tell_networks(ref, tcp, context);
  if (ref.connection->watched) return insert_judged(ref, net, tcp, context, start);
  if (!learn(ref, net, tcp, context)) return insert_slow(ref, net, tcp, context, start);
  if (ref.half->in_order(tcp)) return deliver_next(ref, tcp, context);
  if (ref.half->is_plain_edge(tcp)) return deliver_edge(ref, net, tcp, context);
  insert_slow(ref, net, tcp, context, start);
}

// What BasicAssembler does with a segment that is next, for one that was not plain.
void Assembly::deliver_next(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context) {
  if (tcp.payload.empty()) return;
  halves().attend(ref.connection->slot, ref.direction);
  ref.half->deliver(halves(), tcp, context.capture_info(), ref.direction, sg_);
  call_stream(ref, &context);
  if (ref.half->busy()) finish_delivery(ref, context);
}

void Assembly::finish_delivery(const Ref& ref, AssemblerContext& context) {
  enforce_limits(ref, &context);
  finish_either(ref, &context);
}

// Tells the stream what happened, hands it what sg_ holds, and settles when that returns or throws. Without a
// context, one is made from the packet that brought the first byte.
void Assembly::call_stream(const Ref& ref, AssemblerContext* context) {
  struct Settling {
    HalfConnection& half;
    HalfState& state;
    const ScatterGather& sg;
    ~Settling() { half.settle(state, sg); }
  } settling{*ref.half, halves(), sg_};
  tell_events(ref);
  if (context != nullptr) return user_.deliver(ref.connection->slot, sg_, *context);
  AssemblerContext flushed(sg_.capture_info(0));
  user_.deliver(ref.connection->slot, sg_, flushed);
}

void Assembly::tell_networks(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context) {
  if (!ref.connection->note_other_network()) return;
  halves().events.add({.kind = EventKind::networks_merged,
                       .direction = ref.direction,
                       .offset = ref.half->next_offset(),
                       .info = context.capture_info()});
  deliver_before(ref, tcp, [&] { tell_events(ref); });
}

void Assembly::deliver_edge(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                            AssemblerContext& context) {
  if (!state_.admits(*ref.connection, ref.direction, net, tcp)) {
    return insert_doubted(ref, tcp, context, false, Refusal::checksum);
  }
  const std::uint32_t slot = ref.connection->slot;
  halves().attend(slot, ref.direction);
  if (ref.half->heard() && !ref.half->known()) ref.connection->note_behind(ref.direction);
  ref.half->deliver_edge(halves(), tcp, context.capture_info(), ref.direction, sg_);
  call_stream(ref, &context);
  if (is_open(slot)) finish_after(ref, tcp, context);
}

void Assembly::insert_slow(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                           AssemblerContext& context, bool start) {
  const bool right = state_.admits(*ref.connection, ref.direction, net, tcp);
  if (!right) return insert_doubted(ref, tcp, context, start, Refusal::checksum);
  if (tcp.rst() && !state_.may_reset(*ref.connection, ref.direction, tcp)) {
    return insert_doubted(ref, tcp, context, start, Refusal::rst_not_exact);
  }
  insert(ref, tcp, context, start, true);
}

// A segment that its receiver did not take, it seems, begins and ends nothing. Its payload may still be a
// copy of what it took.
void Assembly::insert_doubted(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context, bool start,
                              Refusal rule) {
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

void Assembly::insert(const Ref& ref, const TcpSegment& tcp, AssemblerContext& context, bool start,
                      bool right) {
  Connection& connection = *ref.connection;
  const std::uint32_t slot = connection.slot;
  halves().attend(slot, ref.direction);
  if (ref.half->busy()) deliver_before(ref, tcp, [&] { give_up_lost(ref, &context); });
  halves().came_behind = tcp.syn() && !ref.half->by_syn() && ref.half->heard();
  ref.half->insert(halves(), policy(ref), tcp, context.capture_info(), ref.direction, start, right);
  if (halves().came_behind) connection.note_behind(ref.direction);
  {
    const Owning owning{*this, ref};
    deliver_ready(ref, &context);
    if (ref.half->busy()) {
      state_.note_holding(connection);
      follow_evidence(ref, &context);
      enforce_limits(ref, &context);
    }
  }
  if (!is_open(slot)) return;
  note_fin_acked(ref, tcp);
  finish_either(ref, &context);
}

// Tells the stream what happened, then hands over everything that is in order; `unasked`, also what the
// receiver has not acknowledged.
void Assembly::deliver_ready(const Ref& ref, AssemblerContext* context, bool unasked) {
  halves().attend(ref.connection->slot, ref.direction);
  tell_events(ref);
  if (ref.half->only_waits(halves())) return;
  const auto limit = unasked ? std::nullopt : state_.delivery_limit(*ref.connection, ref.direction);
  while (ref.half->take(halves(), policy(ref), ref.direction, sg_, limit)) call_stream(ref, context);
  tell_events(ref);
}

void Assembly::tell_each_event(const Ref& ref) {
  EventLog& events = halves().events;
  struct Clearing {
    EventLog& log;
    ~Clearing() { log.clear(); }
  } clearing{events};
  events.for_each([&](const Event& event) { user_.tell(ref.connection->slot, event); });
}

}  // namespace restitch::detail
