// MirrorCopies: recognises a packet that a capture holds twice. A mirror port that sees a packet go in and
// come out again, once with and once without its VLAN tag or tunnel, two taps on one path, a link that
// repeats frames: all of them bring the same IP packet again. That is no retransmission: its sender sent it
// once. A value that owns its table, of fixed size; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/packet.h"

namespace restitch {

class MirrorCopies {
 public:
  // Without an identification in its IP header (IPv6, or IPv4 with 0) a copy looks like a retransmission
  // that is sent at once: it counts only within this time.
  static constexpr std::int64_t unnumbered_window_ns = 1'000'000;

  explicit MirrorCopies(std::int64_t window_ns);

  // True if the same packet came not longer than the window ago: same addresses, IP identification, TCP
  // header with its checksum and options, and size of the payload; VLANs, tunnels, time to live and domain
  // may differ. Only advice: of many packets a second some copies are missed, and who forges checksums can
  // make other packets look like copies.
  // Requires: packet.reason is none.
  bool seen_before(const DecodedPacket& packet, Timestamp time) { return seen_before(ask(packet, time)); }

  // The same in two steps, for who has many packets: the first starts loading what the second reads.
  class Question {
   private:
    friend class MirrorCopies;
    std::uint64_t digest = 0;
    Timestamp time;
    bool numbered = false;
  };
  [[nodiscard]] Question ask(const DecodedPacket& packet, Timestamp time) const;
  bool seen_before(const Question& question);

 private:
  struct Entry {
    std::uint64_t digest = 0;
    Timestamp time;
  };
  // The last packets whose digests fall here, the latest first: a cache line.
  struct alignas(64) Set {
    std::array<Entry, 4> entries;
  };

  std::int64_t window_ns_;
  std::vector<Set> sets_;  // by digest
};

}  // namespace restitch
