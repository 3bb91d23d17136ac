// The bodies of basic_assembler.h that follow the evidence: what the other side acknowledged, and where that
// shows that a stream starts, goes on, or lacks bytes that will not come any more.
#include <algorithm>

#include "reassembly/assembly.h"

namespace restitch::detail {

bool Assembly::learn_slow(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                          AssemblerContext& context) {
  bool ended = false;
  deliver_before(ref, tcp, [&] {
    ended = note_ack(ref_of(*ref.connection, reverse(ref.direction)), net, tcp, context);
  });
  return !ended;
}

// The same for a caller that counts the payload itself. True: the other direction reached its end.
bool Assembly::listen(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context) {
  if (!tcp.syn() && ref.reverse->take_ack(tcp)) return false;
  return note_ack(ref_of(*ref.connection, reverse(ref.direction)), net, tcp, context);
}

// True: the half that is answered reached its end by that.
bool Assembly::note_ack(const Ref& answered, const NetFlow& net, const TcpSegment& tcp,
                        AssemblerContext& context) {
  if (tcp.rst()) return false;
  if (tcp.syn()) {
    const TcpOptions options = parse_options(tcp.options);
    answered.half->note_scale(options.has_window_scale ? options.window_scale : 0, tcp.window);
    if (tcp.ack()) answered.reverse->note_scale_answer(options.has_window_scale);
  }
  if (!tcp.ack() || (!tcp.syn() && answered.half->known() && answered.half->take_ack(tcp))) return false;
  if (!state_.admits(*answered.connection, reverse(answered.direction), net, tcp)) return false;
  halves().attend(answered.connection->slot, answered.direction);
  answered.half->note_ack(halves(), tcp, state_.clock.tick(), answered.reverse->is_here(tcp.sequence),
                          may_be_lost(answered));
  if (!answered.half->busy()) return false;
  const bool had_ended = answered.half->ended();
  follow_evidence(answered, &context);
  if (had_ended || !answered.half->ended()) return false;
  answered.connection->note_closed(answered.direction);
  return true;
}

// After a segment out of order, or an acknowledgement of one.
void Assembly::follow_evidence(const Ref& ref, AssemblerContext* context) {
  const PoolOptions& options = state_.options;
  halves().attend(ref.connection->slot, ref.direction);
  if (options.midstream_packets_max != 0 && !ref.half->known()) {
    const auto ticks = static_cast<std::uint32_t>(CaptureClock::ticks(options.midstream_wait_ns));
    const bool forced =
        ref.half->waited_for_start(halves(), options.midstream_packets_max, state_.clock.tick(), ticks);
    if (ref.half->begin_midstream(halves(), ref.direction, forced)) deliver_ready(ref, context);
  }
  if (const auto position = ref.half->gone_to(halves())) go_to(ref, *position, context);
  halves().attend(ref.connection->slot, ref.direction);
  ref.half->readmit(halves(), policy(ref), ref.direction);
  deliver_ready(ref, context);
  give_up_lost(ref, context);
}

// The stream goes on far from here: what waits before that is delivered, across its gaps.
void Assembly::go_to(const Ref& ref, Sequence position, AssemblerContext* context) {
  while (ref.half->holds(halves()) && skip_gap(ref, context)) deliver_ready(ref, context);
  if (ref.half->ended() && policy(ref).after_end(ref.half->reset()) == AfterEnd::refuse) return;
  halves().attend(ref.connection->slot, ref.direction);
  ref.half->go_to(halves(), ref.direction, position);
  ref.half->readmit(halves(), policy(ref), ref.direction);
  deliver_ready(ref, context);
}

// What the receiver has since long will not come any more.
void Assembly::give_up_lost(const Ref& ref, AssemblerContext* context) {
  const Ageing& ageing = state_.options.ageing;
  const bool lost = may_be_lost(ref);
  const std::int64_t wait_ns =
      lost ? std::min(ageing.hole_lost_ns, ageing.hole_acked_ns) : ageing.hole_acked_ns;
  if (wait_ns == 0) return;
  const auto ticks = static_cast<std::uint32_t>(CaptureClock::ticks(wait_ns));
  const auto until = ref.half->lost_until(halves(), state_.clock.tick(), ticks);
  if (!until) return;
  while (ref.half->skip_gap(halves(), policy(ref), ref.direction, until)) deliver_ready(ref, context);
  tell_events(ref);  // also of what turned out to be no gap
}

}  // namespace restitch::detail
