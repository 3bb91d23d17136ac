// Host: one of the two hosts of a conversation: its application, the connection it is in, and those it was in
// before. What reaches it without a connection is answered as RFC 9293 says. Owns its endpoints.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "support/forgery/choices.h"
#include "support/forgery/endpoint.h"

namespace restitch::forgery {

// How its application behaves.
struct Manners {
  int actions = 6;              // on each connection
  Position write_size = 200;    // at most, at a time
  Microseconds pause = 30'000;  // at most, between two actions
  unsigned abort_percent = 1;   // of the actions
  unsigned stall_percent = 5;   // stops reading for a while
  unsigned probe_percent = 3;   // keep-alive
  bool garbage_probes = false;  // with a byte
  unsigned close_percent = 10;  // closes its side before it did all
  bool closes_at_last = true;
};

class Host {
 public:
  Host(Side side, const Habits& habits, const Manners& manners, Choices& choices)
      : side_(side), habits_(habits), manners_(manners), choices_(choices) {}

  // Opens a connection. Requires: none is open.
  void open(std::uint32_t connection, Sequence iss, Microseconds now, std::vector<WireSegment>& out) {
    begin(connection, iss, now);
    endpoints_.back().open(now, out);
  }
  // The number of the next connection it answers.
  void choose_iss(Sequence iss) { iss_ = iss; }

  void receive(const WireSegment& segment, Microseconds now, std::vector<WireSegment>& out) {
    if (segment.wrong_checksum) return;
    Endpoint* const current = endpoint();
    const bool opens = segment.has(TcpFlag::syn) && !segment.has(TcpFlag::ack) && !segment.has(TcpFlag::rst);
    if (current != nullptr && !(opens && listens() && may_follow(*current, segment))) {
      return current->receive(segment, now, out);
    }
    if (opens && listens()) {
      begin(segment.connection, iss_, now);
      iss_ = iss_.add(100'000);
      return endpoints_.back().answer(segment, now, out);
    }
    if (!segment.has(TcpFlag::rst)) out.push_back(Endpoint::rst_for(side_, segment.connection, segment));
  }

  void wake(Microseconds now, std::vector<WireSegment>& out) {
    Endpoint* const current = endpoint();
    if (current == nullptr) return;
    if (now >= acts_at_) act(*current, now, out);
    current->wake(now, out);
  }
  [[nodiscard]] Microseconds wakes_at() const {
    return idle() ? never : std::min(acts_at_, endpoints_.back().wakes_at());
  }

  // No connection, or one that is over.
  [[nodiscard]] bool idle() const {
    return endpoints_.empty() || endpoints_.back().state() == Endpoint::State::gone;
  }
  [[nodiscard]] bool over() const {
    return idle() || endpoints_.back().state() == Endpoint::State::time_wait;
  }
  // nullptr: it is idle.
  [[nodiscard]] Endpoint* endpoint() { return idle() ? nullptr : &endpoints_.back(); }
  [[nodiscard]] const std::deque<Endpoint>& endpoints() const { return endpoints_; }

 private:
  [[nodiscard]] bool listens() const { return side_ == Side::b; }

  // RFC 9293, 3.10.7.4: a SYN whose number lies above ends TIME-WAIT.
  [[nodiscard]] static bool may_follow(const Endpoint& last, const WireSegment& syn) {
    if (last.state() != Endpoint::State::time_wait) return false;
    return last.peer_start()->add(last.received().acknowledges()).difference(syn.seq) > 0;
  }

  void begin(std::uint32_t connection, Sequence iss, Microseconds now) {
    endpoints_.emplace_back(side_, connection, habits_, iss);
    actions_ = manners_.actions;
    acts_at_ = now;
    stalled_ = false;
  }

  void act(Endpoint& current, Microseconds now, std::vector<WireSegment>& out) {
    acts_at_ = never;
    if (current.state() == Endpoint::State::time_wait) return;
    if (actions_-- <= 0) {
      current.read(true, now, out);
      if (manners_.closes_at_last) current.shut_down(now, out);
      return;
    }
    acts_at_ = now + choices_.between(1, manners_.pause);
    if (stalled_) return current.read(!(stalled_ = choices_.chance(50)), now, out);
    std::uint64_t dice = choices_.below(100);
    const auto falls_on = [&dice](unsigned percent) {
      const bool hit = dice < percent;
      dice -= hit ? 0 : percent;
      return hit;
    };
    if (falls_on(manners_.abort_percent)) return current.abort(now, out);
    if (falls_on(manners_.close_percent)) return current.shut_down(now, out);
    if (falls_on(manners_.stall_percent)) return current.read(!(stalled_ = true), now, out);
    if (falls_on(manners_.probe_percent))
      return current.probe(manners_.garbage_probes && choices_.chance(50), now, out);
    if (falls_on(60)) current.write(choices_.between(1, manners_.write_size), now, out);
  }

  Side side_;
  Habits habits_;
  Manners manners_;
  Choices& choices_;
  std::deque<Endpoint> endpoints_;
  Sequence iss_;
  int actions_ = 0;
  bool stalled_ = false;
  Microseconds acts_at_ = never;
};

}  // namespace restitch::forgery
