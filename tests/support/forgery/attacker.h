// Attacker: forges segments into a conversation. On the path it sees what passes and knows all numbers; off
// it it knows addresses and ports. What its segments do is for the hosts to decide. A value but for its
// choices.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "support/forgery/choices.h"
#include "support/forgery/wire_segment.h"

namespace restitch::forgery {

// What is forged. `rule` says which part of the evidence it is meant to mislead.
enum class Trick : std::uint8_t {
  syn_early,        // a SYN ahead of, or between, the handshake
  syn_inside,       // a SYN with another number inside the connection
  syn_ack,          // a SYN-ACK with another number
  rst_exact,        // at the next number
  rst_window,       // in the window
  rst_wild,         // anywhere
  fin_exact,        // at the next number, with data or without
  fin_ahead,        // in the window
  fin_wild,         // anywhere
  fin_both,         // one from each side
  data_race,        // other bytes in the place of a segment that passes
  data_next,        // at the next number
  data_ahead,       // in the window
  data_old,         // where all is acknowledged
  data_before_syn,  // before the first byte
  data_wild,        // anywhere
  ack_ahead,        // acknowledges what was never sent
  ack_early,        // acknowledges what passed just now
  ack_wild,         // from anywhere
  zero_window,      // closes the window
  blind,            // any flags and numbers: off the path
  count_,
};

// Why the receiver counts it for nothing.
enum class Disguise : std::uint8_t {
  none,
  wrong_checksum,
  low_ttl,
  no_ack,
  old_timestamp,
  wild_ack,
  tunnel,
  count_,
};

constexpr std::size_t trick_count = static_cast<std::size_t>(Trick::count_);
constexpr std::size_t disguise_count = static_cast<std::size_t>(Disguise::count_);

constexpr std::array<std::string_view, trick_count> trick_names = {
    "syn_early",       "syn_inside", "syn_ack",   "rst_exact", "rst_window", "rst_wild",    "fin_exact",
    "fin_ahead",       "fin_wild",   "fin_both",  "data_race", "data_next",  "data_ahead",  "data_old",
    "data_before_syn", "data_wild",  "ack_ahead", "ack_early", "ack_wild",   "zero_window", "blind"};

constexpr std::array<std::string_view, disguise_count> disguise_names = {
    "none", "wrong_checksum", "low_ttl", "no_ack", "old_timestamp", "wild_ack", "tunnel"};

// One forgery, before it is made.
struct Forgery {
  Trick trick = Trick::data_race;
  Disguise disguise = Disguise::none;
  std::uint32_t at = 0;  // behind so many segments that passed
  bool late = false;     // or when the hosts have fallen silent
  bool ahead = false;    // of the segment that passes
};

class Attacker {
 public:
  Attacker(std::vector<Forgery> forgeries, Choices& choices)
      : forgeries_(std::move(forgeries)), choices_(choices) {}

  // What is sent ahead of the segment that passes, and behind it.
  struct Injected {
    std::vector<WireSegment> ahead;
    std::vector<WireSegment> behind;
  };

  // A segment of a host passes.
  Injected see(const WireSegment& passing) {
    Injected injected;
    const std::uint32_t now = passed_++;
    for (const Forgery& forgery : forgeries_) {
      if (forgery.late || forgery.at != now) continue;
      if (!forgery.ahead) note(passing);
      forge(forgery, passing, forgery.ahead ? injected.ahead : injected.behind);
    }
    note(passing);
    return injected;
  }

  // Nothing is on its way any more.
  std::vector<WireSegment> see_silence() {
    std::vector<WireSegment> injected;
    if (last_.connection == 0) return injected;
    for (Forgery& forgery : forgeries_) {
      if (!forgery.late) continue;
      forgery.late = false;
      forgery.at = UINT32_MAX;
      forge(forgery, last_, injected);
    }
    return injected;
  }

 private:
  // What it knows of the stream of one side.
  struct View {
    bool known = false;
    std::uint32_t connection = 0;
    Sequence first;
    Sequence next;
    Position position = 0;  // of next
    WireSegment last;
  };

  void note(const WireSegment& segment) {
    View& view = views_[index(segment.from)];
    if (segment.has(TcpFlag::rst)) return;
    const bool begins = segment.has(TcpFlag::syn) || !view.known || view.connection != segment.connection;
    const Sequence end = segment.seq.add(segment.length());
    if (begins) view.first = segment.first();
    if (begins || view.next.difference(end) > 0) {
      view.next = end;
      view.position = segment.end() + (segment.has(TcpFlag::fin) ? 1 : 0);
    }
    view.known = true;
    view.connection = segment.connection;
    view.last = last_ = segment;
  }

  View& view(Side side) { return views_[index(side)]; }

  void forge(const Forgery& forgery, const WireSegment& passing, std::vector<WireSegment>& out) {
    const Side from = choices_.chance(50) ? passing.from : other(passing.from);
    if (forgery.trick == Trick::fin_both) {
      for (const Side side : {from, other(from)}) send(forgery, start_from(side, passing), passing, out);
      return;
    }
    const bool in_place = forgery.trick == Trick::data_race || forgery.trick == Trick::ack_early;
    send(forgery, start_from(in_place ? passing.from : from, passing), passing, out);
  }

  // A bare ACK that would be in place.
  WireSegment start_from(Side from, const WireSegment& passing) {
    const View& mine = view(from);
    WireSegment segment;
    segment.from = from;
    segment.connection = mine.known ? mine.connection : passing.connection;
    segment.seq = mine.known                  ? mine.next
                  : passing.has(TcpFlag::ack) ? passing.ack
                                              : Sequence(choices_.any32());
    segment.ack = view(other(from)).known ? view(other(from)).next : Sequence(choices_.any32());
    if (mine.known && mine.last.has(TcpFlag::ack) && choices_.chance(50)) segment.ack = mine.last.ack;
    segment.flags = TcpFlags{} | TcpFlag::ack;
    segment.window = mine.known ? mine.last.window : std::uint16_t{500};
    segment.timestamps = mine.last.timestamps;
    segment.position = mine.position;
    return segment;
  }

  void move(WireSegment& segment, Position distance) const {
    segment.seq = segment.seq.add(distance);
    segment.position += distance;
  }
  // To where the other side said that it stands.
  void move_to_expected(WireSegment& segment) {
    const View& peer = view(other(segment.from));
    if (!peer.known || !peer.last.has(TcpFlag::ack)) return;
    move(segment, segment.seq.difference(peer.last.ack));
  }
  Position within_window() { return choices_.between(1, choices_.chance(50) ? 300 : 20'000); }
  Position anywhere() { return choices_.between(-(Position{1} << 31), (Position{1} << 31) - 1); }

  void fill(WireSegment& segment, Position size) {
    for (Position i = 0; i < size; ++i) segment.payload += static_cast<char>('0' + (made_ + i) % 10);
    ++made_;
  }
  Position any_size() { return choices_.between(1, choices_.chance(70) ? 60 : 600); }

  void send(const Forgery& forgery, WireSegment segment, const WireSegment& passing,
            std::vector<WireSegment>& out) {
    segment.forgery = trick_names[static_cast<std::size_t>(forgery.trick)];
    if (!shape(forgery.trick, segment, passing)) return;
    disguise(forgery.disguise, segment);
    out.push_back(std::move(segment));
  }

  // False where there is nothing to forge.
  bool shape(Trick trick, WireSegment& segment, const WireSegment& passing) {
    switch (trick) {
      case Trick::syn_early:
      case Trick::syn_inside:
        make_syn(segment);
        return true;
      case Trick::syn_ack:
        segment.flags = TcpFlag::syn | TcpFlag::ack;
        segment.mss = 1000;
        segment.seq = view(segment.from).first.add(near_or_far());
        segment.position = 0;
        return true;
      case Trick::rst_exact:
      case Trick::rst_window:
      case Trick::rst_wild:
        segment.flags = choices_.chance(50) ? TcpFlags{} | TcpFlag::rst : TcpFlag::rst | TcpFlag::ack;
        segment.timestamps.reset();
        place(segment, trick == Trick::rst_exact, trick == Trick::rst_wild);
        return true;
      case Trick::fin_exact:
      case Trick::fin_ahead:
      case Trick::fin_wild:
      case Trick::fin_both:
        segment.flags = TcpFlag::fin | TcpFlag::ack;
        place(segment, trick == Trick::fin_exact || trick == Trick::fin_both, trick == Trick::fin_wild);
        if (choices_.chance(40)) fill(segment, any_size());
        return true;
      case Trick::data_race:
        if (passing.payload.empty()) return false;
        segment.seq = passing.seq;
        segment.ack = passing.ack;
        segment.timestamps = passing.timestamps;
        segment.position = passing.position;
        if (choices_.chance(40)) move(segment, choices_.between(-20, 20));
        fill(segment, choices_.chance(50) ? passing.size() : any_size());
        return true;
      case Trick::data_next:
      case Trick::data_ahead:
      case Trick::data_wild:
        place(segment, trick == Trick::data_next, trick == Trick::data_wild);
        fill(segment, any_size());
        return true;
      case Trick::data_old:
        move(segment, -choices_.between(1, 500));
        fill(segment, any_size());
        return true;
      case Trick::data_before_syn:
        move(segment, -segment.position - choices_.between(1, 2000));
        fill(segment, any_size());
        return true;
      case Trick::ack_ahead:
        segment.ack = segment.ack.add(choices_.between(1, choices_.chance(50) ? 100 : 100'000));
        return true;
      case Trick::ack_early:
        segment = start_from(other(passing.from), passing);
        segment.forgery = trick_names[static_cast<std::size_t>(trick)];
        segment.ack = passing.seq.add(passing.length());
        return true;
      case Trick::ack_wild:
        if (choices_.chance(50)) move(segment, anywhere());
        segment.ack = Sequence(choices_.any32());
        return true;
      case Trick::zero_window:
        segment.window = 0;
        return true;
      case Trick::blind:
        make_blind(segment);
        return true;
      case Trick::count_:
        break;
    }
    return false;
  }

  void place(WireSegment& segment, bool exact, bool wild) {
    if (wild) return move(segment, anywhere());
    if (choices_.chance(70)) move_to_expected(segment);
    if (!exact) move(segment, within_window());
  }
  Position near_or_far() { return choices_.chance(70) ? choices_.between(-5000, 5000) : anywhere(); }

  void make_syn(WireSegment& segment) {
    segment.flags = TcpFlags{} | TcpFlag::syn;
    if (segment.connection != 0 && view(segment.from).known) {
      segment.seq = (choices_.chance(50) ? view(segment.from).first : segment.seq).add(near_or_far());
    } else {
      segment.seq = Sequence(choices_.any32());
    }
    segment.mss = 1000;
    if (choices_.chance(50)) segment.window_scale = static_cast<std::uint8_t>(choices_.below(15));
    segment.sack_permitted = choices_.chance(50);
    segment.position = 0;
    segment.connection = own_connection_++;
    if (choices_.chance(10)) fill(segment, any_size());
  }

  void make_blind(WireSegment& segment) {
    const std::array<TcpFlags, 6> flags = {TcpFlags{} | TcpFlag::syn,   TcpFlag::syn | TcpFlag::ack,
                                           TcpFlags{} | TcpFlag::rst,   TcpFlags{} | TcpFlag::ack,
                                           TcpFlag::psh | TcpFlag::ack, TcpFlag::fin | TcpFlag::ack};
    move(segment, anywhere());
    segment.ack = Sequence(choices_.any32());
    segment.flags = choices_.pick(flags);
    segment.window = static_cast<std::uint16_t>(choices_.below(65536));
    segment.timestamps.reset();
    const bool begins = segment.has(TcpFlag::syn) && !segment.has(TcpFlag::ack);
    if (begins) segment.connection = own_connection_++;
    if (begins || segment.has(TcpFlag::syn)) segment.position = 0;
    if (segment.has(TcpFlag::psh)) fill(segment, any_size());
  }

  void disguise(Disguise disguise, WireSegment& segment) {
    switch (disguise) {
      case Disguise::wrong_checksum:
        segment.wrong_checksum = true;
        return;
      case Disguise::low_ttl:
        segment.short_lived = true;
        return;
      case Disguise::tunnel:
        segment.tunnelled = true;
        return;
      case Disguise::no_ack:
        segment.flags.bits &= static_cast<std::uint8_t>(~static_cast<unsigned>(TcpFlag::ack));
        return;
      case Disguise::old_timestamp:
        if (segment.timestamps) segment.timestamps->value -= 100'000;
        return;
      case Disguise::wild_ack:
        segment.ack = Sequence(choices_.any32());
        return;
      case Disguise::none:
      case Disguise::count_:
        return;
    }
  }

  std::vector<Forgery> forgeries_;
  Choices& choices_;
  std::array<View, 2> views_;
  WireSegment last_;
  std::uint32_t passed_ = 0;
  std::uint32_t own_connection_ = 1000;
  Position made_ = 0;
};

}  // namespace restitch::forgery
