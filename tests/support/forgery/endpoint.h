// Endpoint: one end of one connection: a small TCP after RFC 9293, with the checks of RFC 5961 and RFC 7323,
// that decides what it takes in and answers as a host does. What it took is the truth of a conversation.
// Owns what it received; what it sends goes into `out`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/forgery/receive_queue.h"
#include "support/forgery/wire_segment.h"

namespace restitch::forgery {

using Microseconds = std::int64_t;
constexpr Microseconds millisecond = 1000;
constexpr Microseconds never = INT64_MAX;

// What kind of host it is.
struct Habits {
  std::uint16_t mss = 100;
  bool timestamps = true;
  bool sack = true;
  std::optional<std::uint8_t> window_scale = 7;
  Position buffer = 65535;     // of what the application has not read
  bool first_counts = true;    // of two copies that wait
  bool delays_acks = false;    // acknowledges every second segment, or after 40 ms
  Position repeat_size = 100;  // bytes of a repetition
};

// The bytes of a stream, readable and nearly all different from their neighbours': small letters from A,
// capital ones from B.
inline char byte_of(Side from, std::uint32_t connection, Position position) {
  std::uint64_t mixed = (static_cast<std::uint64_t>(position) + 1) * 0x9E3779B97F4A7C15 + connection;
  mixed = (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9;
  return static_cast<char>((from == Side::a ? 'a' : 'A') + (mixed >> 40) % 26);
}

class Endpoint {
 public:
  enum class State : std::uint8_t { syn_sent, syn_received, open, time_wait, gone };

  Endpoint(Side side, std::uint32_t connection, const Habits& habits, Sequence iss)
      : side_(side), connection_(connection), habits_(habits), iss_(iss), received_(habits.first_counts) {
    edge_ = std::min<Position>(habits.buffer, 65535);
  }

  // ---- what the application does -------------------------------------------------------------------

  void open(Microseconds now, std::vector<WireSegment>& out) {
    state_ = State::syn_sent;
    send_syn(now, out);
  }
  // Requires: a SYN without ACK.
  void answer(const WireSegment& syn, Microseconds now, std::vector<WireSegment>& out) {
    state_ = State::syn_received;
    passive_ = true;
    learn_syn(syn);
    send_syn(now, out);
  }
  void write(Position size, Microseconds now, std::vector<WireSegment>& out) {
    if (fin_wanted_ || state_ == State::gone) return;
    written_ += size;
    send_more(now, out);
  }
  void shut_down(Microseconds now, std::vector<WireSegment>& out) {
    fin_wanted_ = true;
    send_more(now, out);
  }
  void abort(Microseconds now, std::vector<WireSegment>& out) {
    if (state_ == State::gone) return;
    if (has_peer()) out.push_back(make(now, TcpFlag::rst | TcpFlag::ack, next_));
    state_ = State::gone;
  }
  void read(bool reads, Microseconds now, std::vector<WireSegment>& out) {
    const bool was_closed = window() == 0;
    reads_ = reads;
    if (reads) unread_ = 0;
    if (reads && was_closed && state_ == State::open) send_ack(now, out);
  }
  // Asks whether the other side still lives, with a byte of garbage or none.
  void probe(bool with_byte, Microseconds now, std::vector<WireSegment>& out) {
    if (state_ != State::open || una_ != next_ || next_ <= 0) return;
    WireSegment segment = make(now, TcpFlags{} | TcpFlag::ack, next_ - 1);
    if (with_byte) segment.payload = "~";
    out.push_back(std::move(segment));
  }
  // Bytes go from here to the other end, and are acknowledged, while the capture has an outage.
  static void pass_unseen(Endpoint& from, Endpoint& to, Position size) {
    from.una_ += size;
    from.next_ += size;
    from.written_ += size;
    from.peer_edge_ += size;
    to.received_.pass(size);
    to.edge_ += size;
  }
  [[nodiscard]] bool quiet() const {
    return state_ == State::open && una_ == next_ && next_ == written_ && !fin_wanted_ &&
           !received_.waits() && reads_ && !received_.at_end();
  }

  // ---- what the network brings -----------------------------------------------------------------------

  void receive(const WireSegment& segment, Microseconds now, std::vector<WireSegment>& out) {
    if (segment.wrong_checksum) return;
    if (state_ == State::syn_sent) return receive_answer(segment, now, out);
    if (is_stale(segment)) return challenge(now, out);
    const Position at = place_of(segment);
    if (!acceptable(at, segment)) {
      if (state_ == State::syn_received && segment.has(TcpFlag::syn) && segment.first() == peer_start_) {
        return send_syn(now, out);
      }
      if (!segment.has(TcpFlag::rst)) challenge(now, out);
      return;
    }
    if (segment.has(TcpFlag::rst)) {
      if (at != received_.acknowledges()) return challenge(now, out);
      was_reset_ = true;
      state_ = State::gone;
      return;
    }
    if (segment.has(TcpFlag::syn)) {
      // Whoever only answered gives up and listens again.
      if (state_ == State::syn_received && passive_) return void(state_ = State::gone);
      return challenge(now, out);
    }
    if (!segment.has(TcpFlag::ack) || !take_ack(segment, now, out)) return;
    if (segment.timestamps && at <= last_acked_) recent_ = segment.timestamps->value;
    take_payload(at, segment, now, out);
    send_more(now, out);
  }

  // ---- time ------------------------------------------------------------------------------------------

  [[nodiscard]] Microseconds wakes_at() const { return std::min(repeat_at_, ack_at_); }

  void wake(Microseconds now, std::vector<WireSegment>& out) {
    if (state_ == State::gone) {
      repeat_at_ = ack_at_ = never;
      return;
    }
    if (now >= ack_at_) send_ack(now, out);
    if (now < repeat_at_) return;
    repeat_at_ = never;
    if (!has_unacknowledged()) return;
    if (++tries_ > tries_max) {
      state_ = State::gone;
      return;
    }
    repeat(now, out);
    repeat_at_ = now + (repeat_after << std::min(tries_, 4));
  }

  // ---- what is true ----------------------------------------------------------------------------------

  [[nodiscard]] Side side() const { return side_; }
  [[nodiscard]] std::uint32_t connection() const { return connection_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool was_reset() const { return was_reset_; }
  [[nodiscard]] const ReceiveQueue& received() const { return received_; }
  [[nodiscard]] Sequence start() const { return iss_.add(1); }                      // of what it sends
  [[nodiscard]] std::optional<Sequence> peer_start() const { return peer_start_; }  // of what it receives
  [[nodiscard]] Position sent_end() const { return highest_; }

 private:
  static constexpr int tries_max = 6;
  static constexpr Microseconds repeat_after = 200 * millisecond;

  // ---- in --------------------------------------------------------------------------------------------

  [[nodiscard]] Position place_of(const WireSegment& segment) const {
    const Position next = received_.acknowledges();
    return next + peer_start_->add(next).difference(segment.seq);
  }
  [[nodiscard]] Position window() const { return edge_ - received_.next(); }

  // RFC 9293, 3.4; the right edge itself is allowed to what carries nothing.
  [[nodiscard]] bool acceptable(Position at, const WireSegment& segment) const {
    const Position next = received_.acknowledges();
    const Position length = segment.length();
    const Position room = std::max<Position>(edge_ - next, 0);
    if (length == 0) return at >= next && at <= next + room;
    return room > 0 && at < next + room && at + length > next;
  }

  // RFC 7323, section 5.
  [[nodiscard]] bool is_stale(const WireSegment& segment) const {
    return timed_ && segment.timestamps && !segment.has(TcpFlag::rst) && !segment.has(TcpFlag::syn) &&
           static_cast<std::int32_t>(recent_ - segment.timestamps->value) > 0;
  }

  void learn_syn(const WireSegment& syn) {
    peer_start_ = syn.seq.add(1);
    timed_ = habits_.timestamps && syn.timestamps.has_value();
    if (syn.timestamps) recent_ = syn.timestamps->value;
    sacks_ = habits_.sack && syn.sack_permitted;
    scaled_ = habits_.window_scale.has_value() && syn.window_scale.has_value();
    if (scaled_) peer_scale_ = *syn.window_scale;
    peer_edge_ = peer_window_max_ = syn.window;
    mss_ = std::min<Position>(habits_.mss, syn.mss.value_or(536));
  }

  void receive_answer(const WireSegment& segment, Microseconds now, std::vector<WireSegment>& out) {
    const bool acks = segment.has(TcpFlag::ack);
    const bool exact = acks && segment.ack == iss_.add(1);
    if (acks && !exact) {
      if (!segment.has(TcpFlag::rst)) send_rst(segment, out);
      return;
    }
    if (segment.has(TcpFlag::rst)) {
      if (!exact) return;
      was_reset_ = true;
      state_ = State::gone;
      return;
    }
    if (!segment.has(TcpFlag::syn) || !exact) return;
    learn_syn(segment);
    una_ = 0;
    tries_ = 0;
    repeat_at_ = never;
    state_ = State::open;
    send_ack(now, out);
    send_more(now, out);
  }

  // False if the segment counts for nothing (RFC 5961, section 5).
  bool take_ack(const WireSegment& segment, Microseconds now, std::vector<WireSegment>& out) {
    const Position acked = una_ + start().add(una_).difference(segment.ack);
    if (state_ == State::syn_received) {
      if (acked != 0) {
        send_rst(segment, out);
        return false;
      }
      state_ = State::open;
    } else if (acked > next_ || acked < una_ - peer_window_max_) {
      challenge(now, out);
      return false;
    }
    const Position offered = Position{segment.window} << (scaled_ ? peer_scale_ : 0);
    if (acked >= una_) {
      peer_edge_ = std::max(peer_edge_, acked + offered);
      peer_window_max_ = std::max(peer_window_max_, offered);
    }
    if (acked > una_) {
      una_ = acked;
      tries_ = 0;
      repeats_ = 0;
      repeat_at_ = has_unacknowledged() ? now + repeat_after : never;
    } else if (acked == una_ && segment.length() == 0 && has_unacknowledged() && ++repeats_ == 3) {
      repeat(now, out);
    }
    if (fin_sent_ && una_ == written_ + 1) finish();
    return true;
  }

  void take_payload(Position at, const WireSegment& segment, Microseconds now,
                    std::vector<WireSegment>& out) {
    if (segment.length() == 0) return;
    const Position before = received_.next();
    const bool waited = received_.waits();
    if (at > before || at + segment.size() < before || received_.at_end()) {
      received_.put(at, segment.payload, segment.has(TcpFlag::fin), edge_);
      return send_ack(now, out);
    }
    received_.put(at, segment.payload, segment.has(TcpFlag::fin), edge_);
    if (!reads_) unread_ += received_.next() - before;
    if (received_.at_end() && fin_sent_ && una_ == written_ + 1) state_ = State::time_wait;
    const bool full = ++unacknowledged_ >= 2;
    if (!habits_.delays_acks || full || waited || received_.waits() || received_.at_end()) {
      return send_ack(now, out);
    }
    ack_at_ = std::min(ack_at_, now + 40 * millisecond);
  }

  // Its FIN is acknowledged: who closed first remembers the connection for a while.
  void finish() {
    if (!received_.at_end()) return;
    state_ = closed_first_ ? State::time_wait : State::gone;
  }

  // ---- out -------------------------------------------------------------------------------------------

  [[nodiscard]] bool has_peer() const { return peer_start_.has_value(); }
  [[nodiscard]] bool has_unacknowledged() const {
    return una_ < next_ || (written_ > next_ && state_ == State::open) || (fin_wanted_ && !fin_sent_);
  }

  WireSegment make(Microseconds now, TcpFlags flags, Position position) {
    WireSegment segment;
    segment.from = side_;
    segment.connection = connection_;
    segment.seq = start().add(position);
    segment.flags = flags;
    segment.position = position;
    if (flags.has(TcpFlag::ack)) {
      segment.ack = peer_start_->add(received_.acknowledges());
      segment.acked = received_.acknowledges();
      last_acked_ = *segment.acked;
    }
    if (timed_ && !flags.has(TcpFlag::rst)) segment.timestamps = {clock(now), recent_};
    set_window(segment);
    if (sacks_ && !flags.has(TcpFlag::rst) && flags.has(TcpFlag::ack)) {
      for (const auto& [first, end] : received_.blocks(3)) {
        segment.sacks.push_back({peer_start_->add(first), peer_start_->add(end)});
      }
    }
    return segment;
  }

  // Its right edge never goes back: what the scale cannot say is rounded up (RFC 7323, 2.4).
  void set_window(WireSegment& segment) {
    const unsigned shift = scaled_ && !segment.has(TcpFlag::syn) ? *habits_.window_scale : 0U;
    const Position room = std::max<Position>(habits_.buffer - unread_, 0) >> shift << shift;
    edge_ = std::max(edge_, received_.next() + room);
    const Position field = std::min<Position>((window() + (Position{1} << shift) - 1) >> shift, 65535);
    edge_ = std::max(edge_, received_.next() + (field << shift));
    segment.window = static_cast<std::uint16_t>(field);
    segment.offered = field << shift;
  }

  void send_syn(Microseconds now, std::vector<WireSegment>& out) {
    WireSegment syn = make(now, TcpFlags{} | TcpFlag::syn, -1);
    syn.position = 0;
    if (has_peer()) {
      syn = make(now, TcpFlag::syn | TcpFlag::ack, -1);
      syn.position = 0;
    }
    syn.seq = iss_;
    syn.mss = habits_.mss;
    syn.sack_permitted = habits_.sack && (!has_peer() || sacks_);
    if (habits_.window_scale && (!has_peer() || scaled_)) syn.window_scale = habits_.window_scale;
    if (habits_.timestamps && (!has_peer() || timed_))
      syn.timestamps = {clock(now), has_peer() ? recent_ : 0};
    out.push_back(std::move(syn));
    if (una_ < 0 && repeat_at_ == never) repeat_at_ = now + 5 * repeat_after;
    next_ = std::max<Position>(next_, 0);
  }

  void send_ack(Microseconds now, std::vector<WireSegment>& out) {
    ack_at_ = never;
    unacknowledged_ = 0;
    if (has_peer()) out.push_back(make(now, TcpFlags{} | TcpFlag::ack, next_));
  }

  // An answer to what cannot be right, not to each one (RFC 5961, section 7).
  void challenge(Microseconds now, std::vector<WireSegment>& out) {
    if (now < challenged_at_ + 20 * millisecond || challenges_ >= 30) return;
    challenged_at_ = now;
    ++challenges_;
    send_ack(now, out);
  }

  void send_rst(const WireSegment& cause, std::vector<WireSegment>& out) const {
    out.push_back(rst_for(side_, connection_, cause));
  }

 public:
  // What a host answers to a segment of a connection that it does not have (RFC 9293, 3.10.7.1).
  static WireSegment rst_for(Side side, std::uint32_t connection, const WireSegment& cause) {
    WireSegment rst;
    rst.from = side;
    rst.connection = connection;
    if (cause.has(TcpFlag::ack)) {
      rst.seq = cause.ack;
      rst.flags = TcpFlags{} | TcpFlag::rst;
    } else {
      rst.flags = TcpFlag::rst | TcpFlag::ack;
      rst.ack = cause.seq.add(cause.length());
    }
    return rst;
  }

 private:
  // Data from `from` on, at most `size` bytes, with the FIN if it follows.
  void send_data(Position from, Position size, Microseconds now, std::vector<WireSegment>& out) {
    const Position end = std::min(from + size, written_);
    WireSegment segment = make(now, TcpFlags{} | TcpFlag::ack, from);
    for (Position at = from; at < end; ++at) segment.payload += byte_of(side_, connection_, at);
    if (!segment.payload.empty()) segment.flags = segment.flags | TcpFlag::psh;
    if (fin_wanted_ && end == written_) {
      segment.flags = segment.flags | TcpFlag::fin;
      if (!fin_sent_) closed_first_ = !received_.at_end();
      fin_sent_ = true;
      next_ = std::max(next_, end + 1);
    }
    next_ = std::max(next_, end);
    highest_ = std::max(highest_, end);
    ack_at_ = never;
    unacknowledged_ = 0;
    out.push_back(std::move(segment));
  }

  void send_more(Microseconds now, std::vector<WireSegment>& out) {
    if (state_ != State::open) return;
    while (next_ < std::min(written_, peer_edge_)) {
      send_data(next_, std::min(mss_, peer_edge_ - next_), now, out);
    }
    if (fin_wanted_ && !fin_sent_ && next_ == written_) send_data(next_, 0, now, out);
    if (has_unacknowledged() && repeat_at_ == never) repeat_at_ = now + repeat_after;
  }

  void repeat(Microseconds now, std::vector<WireSegment>& out) {
    if (state_ == State::syn_sent || state_ == State::syn_received) return send_syn(now, out);
    const bool closed = peer_edge_ <= una_;
    send_data(una_, closed ? 1 : std::min(habits_.repeat_size, peer_edge_ - una_), now, out);
  }

  [[nodiscard]] std::uint32_t clock(Microseconds now) const {
    return static_cast<std::uint32_t>(now / millisecond) + iss_.value() / 3;
  }

  Side side_;
  std::uint32_t connection_;
  Habits habits_;
  State state_ = State::gone;
  bool passive_ = false;
  bool was_reset_ = false;

  // What it sends.
  Sequence iss_;
  Position una_ = -1;
  Position next_ = -1;
  Position written_ = 0;
  Position highest_ = 0;
  Position mss_ = 536;
  bool fin_wanted_ = false;
  bool fin_sent_ = false;
  bool closed_first_ = false;
  Position peer_edge_ = 0;
  Position peer_window_max_ = 0;
  bool scaled_ = false;
  unsigned peer_scale_ = 0;
  int tries_ = 0;
  int repeats_ = 0;
  Microseconds repeat_at_ = never;

  // What it receives.
  std::optional<Sequence> peer_start_;
  ReceiveQueue received_;
  Position edge_ = 0;
  Position unread_ = 0;
  bool reads_ = true;
  bool timed_ = false;
  bool sacks_ = false;
  std::uint32_t recent_ = 0;
  Position last_acked_ = 0;
  int unacknowledged_ = 0;
  Microseconds ack_at_ = never;
  Microseconds challenged_at_ = -1'000'000;
  int challenges_ = 0;
};

}  // namespace restitch::forgery
