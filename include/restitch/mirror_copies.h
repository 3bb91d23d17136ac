// MirrorCopies: recognises a packet that a capture holds twice. A mirror port that sees a packet go in and
// come out again, once with and once without its VLAN tag or tunnel, two taps on one path, a link that
// repeats frames: all of them bring the same IP packet again. That is no retransmission: its sender sent it
// once. A value that owns its table, of fixed size; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

class MirrorCopies {
 public:
  // Without an identification in its IP header (IPv6, or IPv4 with 0) a copy looks like a retransmission
  // that is sent at once: it counts only within this time.
  static constexpr std::int64_t unnumbered_window_ns = 1'000'000;

  explicit MirrorCopies(std::int64_t window_ns);

  // All that is remembered, as bytes that mean something to this library on this machine; and the same put
  // back into one of the same window. Requires: bytes of memory() of the same library.
  [[nodiscard]] std::span<const std::byte> memory() const { return std::as_bytes(std::span(sets_)); }
  void remember(std::span<const std::byte> memory);

  // True if the same packet came not longer than the window ago: same addresses, IP identification, TCP
  // header with its checksum and options, and size of the payload; VLANs, tunnels, time to live and domain
  // may differ. Only advice: of many packets a second some copies are missed, and who forges checksums can
  // make other packets look like copies.
  // Requires: packet.reason is none.
  bool seen_before(const DecodedPacket& packet, Timestamp time) { return seen_before(ask(packet, time)); }

  // The same for several: calls copied(i) for each of `count` packets that is a copy. packet_of(i) and
  // time_of(i) tell them, in the order of the capture. Asked one by one, each would wait for memory.
  template <class PacketOf, class TimeOf, class Copied>
  void find(std::size_t count, PacketOf&& packet_of, TimeOf&& time_of, Copied&& copied) {
    if (questions_.size() < count) questions_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      // Made where it stays, instead of copied there.
      ::new (&questions_[i]) Question(ask(packet_of(i), time_of(i)));
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (seen_before(questions_[i])) copied(i);
    }
  }

 private:
  // What is asked of one packet; to make it starts loading what answers it.
  struct Question {
    std::uint64_t digest = 0;
    Timestamp time;
    bool numbered = false;
  };
  struct Entry {
    std::uint64_t digest = 0;
    Timestamp time;
  };
  // The last packets whose digests fall here, the latest first: a cache line.
  struct alignas(64) Set {
    std::array<Entry, 4> entries;
  };

  [[nodiscard]] Question ask(const DecodedPacket& packet, Timestamp time) const;
  bool seen_before(const Question& question);

  std::int64_t window_ns_;
  std::vector<Set> sets_;            // by digest
  std::vector<Question> questions_;  // scratch
};

}  // namespace restitch
