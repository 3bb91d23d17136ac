// any_plan(): how the hosts, the path, the capture and the attacker of a conversation are, by choice, within
// a scope that says which kinds there may be.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "support/forgery/conversation.h"

namespace restitch::forgery {

// What a conversation may meet besides loss, reordering and repetition on the path.
enum class Trait : std::uint8_t {
  capture_loss,    // the capture misses packets
  midstream,       // the capture begins late
  one_direction,   // or sees one side only
  skewed_taps,     // or both, by clocks up to 900 ms apart
  port_reuse,      // several connections on the same ports
  same_iss,        // that begin with the same number
  garbage_probes,  // keep-alive probes with a byte of garbage
  outage,          // bytes pass unseen, up to 16 GiB
  count_,
};

constexpr std::size_t trait_count = static_cast<std::size_t>(Trait::count_);
constexpr std::array<std::string_view, trait_count> trait_names = {
    "capture_loss", "midstream", "one_direction",  "skewed_taps",
    "port_reuse",   "same_iss",  "garbage_probes", "outage"};

struct Scope {
  std::bitset<trait_count> traits;
  std::bitset<trick_count> tricks;
  std::bitset<disguise_count> disguises;

  [[nodiscard]] bool has(Trait trait) const { return traits[static_cast<std::size_t>(trait)]; }

  // Those that are named, with commas between; "all".
  static Scope of(std::string_view kinds) {
    Scope scope;
    const std::string list = fmt::format(",{},", kinds);
    const auto has = [&](std::string_view name) {
      return kinds == "all" || list.find(fmt::format(",{},", name)) != std::string::npos;
    };
    for (std::size_t i = 0; i < trait_count; ++i) scope.traits[i] = has(trait_names[i]);
    for (std::size_t i = 0; i < trick_count; ++i) scope.tricks[i] = has(trick_names[i]);
    for (std::size_t i = 0; i < disguise_count; ++i) scope.disguises[i] = has(disguise_names[i]);
    return scope;
  }
};

class PlanMaker {
 public:
  PlanMaker(const Scope& scope, Choices& choices) : scope_(scope), choices_(choices) {}

  Plan make() {
    Plan plan;
    plan.endpoints.ipv6 = choices_.chance(20);
    for (std::size_t i = 0; i < 2; ++i) {
      plan.habits[i] = habits();
      plan.manners[i] = manners(plan.habits[i].mss);
      plan.iss[i] = any_iss();
    }
    plan.weather = weather();
    watch(plan.weather);
    if (may(Trait::port_reuse, 15)) {
      plan.connections = static_cast<int>(choices_.between(2, 3));
      plan.same_iss = may(Trait::same_iss, 20);
    }
    if (may(Trait::outage, 8)) {
      plan.outage_size = outage();
      plan.outage_from = choices_.chance(50) ? Side::a : Side::b;
    }
    if (scope_.tricks.any() && choices_.chance(90)) attack(plan);
    return plan;
  }

 private:
  bool may(Trait trait, unsigned percent) { return scope_.has(trait) && choices_.chance(percent); }

  Habits habits() {
    constexpr std::array<std::uint16_t, 5> sizes = {60, 20, 7, 200, 1460};
    constexpr std::array<Position, 5> buffers = {65535, 3000, 400, 120, 1 << 20};
    Habits habits;
    habits.mss = choices_.pick(sizes);
    habits.timestamps = !choices_.chance(40);
    habits.sack = !choices_.chance(40);
    habits.window_scale.reset();
    if (!choices_.chance(30)) habits.window_scale = static_cast<std::uint8_t>(choices_.below(15));
    habits.buffer =
        std::min<Position>(choices_.pick(buffers), Position{65535} << habits.window_scale.value_or(0));
    if (habits.window_scale && habits.buffer >> *habits.window_scale == 0) habits.window_scale = 0;
    habits.first_counts = !choices_.chance(50);
    habits.delays_acks = choices_.chance(30);
    habits.repeat_size = choices_.chance(60) ? habits.mss : choices_.between(1, 2 * habits.mss);
    return habits;
  }

  Manners manners(std::uint16_t mss) {
    Manners manners;
    manners.actions = static_cast<int>(choices_.between(1, 6));
    manners.write_size = Position{mss} * (choices_.chance(70) ? 2 : 6);
    manners.pause = choices_.chance(70) ? 30 * millisecond : 800 * millisecond;
    manners.abort_percent = choices_.chance(10) ? 8 : 0;
    manners.stall_percent = choices_.chance(20) ? 20 : 0;
    manners.probe_percent = choices_.chance(20) ? 15 : 0;
    manners.garbage_probes = scope_.has(Trait::garbage_probes);
    manners.close_percent = choices_.chance(30) ? 15 : 0;
    manners.closes_at_last = !choices_.chance(20);
    return manners;
  }

  Weather weather() {
    constexpr std::array<Microseconds, 3> delays = {5 * millisecond, 500, 60 * millisecond};
    Weather weather;
    weather.delay = choices_.pick(delays);
    if (choices_.chance(50)) weather.jitter = choices_.between(1, 40 * millisecond);
    if (choices_.chance(40)) weather.lost_before_percent = static_cast<unsigned>(choices_.between(1, 15));
    if (choices_.chance(40)) weather.lost_behind_percent = static_cast<unsigned>(choices_.between(1, 15));
    if (choices_.chance(20)) weather.doubled_percent = static_cast<unsigned>(choices_.between(1, 20));
    return weather;
  }

  void watch(Weather& weather) {
    if (may(Trait::capture_loss, 30)) {
      weather.lost_capture_percent = static_cast<unsigned>(choices_.between(1, 25));
    }
    if (may(Trait::midstream, 15)) weather.begins = 1'000'000 + choices_.between(1, 600 * millisecond);
    if (may(Trait::one_direction, 8)) weather.captured[choices_.below(2)] = false;
    if (may(Trait::skewed_taps, 15)) {
      weather.skew[choices_.below(2)] = choices_.between(1, 900 * millisecond);
    }
  }

  // Near the wrap, near the change of sign, or anywhere.
  Sequence any_iss() {
    const auto near = static_cast<std::uint32_t>(choices_.below(1500));
    switch (choices_.below(4)) {
      case 0:
        return Sequence(1000);
      case 1:
        return Sequence(0U - near);
      case 2:
        return Sequence(0x80000000U - near);
      default:
        return Sequence(choices_.any32());
    }
  }

  Position outage() {
    const Position magnitude = Position{1} << choices_.between(10, 34);
    return magnitude + choices_.between(-magnitude / 3, magnitude / 3);
  }

  void attack(Plan& plan) {
    const std::int64_t count = choices_.chance(60) ? 1 : choices_.between(1, 4);
    for (std::int64_t i = 0; i < count; ++i) {
      Forgery forgery;
      forgery.trick = static_cast<Trick>(any_of(scope_.tricks));
      if (choices_.chance(60)) forgery.disguise = static_cast<Disguise>(any_of(scope_.disguises));
      forgery.at = static_cast<std::uint32_t>(forgery.trick == Trick::syn_early
                                                  ? choices_.below(4)
                                                  : choices_.below(choices_.chance(50) ? 12 : 60));
      forgery.late = forgery.trick != Trick::syn_early && choices_.chance(7);
      forgery.ahead = choices_.chance(50);
      plan.forgeries.push_back(forgery);
    }
  }

  template <std::size_t n>
  std::size_t any_of(const std::bitset<n>& set) {
    if (set.none()) return 0;
    std::size_t skip = choices_.below(set.count());
    for (std::size_t i = 0; i < n; ++i) {
      if (set[i] && skip-- == 0) return i;
    }
    return 0;
  }

  const Scope& scope_;
  Choices& choices_;
};

inline Conversation make_conversation(const Scope& scope, Choices& choices) {
  const Plan plan = PlanMaker(scope, choices).make();
  return ConversationMaker(plan, choices).make();
}

}  // namespace restitch::forgery
