// HalfConnection: one direction of one connection, as a state machine that never calls user code. It is
// given segments with insert(), says what is in order with take(), and learns with settle() what the
// stream wants to see again.
//
//                 kept            delivered up to here        held, in the tree
//          ─────┬────────┬─────────────────┬──────────────┬────────┬─────┬────────▶
//               │ stream │                 next_seq (gap) │ ABCDEF │     │ XYZ
//               └────────┘                                └────────┘     └────
//
// A half that is in order has 24 bytes and no queue; everything else lives in a HalfDetail. One thread.
#pragma once

#include <cstdint>
#include <optional>

#include "restitch/detail/evidence.h"
#include "restitch/detail/half_state.h"
#include "restitch/receiver.h"
#include "restitch/stream.h"

namespace RESTITCH_API restitch {

class HalfConnection {
 public:
  using State = detail::HalfState;

  // Whether the start of the stream is known, and so the next expected number.
  [[nodiscard]] bool known() const { return (flags_ & known_flag) != 0; }
  [[nodiscard]] Sequence next_seq() const { return next_seq_; }

  // Where the stream began. (Bytes read out of band are not counted.) Requires: known().
  [[nodiscard]] Sequence start() const { return next_seq_.add(-static_cast<std::int64_t>(next_offset_)); }

  // Stream offset of next_seq: bytes delivered and bytes skipped.
  [[nodiscard]] std::uint64_t next_offset() const { return next_offset_; }

  // Nothing more is expected: FIN reached, or reset.
  [[nodiscard]] bool ended() const { return (flags_ & ended_flag) != 0; }
  [[nodiscard]] bool reset() const { return (flags_ & reset_flag) != 0; }

  [[nodiscard]] bool by_syn() const { return (flags_ & syn_flag) != 0; }  // the start is known by its SYN

  // What the receiver of this direction acknowledged last, by acknowledgements that were in place themselves,
  // and the largest window that it may have offered: advertised times scale, or times the largest scale
  // while its own is not known. Requires for acked(): has_ack().
  [[nodiscard]] bool has_ack() const { return evidence_.has_ack(); }
  [[nodiscard]] Sequence acked() const { return evidence_.acked(); }
  [[nodiscard]] std::uint32_t window_max() const { return evidence_.window_max(); }

  // A start was named, and may still turn out to be another one: nothing of the stream came, and its receiver
  // has not acknowledged it.
  [[nodiscard]] bool start_in_doubt() const { return known() && next_offset_ == 0 && !start_acked(); }
  // It acknowledged anything at all: one that is silent, or not captured, has not even the SYN.
  [[nodiscard]] bool heard() const { return has_ack() && !(known() && acked() == start().add(-1)); }

  // It acknowledged the start of the stream, which cannot move any more.
  [[nodiscard]] bool start_acked() const { return has_ack() && start().difference(acked()) >= 0; }

  // Takes note of an acknowledgement of this direction, in the plain cases; false: note_ack() has to look at
  // it.
  bool take_ack(const TcpSegment& tcp) {
    if (!busy() && tcp.acknowledgment == evidence_.acked()) return true;
    return tcp.ack() && !tcp.rst() && (flags_ & (known_flag | busy_flag)) == known_flag &&
           evidence_.take(tcp.acknowledgment, tcp.window, next_seq_.add(ended() ? 1 : 0));
  }

  // The same in all other cases. `tick` is the time; `from_its_place`: the segment's own number is where its
  // sender's stream is; `heeds_promises`: bytes that come behind it are to be seen (HalfState::came_behind).
  // Afterwards there may be something to do: begin_midstream(), gone_to(), readmit(), lost_until().
  void note_ack(State& state, const TcpSegment& tcp, std::uint32_t tick, bool from_its_place,
                bool heeds_promises);
  // Whether a segment with this number can be of this stream where it is now.
  [[nodiscard]] bool is_here(Sequence first) const { return !known() || !lies_elsewhere(first, 0); }

  // The receiver of this direction offered to scale its windows, in its SYN.
  void note_scale(std::uint8_t scale, std::uint16_t window) { evidence_.note_scale(scale, window); }
  // The answer to that SYN: without the option neither side scales (RFC 7323, section 2.2). The first one
  // counts, unless another has the option.
  void note_scale_answer(bool has_option) {
    if (!has_option && !known()) evidence_.unscale();
    if (has_option && known()) evidence_.doubt_unscaled();
  }

  // Where the stream has gone to, far from here, by the evidence: nothing before that is waited for any
  // longer.
  [[nodiscard]] std::optional<Sequence> gone_to(State& state);

  // Goes there: what lies between is a gap. Requires: holds() nothing before it.
  void go_to(State& state, TcpFlowDirection direction, Sequence position);

  // Puts segments that were set aside in their place, if that is where the stream is now.
  void readmit(State& state, const ReceiverPolicy& policy, TcpFlowDirection direction);

  // Segments that were set aside wait, and nothing has shown since that the stream is not there: the lowest
  // of them.
  [[nodiscard]] std::optional<Sequence> uncontradicted(State& state) const;

  // Drops the segments set aside, and tells each. False when there are none.
  bool drop_elsewhere(State& state, TcpFlowDirection direction);

  // Begins a stream of which no start was seen with the first of the segments that belong together, if the
  // receiver acknowledged one of them, or if `forced`. True when it began.
  bool begin_midstream(State& state, TcpFlowDirection direction, bool forced);

  // Segments wait for a start that is not known: `packets` of them, or since `ticks`. Takes note of the
  // first.
  [[nodiscard]] bool waited_for_start(State& state, std::uint32_t packets, std::uint32_t tick,
                                      std::uint32_t ticks);

  // The position before which the receiver has everything since `ticks` or longer, so that what is missing
  // there will not come any more.
  [[nodiscard]] std::optional<Sequence> lost_until(const State& state, std::uint32_t tick,
                                                   std::uint32_t ticks) const {
    const detail::HalfDetail* const d = peek(state);
    return d == nullptr || !known() ? std::nullopt : d->acked_hole.overdue(next_seq_, tick, ticks);
  }

  // Neither was a byte delivered or skipped, nor is there anything to think of.
  [[nodiscard]] bool untouched() const { return next_offset_ == 0 && detail_ == detail::none; }

  // There is something to think of: it holds or keeps, or is in doubt.
  [[nodiscard]] bool busy() const { return (flags_ & busy_flag) != 0; }

  // True for the segment that is next, when nothing else is to be thought of: the whole hot path.
  [[nodiscard]] bool in_order(const TcpSegment& tcp) const {
    return (flags_ & (known_flag | busy_flag | ended_flag)) == known_flag && tcp.sequence == next_seq_ &&
           (tcp.flags.bits & (unusual_bits | urg_bit)) == 0 && tcp.missing_size == 0 && !tcp.fragment_overlap;
  }

  // Lends the payload of such a segment to `sg`. Requires: in_order(tcp).
  [[gnu::always_inline]] void deliver(State& state, const TcpSegment& tcp, const CaptureInfo& info,
                                      TcpFlowDirection direction, ScatterGather& sg) {
    sg.lend(direction, next_offset_, tcp.payload, info);
    state.note_delivered(next_seq_, next_offset_, tcp.payload, info);
    state.bytes().delivered += tcp.payload.size();
    advance(tcp.payload.size());
  }

  // True for a SYN alone, of a half that nothing is known of, and for a FIN that is next, with or without
  // bytes: as plain as a segment in order, and nearly as frequent.
  [[nodiscard]] bool is_plain_edge(const TcpSegment& tcp) const {
    if (tcp.urg() || tcp.missing_size != 0 || tcp.fragment_overlap) return false;
    const auto unusual = static_cast<std::uint8_t>(tcp.flags.bits & unusual_bits);
    if (unusual == syn_bit) return flags_ == 0 && detail_ == detail::none && tcp.payload.empty();
    return unusual == fin_bit && tcp.sequence == next_seq_ &&
           (flags_ & (known_flag | busy_flag | ended_flag)) == known_flag;
  }

  // Puts the start or the end that such a segment names into `sg`, with its bytes. Then: settle().
  // Requires: is_plain_edge(tcp).
  void deliver_edge(State& state, const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
                    ScatterGather& sg);

  // Takes note of a segment. `start`: begin here if no start is known. `right`: its checksum is, as far as
  // that means anything. Afterwards take() until it is false: the payload is borrowed until then.
  void insert(State& state, const ReceiverPolicy& policy, const TcpSegment& tcp, const CaptureInfo& info,
              TcpFlowDirection direction, bool start, bool right = true);

  // A segment that the receiver refuses: what it repeats is compared all the same.
  void compare_refused(State& state, const TcpSegment& tcp, const CaptureInfo& info) const;

  // Puts the next delivery into `sg`; false when there is none. After true: settle(). With a `limit`, bytes
  // at or beyond it have to wait (they are received, but not acknowledged yet).
  bool take(State& state, const ReceiverPolicy& policy, TcpFlowDirection direction, ScatterGather& sg,
            std::optional<Sequence> limit = std::nullopt);

  // Nothing but held segments behind a hole, if that: take() has nothing. What most segments out of order
  // find.
  [[nodiscard]] bool only_waits(State& state) const {
    if ((flags_ & (start_flag | end_flag)) != 0) return false;
    const detail::HalfDetail* const d = peek(state);
    return d == nullptr || (d->skip == 0 && d->run.empty() && !d->has_end &&
                            (d->held.empty() || !known() || next_seq_.difference(d->held.lowest(state)) > 0));
  }

  // Keeps what the stream asked to see again, gives back the rest.
  void settle(State& state, const ScatterGather& sg);

  // The same after deliver(): nothing to do unless the stream keeps something.
  void settle_delivered(State& state, const ScatterGather& sg) {
    if (sg.keeps_) settle(state, sg);
  }

  // Remembers the start that a SYN names, without delivering anything: for a connection nobody wants.
  void note_start(Sequence first) {
    next_seq_ = first;
    flags_ |= known_flag | syn_flag;
    evidence_.begin(first);
  }

  // Gives up the bytes before the lowest held segment, or before `at_most` if that is lower, so that take()
  // delivers from there. False when nothing is given up.
  bool skip_gap(State& state, const ReceiverPolicy& policy, TcpFlowDirection direction,
                std::optional<Sequence> at_most = std::nullopt);

  // Expects nothing more; what take() still has is delivered. Without an end mark: nobody sent one.
  void close(State& state);

  // Ends the half here and now, by a reset: what waits was never read. `told`: with an end mark.
  void abort(State& state, bool told);

  // Drops what waits: nobody read it, and that is told; or there is no memory for it.
  void refuse_held(State& state);
  void drop_held(State& state) { give_up_held(state, &ByteCounts::dropped); }

  // Drops bytes kept by the stream, oldest first, until they count fewer than `pages_max` pages; or until so
  // much memory is free. Tells `limit`.
  void limit_kept(State& state, TcpFlowDirection direction, std::uint32_t pages_max, Limit limit);
  bool drop_kept(State& state, TcpFlowDirection direction, std::size_t memory_size, Limit limit);

  // Forgets everything; the half must not be used again.
  void clear(State& state);

  [[nodiscard]] std::uint32_t pages(const State& state) const {
    const detail::HalfDetail* const d = peek(state);
    return d == nullptr ? 0 : d->pages();
  }
  [[nodiscard]] bool holds(const State& state) const {
    const detail::HalfDetail* const d = peek(state);
    return d != nullptr && !d->held.empty();
  }
  [[nodiscard]] std::optional<Sequence> lowest_held(State& state) const;
  [[nodiscard]] std::optional<Sequence> highest_held(State& state) const;  // one past it
  [[nodiscard]] bool holds_near(State& state, Sequence position, std::int32_t reach) const {
    return detail_ != detail::none && state.details[detail_].held.is_near(state, position, reach);
  }
  [[nodiscard]] Timestamp oldest_held(State& state) const;
  // What waits for an unknown start, and what the receiver acknowledged, agree where the stream is.
  [[nodiscard]] bool is_joined(State& state) const;
  // Where the FIN stands that was seen, and not reached yet.
  [[nodiscard]] std::optional<Sequence> pending_end(const State& state) const {
    const detail::HalfDetail* const d = peek(state);
    return d == nullptr || !d->has_end ? std::nullopt : std::optional(d->end);
  }
  [[nodiscard]] const detail::HoleAge* hole(const State& state) const {  // nullptr: nothing is held
    const detail::HalfDetail* const d = peek(state);
    return d == nullptr || d->held.empty() ? nullptr : &d->hole;
  }
  [[nodiscard]] std::uint64_t held_bytes(const State& state) const;
  [[nodiscard]] std::uint64_t undelivered_bytes(const State& state) const;  // held, or not acknowledged yet
  [[nodiscard]] std::size_t memory_size(const State& state) const {         // of what it holds and keeps
    const detail::HalfDetail* const d = peek(state);
    return d == nullptr ? 0 : d->memory_size() + elsewhere_size(state);
  }
  [[nodiscard]] std::uint32_t detail_number() const { return detail_; }  // none: nothing to think of

  // Whether the first byte that a SYN names is not the start that is known.
  [[nodiscard]] static bool names_another_start(Sequence start, bool by_syn, Sequence first);

  // True for a SYN that does not repeat the one this half began with.
  [[nodiscard]] bool contradicts_syn(State& state, Sequence syn) const;

 private:
  using Arrival = detail::Arrival;

  static constexpr std::uint8_t known_flag = 0x01;  // next_seq_ means something
  static constexpr std::uint8_t syn_flag = 0x02;    // because a SYN was seen
  static constexpr std::uint8_t busy_flag = 0x04;   // the detail has something to think of
  static constexpr std::uint8_t start_flag = 0x08;  // the start is still to be delivered
  static constexpr std::uint8_t end_flag = 0x10;    // the end is still to be delivered
  static constexpr std::uint8_t ended_flag = 0x20;
  static constexpr std::uint8_t reset_flag = 0x40;
  static constexpr std::uint8_t told_flag = 0x80;  // the end has been delivered
  static constexpr std::uint8_t syn_bit = (TcpFlags{} | TcpFlag::syn).bits;
  static constexpr std::uint8_t fin_bit = (TcpFlags{} | TcpFlag::fin).bits;
  static constexpr std::uint8_t unusual_bits = (TcpFlag::fin | TcpFlag::syn | TcpFlag::rst).bits;
  static constexpr std::uint8_t urg_bit = static_cast<std::uint8_t>(TcpFlag::urg);

  // The one function that moves next_seq_; back (modulo 2^64) over bytes that nobody read after all. Bytes
  // read out of band have a number, but no offset.
  void advance(std::uint64_t distance, std::uint32_t out_of_band = 0) {
    next_seq_ = next_seq_.add(static_cast<std::int64_t>(distance));
    next_offset_ += distance - out_of_band;
  }
  void begin(State& state, Sequence first);
  void set_start(State& state, Sequence first);
  void part_with_others(State& state, detail::HalfDetail& d);
  void part_with_far(State& state, detail::HalfDetail& d);
  void set_lowest_aside(State& state, detail::HalfDetail& d);
  void insert_syn(State& state, const Arrival& arrival);
  void note_start_ack(State& state, const TcpSegment& tcp);
  void note_far_ack(State& state, const TcpSegment& tcp, bool from_its_place);
  void settle_start(State& state, Sequence position);
  void drop_wild(State& state, TcpFlowDirection direction, std::uint32_t segment);
  [[nodiscard]] bool lies_elsewhere(Sequence first, std::size_t size) const;
  void set_aside(State& state, const Arrival& arrival);
  detail::Elsewhere* make_elsewhere(State& state);
  void part_with_unreachable(State& state, TcpFlowDirection direction);
  void contradict_elsewhere(State& state);
  [[nodiscard]] std::uint32_t reach() const;
  void note_end(State& state, const ReceiverPolicy& policy, bool rst, Sequence position,
                const Arrival& arrival);
  void mark_ended(bool reset);
  void report_after_end(State& state, std::uint64_t size, const CaptureInfo& info);
  bool end_comes_first(State& state, const ReceiverPolicy& policy);

  // How much of what lies `ahead` of the next byte (negative: behind it) lies before the start of the stream.
  [[nodiscard]] std::uint64_t before_start(const State& state, std::int64_t ahead) const;

  // The offset of what lies `ahead` of the next byte; 0 for what lies before the start of the stream.
  [[nodiscard]] std::uint64_t offset_at(std::int64_t ahead) const {
    const auto behind = static_cast<std::uint64_t>(-ahead);
    return ahead < 0 && behind > next_offset_ ? 0 : next_offset_ + static_cast<std::uint64_t>(ahead);
  }
  void reach_end(State& state, const ReceiverPolicy& policy, detail::HalfDetail& d);

  void insert_payload(State& state, const ReceiverPolicy& policy, Arrival& arrival);

  struct Copy {
    std::uint64_t offset;
    Sequence first;
    Bytes bytes;
    const CaptureInfo& info;
  };
  void note_delivered(State& state, std::uint32_t segment, std::optional<std::uint32_t> out_at) const;
  void compare_with_delivered(State& state, const Arrival& arrival) const;
  void compare_copy(State& state, const Copy& copy) const;

  // `inline`, here and in the classes below: each is called from its own file only, and mostly once. Without
  // the word a compiler must think that others call it, too, and leaves it apart.
  inline void cut_before_start(State& state, Arrival& arrival) const;
  void note_before_start(State& state, std::uint64_t size, const CaptureInfo& info) const;
  inline void cut_delivered(Arrival& arrival) const;
  inline void cut_after_end(State& state, const ReceiverPolicy& policy, Arrival& arrival);
  [[nodiscard]] inline bool in_range(State& state, const Arrival& arrival) const;

  [[nodiscard]] inline bool is_keep_alive(const TcpSegment& tcp) const;
  void note_urgent(State& state, const TcpSegment& tcp);
  inline void see_urgent(State& state, const Arrival& arrival);
  inline void take_in(State& state, const ReceiverPolicy& policy, detail::HalfDetail& d,
                      std::uint32_t segment);
  inline void pop(State& state, const ReceiverPolicy& policy, detail::HalfDetail& d);
  inline std::uint64_t deliverable(State& state, const detail::HalfDetail& d,
                                   std::optional<Sequence> limit) const;
  void give_up_held(State& state, std::uint64_t ByteCounts::*count);
  void rest(State& state);
  void drop_oldest_kept(State& state, TcpFlowDirection direction, std::size_t size, Limit limit);
  void report(State& state, EventKind kind, const Arrival& arrival);

  // Made when there is none. Throws std::bad_alloc.
  detail::HalfDetail& detail(State& state) {
    if (detail_ == detail::none) make_detail(state);
    flags_ |= busy_flag;
    return state.details[detail_];
  }
  void make_detail(State& state);
  [[nodiscard]] const detail::HalfDetail* peek(const State& state) const {
    return detail_ == detail::none ? nullptr : &state.details[detail_];
  }

  [[nodiscard]] detail::Elsewhere* elsewhere(State& state) const {
    return detail_ == detail::none || state.details[detail_].elsewhere == detail::none
               ? nullptr
               : &state.elsewheres[state.details[detail_].elsewhere];
  }
  [[nodiscard]] std::size_t elsewhere_size(const State& state) const {
    const std::uint32_t number = state.details[detail_].elsewhere;
    return number == detail::none ? 0 : state.elsewheres[number].memory_size();
  }

  // next_offset_ counts from the start of the stream and moves only with next_seq_, in advance().
  std::uint64_t next_offset_ = 0;
  Sequence next_seq_;
  std::uint32_t detail_ = detail::none;
  [[no_unique_address]] detail::Evidence evidence_;  // leaves its last byte to flags_
  std::uint8_t flags_ = 0;
};

static_assert(sizeof(HalfConnection) == 24, "two of them share a cache line");

}  // namespace restitch
