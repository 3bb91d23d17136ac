// Traffic: the packets of an attack, or of clean traffic of the same sizes, one after the other without end.
// Values; a packet is a function of its number.
#pragma once

#include <memory>
#include <string>

#include "attacks/frames.h"

namespace restitch::bench {

// Hosts of the one and of the other kind.
constexpr std::uint32_t attacker_net = 0x0A000000;
constexpr std::uint32_t honest_net = 0x14000000;
constexpr std::uint32_t server_address = 0x1E000001;

class Traffic {
 public:
  virtual ~Traffic() = default;
  virtual void add(Frames& frames, std::uint64_t number) = 0;
};

// "reverse", "one-byte", … (attack_names); nullptr for another.
std::unique_ptr<Traffic> make_attack(const std::string& name);

// What it is compared with.
std::unique_ptr<Traffic> make_clean(const std::string& attack);

// Connections that end as they should, whatever happens around them: of four segments each, the second comes
// before the first, and the last brings the FIN of its side.
class HonestTraffic {
 public:
  static constexpr std::size_t segment_size = 100;
  static constexpr std::uint32_t packets_per_connection = 8;

  void add(Frames& frames);

  [[nodiscard]] std::uint64_t connections() const { return packets_ / packets_per_connection; }

 private:
  std::uint64_t packets_ = 0;
};

}  // namespace restitch::bench
