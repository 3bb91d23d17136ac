// Conversation: what two hosts said to each other over a path, as it was captured, and what each of them took
// in. Made from choices; the same ones make the same conversation. Owns everything.
#pragma once

#include <algorithm>
#include <queue>
#include <string>
#include <vector>

#include "support/forgery/attacker.h"
#include "support/forgery/host.h"
#include "support/forgery/network_path.h"

namespace restitch::forgery {

struct CapturedPacket {
  Microseconds time = 0;  // by the clock of its tap
  WireSegment segment;
  testing::Frame frame;  // a raw IP datagram
};

// What one host took in of the other's stream on one connection.
struct Reception {
  std::uint32_t connection = 0;
  Side from = Side::a;
  Sequence start;
  std::vector<Run> runs;
  bool at_end = false;
};

struct Conversation {
  Endpoints endpoints;
  Weather weather;
  std::vector<Forgery> forgeries;
  std::vector<CapturedPacket> packets;  // in the order of the capture
  std::vector<Reception> receptions;

  [[nodiscard]] bool honest() const { return forgeries.empty(); }
};

// How a conversation is to be.
struct Plan {
  Endpoints endpoints;
  std::array<Habits, 2> habits;
  std::array<Manners, 2> manners;
  Weather weather;
  std::array<Sequence, 2> iss;
  int connections = 1;       // one behind the other on the same ports
  bool same_iss = false;     // each begins with the number of the first
  Position outage_size = 0;  // bytes that pass unseen, once
  Side outage_from = Side::b;
  std::vector<Forgery> forgeries;
};

// Lets the hosts of a plan talk.
class ConversationMaker {
 public:
  ConversationMaker(const Plan& plan, Choices& choices)
      : plan_(plan),
        choices_(choices),
        path_(plan.weather, choices),
        attacker_(plan.forgeries, choices),
        hosts_{Host(Side::a, plan.habits[0], plan.manners[0], choices),
               Host(Side::b, plan.habits[1], plan.manners[1], choices)} {}

  Conversation make() {
    hosts_[1].choose_iss(plan_.iss[1]);
    open();
    while (steps_ < steps_max && step()) ++steps_;
    return finish();
  }

 private:
  static constexpr int steps_max = 2000;
  static constexpr std::size_t segments_max = 600;

  struct Arrival {
    Microseconds time;
    std::uint64_t order;
    std::size_t segment;
    bool at_tap;  // else at the other host

    friend bool operator>(const Arrival& a, const Arrival& b) {
      return a.time != b.time ? a.time > b.time : a.order > b.order;
    }
  };

  // The next thing that happens. False: nothing does any more.
  bool step() {
    const Microseconds wakes = std::min(hosts_[0].wakes_at(), hosts_[1].wakes_at());
    const Microseconds arrives = arrivals_.empty() ? never : arrivals_.top().time;
    if (arrives == never && wakes == never) return go_on();
    if (arrives == never) pass_unseen();
    if (arrives <= wakes) {
      const Arrival arrival = arrivals_.top();
      arrivals_.pop();
      now_ = arrival.time;
      arrival.at_tap ? pass_tap(arrival.segment) : arrive(arrival.segment);
      return true;
    }
    now_ = std::max(now_, wakes);
    for (Host& host : hosts_) {
      if (host.wakes_at() > now_) continue;
      std::vector<WireSegment> out;
      host.wake(now_, out);
      send(std::move(out));
    }
    return true;
  }

  // Nothing is on its way, and nobody waits for anything.
  bool go_on() {
    now_ += 3'000 * millisecond;
    std::vector<WireSegment> injected = attacker_.see_silence();
    if (!injected.empty()) {
      for (WireSegment& segment : injected) inject(std::move(segment));
      return true;
    }
    if (opened_ >= plan_.connections || !hosts_[0].over()) return false;
    open();
    return true;
  }

  void open() {
    const auto number = static_cast<std::uint32_t>(++opened_);
    Sequence iss = plan_.iss[0];
    if (number > 1 && !plan_.same_iss) iss = iss.add(choices_.between(1, 1'000'000) * (number - 1));
    std::vector<WireSegment> out;
    hosts_[0].open(number, iss, now_, out);
    send(std::move(out));
  }

  void send(std::vector<WireSegment> segments) {
    for (WireSegment& segment : segments) {
      if (segments_.size() >= segments_max) return;
      segments_.push_back(std::move(segment));
      if (path_.loses_before()) continue;
      add(now_ + path_.delay(), segments_.size() - 1, true);
    }
  }
  void inject(WireSegment segment) {
    segments_.push_back(std::move(segment));
    capture(segments_.size() - 1);
    go_behind(segments_.size() - 1);
  }
  void add(Microseconds time, std::size_t segment, bool at_tap) {
    arrivals_.push({time, order_++, segment, at_tap});
  }

  void pass_tap(std::size_t number) {
    Attacker::Injected injected = attacker_.see(segments_[number]);
    for (WireSegment& segment : injected.ahead) inject(std::move(segment));
    for (int copies = path_.doubles() ? 2 : 1; copies > 0; --copies) {
      capture(number);
      if (!path_.loses_behind()) go_behind(number);
    }
    for (WireSegment& segment : injected.behind) inject(std::move(segment));
  }
  void go_behind(std::size_t number) {
    const WireSegment& segment = segments_[number];
    if (segment.short_lived || segment.tunnelled) return;
    add(now_ + path_.delay(), number, false);
  }
  void capture(std::size_t number) {
    const WireSegment& segment = segments_[number];
    if (!path_.captures(segment.from, now_)) return;
    captured_.push_back({path_.capture_time(segment.from, now_), segment, {}});
  }
  void arrive(std::size_t number) {
    std::vector<WireSegment> out;
    const WireSegment segment = segments_[number];
    hosts_[index(other(segment.from))].receive(segment, now_, out);
    send(std::move(out));
  }

  void pass_unseen() {
    if (plan_.outage_size == 0) return;
    Endpoint* const from = hosts_[index(plan_.outage_from)].endpoint();
    Endpoint* const to = hosts_[index(other(plan_.outage_from))].endpoint();
    if (from == nullptr || to == nullptr || !from->quiet() || !to->quiet()) return;
    if (from->sent_end() == 0 || choices_.chance(50)) return;
    Endpoint::pass_unseen(*from, *to, std::exchange(plan_.outage_size, 0));
  }

  Conversation finish() {
    Conversation made;
    made.endpoints = plan_.endpoints;
    made.weather = plan_.weather;
    made.forgeries = plan_.forgeries;
    std::stable_sort(captured_.begin(), captured_.end(),
                     [](const CapturedPacket& a, const CapturedPacket& b) { return a.time < b.time; });
    made.packets = std::move(captured_);
    for (CapturedPacket& packet : made.packets) packet.frame = datagram_of(packet.segment, made.endpoints);
    for (const Host& host : hosts_) {
      for (const Endpoint& endpoint : host.endpoints()) {
        if (endpoint.peer_start()) add(made.receptions, endpoint);
      }
    }
    return made;
  }

  // A listener that gave up and was asked again took in what it took in at last.
  static void add(std::vector<Reception>& receptions, const Endpoint& endpoint) {
    const Reception reception{endpoint.connection(), other(endpoint.side()), *endpoint.peer_start(),
                              endpoint.received().taken(), endpoint.received().at_end()};
    for (Reception& earlier : receptions) {
      const bool same = earlier.connection == reception.connection && earlier.from == reception.from;
      if (same) return void(earlier = reception);
    }
    receptions.push_back(reception);
  }

  Plan plan_;
  Choices& choices_;
  NetworkPath path_;
  Attacker attacker_;
  std::array<Host, 2> hosts_;
  std::vector<WireSegment> segments_;
  std::vector<CapturedPacket> captured_;
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> arrivals_;
  Microseconds now_ = 1'000'000;
  std::uint64_t order_ = 0;
  int opened_ = 0;
  int steps_ = 0;
};

}  // namespace restitch::forgery
