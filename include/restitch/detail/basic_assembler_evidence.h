// The bodies of basic_assembler.h that follow the evidence: what the other side acknowledged, and where that
// shows that a stream starts, goes on, or lacks bytes that will not come any more.
#pragma once

#include "restitch/basic_assembler.h"

namespace RESTITCH_API restitch {

// What a segment tells of the other direction: what was received of it, and how much may come. False: that
// direction reached its end by that, so when the segment is taken in, the connection may be over.
template <StreamType S, class Factory>
[[gnu::always_inline]] inline bool BasicAssembler<S, Factory>::learn(const Ref& ref, const NetFlow& net,
                                                                     const TcpSegment& tcp,
                                                                     AssemblerContext& context) {
  return (!tcp.syn() && ref.reverse->take_ack(tcp)) || learn_slow(ref, net, tcp, context);
}

template <StreamType S, class Factory>
[[gnu::noinline]] bool BasicAssembler<S, Factory>::learn_slow(const Ref& ref, const NetFlow& net,
                                                              const TcpSegment& tcp,
                                                              AssemblerContext& context) {
  bool ended = false;
  deliver_before(ref, tcp, [&] {
    ended = note_ack(ref_of(*ref.connection, reverse(ref.direction)), net, tcp, context);
  });
  return !ended;
}

// The same for a caller that counts the payload itself. True: the other direction reached its end.
template <StreamType S, class Factory>
bool BasicAssembler<S, Factory>::listen(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                                        AssemblerContext& context) {
  if (!tcp.syn() && ref.reverse->take_ack(tcp)) return false;
  return note_ack(ref_of(*ref.connection, reverse(ref.direction)), net, tcp, context);
}

// True: the half that is answered reached its end by that.
template <StreamType S, class Factory>
[[gnu::noinline]] bool BasicAssembler<S, Factory>::note_ack(const Ref& answered, const NetFlow& net,
                                                            const TcpSegment& tcp,
                                                            AssemblerContext& context) {
  if (tcp.rst()) return false;
  if (tcp.syn()) {
    const TcpOptions options = parse_options(tcp.options);
    answered.half->note_scale(options.has_window_scale ? options.window_scale : 0, tcp.window);
    if (tcp.ack()) answered.reverse->note_scale_answer(options.has_window_scale);
  }
  if (!tcp.ack() || (!tcp.syn() && answered.half->known() && answered.half->take_ack(tcp))) return false;
  if (!pool_.state_.admits(*answered.connection, reverse(answered.direction), net, tcp)) return false;
  halves().attend(answered.connection->slot, answered.direction);
  answered.half->note_ack(halves(), tcp, pool_.state_.clock.tick(), answered.reverse->is_here(tcp.sequence));
  if (!answered.half->busy()) return false;
  const bool had_ended = answered.half->ended();
  follow_evidence(answered, &context);
  if (had_ended || !answered.half->ended()) return false;
  answered.connection->note_closed(answered.direction);
  return true;
}

// After a segment out of order, or an acknowledgement of one.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::follow_evidence(const Ref& ref, AssemblerContext* context) {
  const PoolOptions& options = pool_.state_.options;
  halves().attend(ref.connection->slot, ref.direction);
  if (options.midstream_packets_max != 0 && !ref.half->known()) {
    const auto ticks = static_cast<std::uint32_t>(detail::CaptureClock::ticks(options.midstream_wait_ns));
    const bool forced =
        ref.half->waited_for_start(halves(), options.midstream_packets_max, pool_.state_.clock.tick(), ticks);
    if (ref.half->begin_midstream(halves(), ref.direction, forced)) deliver_ready(ref, context);
  }
  if (const auto position = ref.half->gone_to(halves())) go_to(ref, *position, context);
  halves().attend(ref.connection->slot, ref.direction);
  ref.half->readmit(halves(), policy(ref), ref.direction);
  deliver_ready(ref, context);
  give_up_lost(ref, context);
}

// The stream goes on far from here: what waits before that is delivered, across its gaps.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::go_to(const Ref& ref, Sequence position, AssemblerContext* context) {
  while (ref.half->holds(halves()) && skip_gap(ref, context)) deliver_ready(ref, context);
  if (ref.half->ended() && policy(ref).after_end(ref.half->reset()) == AfterEnd::refuse) return;
  halves().attend(ref.connection->slot, ref.direction);
  ref.half->go_to(halves(), ref.direction, position);
  ref.half->readmit(halves(), policy(ref), ref.direction);
  deliver_ready(ref, context);
}

// What the receiver has since long will not come any more.
template <StreamType S, class Factory>
void BasicAssembler<S, Factory>::give_up_lost(const Ref& ref, AssemblerContext* context) {
  const std::int64_t wait_ns = pool_.state_.options.ageing.hole_acked_ns;
  if (wait_ns == 0) return;
  const auto ticks = static_cast<std::uint32_t>(detail::CaptureClock::ticks(wait_ns));
  const auto lost = ref.half->lost_until(halves(), pool_.state_.clock.tick(), ticks);
  if (!lost) return;
  while (ref.half->skip_gap(halves(), policy(ref), ref.direction, lost)) deliver_ready(ref, context);
  tell_events(ref);  // also of what turned out to be no gap
}

}  // namespace restitch
