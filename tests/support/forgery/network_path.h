// NetworkPath: what lies between the two hosts, with the place of capture in its middle: what it loses,
// doubles, delays and overtakes on either side of it, and what the capture misses. A value but for its
// choices.
#pragma once

#include <array>
#include <cstdint>

#include "support/forgery/choices.h"
#include "support/forgery/endpoint.h"

namespace restitch::forgery {

struct Weather {
  unsigned lost_before_percent = 0;    // on the way to the place of capture
  unsigned lost_behind_percent = 0;    // captured, never received
  unsigned lost_capture_percent = 0;   // received, not captured
  unsigned doubled_percent = 0;        // captured twice, received twice
  Microseconds delay = 5'000;          // to the place of capture, and from there
  Microseconds jitter = 0;             // at most as much more
  std::array<Microseconds, 2> skew{};  // of the clock by which the segments of each side are captured
  std::array<bool, 2> captured = {true, true};  // by side that sends
  Microseconds begins = 0;                      // the capture
  Microseconds ends = never;
};

class NetworkPath {
 public:
  NetworkPath(const Weather& weather, Choices& choices) : weather_(weather), choices_(choices) {}

  [[nodiscard]] bool loses_before() {
    return weather_.lost_before_percent != 0 && falls(weather_.lost_before_percent);
  }
  [[nodiscard]] bool loses_behind() {
    return weather_.lost_behind_percent != 0 && falls(weather_.lost_behind_percent);
  }
  [[nodiscard]] bool doubles() { return weather_.doubled_percent != 0 && falls(weather_.doubled_percent); }
  [[nodiscard]] bool captures(Side from, Microseconds now) {
    if (!weather_.captured[index(from)] || now < weather_.begins || now >= weather_.ends) return false;
    return weather_.lost_capture_percent == 0 || !falls(weather_.lost_capture_percent);
  }
  // Of one of its halves.
  [[nodiscard]] Microseconds delay() {
    return weather_.delay + (weather_.jitter == 0 ? 0 : choices_.between(0, weather_.jitter));
  }
  [[nodiscard]] Microseconds capture_time(Side from, Microseconds now) const {
    return now + weather_.skew[index(from)];
  }

 private:
  bool falls(unsigned percent) { return choices_.chance(percent); }

  Weather weather_;
  Choices& choices_;
};

}  // namespace restitch::forgery
