// The bodies of basic_assembler.h for packets that nobody knows, and for SYNs: whether they belong to the
// connection that is there, wait until that shows (claims.h), or begin another one.
#include "reassembly/assembly.h"

#include <utility>

namespace restitch::detail {

// A packet of a connection that nobody knows, or a SYN, or what comes after a SYN inside a connection: the
// connection it met goes on, or ends and is followed by a new one; or there is none.
auto Assembly::meet(Connection* met, const Meeting& packet) -> Connection* {
  PoolState& state = state_;
  if (met != nullptr && packet.tcp.syn() && !packet.tcp.ack() && state.is_in_doubt(*met)) {
    complete(*met, &packet.context, EndReason::rst);  // its host was reset, and takes a new connection
    met = state.find(packet.key.key, packet.hash);
  }
  Tombstone* const dead = met != nullptr
                              ? nullptr
                              : state.tombstones.find_living(packet.key.key, packet.hash,
                                                             packet.context.capture_info().timestamp);
  if (met != nullptr) packet.counting.direction = met->direction(packet.key.from_high);
  if (dead != nullptr) packet.counting.direction = dead->direction(packet.key.from_high);
  if (ClaimGroup* const group = state.find_claims(packet.key.key, packet.hash, met)) {
    const auto [fate, claim] = state.judge_claims(*group, packet.key, met, dead, packet.tcp,
                                                  packet.context.capture_info().timestamp);
    if (fate != ClaimFate::nothing && believes(met, dead, packet)) {
      const bool begins = fate == ClaimFate::begins;
      return begins ? begin_claimed(met, *group, *claim, packet) : wait_with(met, *claim, packet);
    }
    if (met != nullptr && state.is_challenge(*group, packet.key, *met, packet.tcp)) {
      tell(*met, EventKind::challenge_ack, packet);
    }
  }
  if (met != nullptr) return packet.tcp.syn() ? meet_syn(*met, packet) : met;
  if (dead != nullptr && !outlives(*dead, packet)) return nullptr;
  if (believes(nullptr, dead, packet)) return begin(packet);
  halves().events.count(EventKind::refused);
  return nullptr;
}

// A SYN that meets a connection.
auto Assembly::meet_syn(Connection& met, const Meeting& packet) -> Connection* {
  PoolState& state = state_;
  const TcpFlowDirection direction = packet.counting.direction;
  const bool open = met.phase == Connection::Phase::open;
  if (!believes(&met, nullptr, packet)) {
    if (open) tell(met, EventKind::refused, packet);
    return nullptr;
  }
  const bool repeats = !open && !packet.tcp.ack() && state.repeats_over(met, direction, packet.tcp);
  if (!repeats && state.is_claim(met, direction, packet.tcp)) {
    if (open) return claim(met, packet);
    user_.erase(met);
    return begin(packet);
  }
  state.note_late_syn(met, direction, packet.tcp);
  if (!state.correct_client(met, packet.key.from_high, packet.tcp)) return &met;
  packet.counting.direction = met.direction(packet.key.from_high);
  tell(met, EventKind::roles_swapped, packet);
  return &met;
}

// A SYN that names another connection than the one it met, which goes on. A receiver that refuses SYNs
// refuses this one by itself, with its payload.
auto Assembly::claim(Connection& met, const Meeting& packet) -> Connection* {
  PoolState& state = state_;
  const TcpFlowDirection direction = packet.counting.direction;
  TcpSegment syn = packet.tcp;
  const bool refused = state.policy(met, direction).refusals.has(Refusal::syn);
  if (refused) syn.payload = {};
  if (!refused && !accepts(met, packet)) return nullptr;
  const auto [claim, is_new] = state.claims.add(halves(), packet.key, packet.hash, direction, syn,
                                                packet.context.capture_info(), state.clock);
  if (claim != nullptr) {
    met.claimed = true;
    claim->repeats = !syn.ack() && state.repeats_over(met, direction, syn);
  }
  if (refused) return &met;
  packet.counting.fate = claim == nullptr ? Counting::Fate::dropped
                         : is_new         ? Counting::Fate::held
                                          : Counting::Fate::repeated;
  tell(met, EventKind::syn_in_connection, packet);
  return nullptr;
}

// What follows such a SYN and does not fit the old connection waits with it. Without room, it begins what it
// is of.
auto Assembly::wait_with(Connection* met, Claim& claim, const Meeting& packet) -> Connection* {
  if (met != nullptr && !accepts(*met, packet)) return nullptr;
  if (!state_.claims.park(halves(), claim, packet.counting.direction, packet.tcp,
                          packet.context.capture_info())) {
    return begin_claimed(met, *state_.claims.find(packet.key.key, packet.hash), claim, packet);
  }
  packet.counting.fate = Counting::Fate::held;
  if (met != nullptr) tell(*met, EventKind::wild_sequence, packet);
  return nullptr;
}

// The SYN was answered: the connection that was there ends, and another one begins with the SYN, as if it
// came now. The answer is next, and then what waited.
auto Assembly::begin_claimed(Connection* met, ClaimGroup& group, Claim& answered, const Meeting& packet)
    -> Connection* {
  PoolState& state = state_;
  struct Taken {
    PoolState& state;
    Claim claim;
    ~Taken() { state.claims.refuse(state.halves, claim); }
  } taken{state, state.claims.take(halves(), group, answered)};
  end_for_another(met, packet);
  if (state.is_full() && !make_room()) {
    packet.counting.fate = Counting::Fate::dropped;
    return nullptr;
  }
  const DirectedKey key{packet.key.key, taken.claim.from_high};
  NetFlow net = packet.net;
  if (key.from_high != packet.key.from_high) std::swap(net.source, net.destination);
  const TcpSegment syn = state.claims.first_of(taken.claim).segment();
  const auto made = user_.add(key, packet.hash, net, syn, packet.context);
  if (!made) packet.counting.fate = Counting::Fate::dropped;
  if (!made.value_or(Ref{})) return nullptr;
  const auto assemble_answer = [&] {
    packet.counting.fate = Counting::Fate::elsewhere;
    assemble_now({packet.key, packet.hash, packet.net, packet.tcp, packet.context});
  };
  const bool answers = packet.tcp.syn();
  for (bool first = true; const auto segment = state.claims.take_first(halves(), taken.claim);
       first = false) {
    AssemblerContext waited(segment->info(), state.clock.elapsed());
    assemble_now({key, packet.hash, net, segment->segment(), waited});
    if (first && answers) assemble_answer();
  }
  if (!answers) assemble_answer();
  return nullptr;
}

// What is on these addresses and ports makes room for a new connection.
void Assembly::end_for_another(Connection* met, const Meeting& packet) {
  if (met != nullptr && met->phase == Connection::Phase::open) {
    tell(*met, EventKind::port_reuse, packet);
    complete(*met, &packet.context, EndReason::port_reuse);
  }
  if (Connection* left = state_.find(packet.key.key, packet.hash)) user_.erase(*left);
  Tombstones& dead = state_.tombstones;
  if (Tombstone* left = dead.find(packet.key.key, packet.hash)) dead.erase(*left);
}

// Whether a packet is of another connection than the dead one it met. A SYN that may repeat the dead one's
// begins another if it is answered.
bool Assembly::outlives(Tombstone& dead, const Meeting& packet) {
  using Verdict = Tombstones::Verdict;
  PoolState& state = state_;
  const CaptureInfo& info = packet.context.capture_info();
  Counting& counting = packet.counting;
  const Verdict verdict =
      state.tombstones.judge(dead, counting.direction, packet.tcp, info.timestamp, state.clock);
  if (verdict == Verdict::begins) return true;
  if (dead.ignored) return false;
  if (verdict == Verdict::refuses) {
    if (counting.size != 0) halves().events.count(EventKind::data_after_rst);
    return false;
  }
  counting.fate = Counting::Fate::repeated;
  if (!packet.tcp.syn() || packet.tcp.ack() || packet.tcp.rst()) return false;
  if (!dead.saw_syn(counting.direction)) return false;  // its own, which comes late where two taps are skewed
  const auto [claim, is_new] =
      state.claims.add(halves(), packet.key, packet.hash, counting.direction, packet.tcp, info, state.clock);
  if (!is_new) return false;
  claim->repeats = true;
  counting.fate = Counting::Fate::held;
  return false;
}

// A new connection, or none: there is no room, or nobody wants it.
auto Assembly::begin(const Meeting& packet) -> Connection* {
  PoolState& state = state_;
  if (ClaimGroup* const group = state.claims.find(packet.key.key, packet.hash)) {
    state.claims.drop(halves(), *group);
  }
  if (Tombstone* const dead = state.tombstones.find(packet.key.key, packet.hash)) {
    state.tombstones.erase(*dead);
  }
  if (state.is_full() && !make_room()) {
    packet.counting.fate = Counting::Fate::dropped;
    return nullptr;
  }
  const auto made = user_.add(packet.key, packet.hash, packet.net, packet.tcp, packet.context);
  if (!made) packet.counting.fate = Counting::Fate::dropped;
  return made.value_or(Ref{}).connection;
}

// Shows the stream of a connection a packet that waits, or does not count for it.
bool Assembly::accepts(Connection& met, const Meeting& packet) {
  const HalfConnection& half = met.half(packet.counting.direction);
  bool start = packet.tcp.syn() && !half.known();
  return user_.accept(met.slot, packet.tcp, packet.context.capture_info(), packet.counting.direction,
                      next_seq_of(half), start, packet.context);
}

// Whether a packet that would end or begin something may do so by its checksum.
bool Assembly::believes(Connection* met, const Tombstone* dead, const Meeting& packet) {
  PoolState& state = state_;
  const TcpFlowDirection direction = packet.counting.direction;
  return met != nullptr ? state.admits(*met, direction, packet.net, packet.tcp)
                        : state.admits_stray(dead, direction, packet.net, packet.tcp);
}

// Tells the stream of the connection that a packet met.
void Assembly::tell(Connection& met, EventKind kind, const Meeting& packet) {
  const Ref ref = ref_of(met, packet.counting.direction);
  const bool with_payload =
      kind == EventKind::syn_in_connection || kind == EventKind::wild_sequence || kind == EventKind::refused;
  halves().events.add({.kind = kind,
                       .direction = ref.direction,
                       .offset = ref.half->next_offset(),
                       .size = with_payload ? packet.tcp.payload.size() : 0,
                       .info = packet.context.capture_info(),
                       .refusal = kind == EventKind::refused ? Refusal::checksum : Refusal::count_});
  tell_events(ref);
}

}  // namespace restitch::detail
