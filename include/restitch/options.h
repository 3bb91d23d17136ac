// Settings of pools and assemblers. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "restitch/limits.h"
#include "restitch/packet.h"
#include "restitch/receiver.h"

namespace RESTITCH_API restitch {

// How long an assembler lets bytes wait. A page is a unit of account taken over from gopacket: each held
// or kept segment counts its size over 1,900, rounded up, at least one.
class AssemblerOptions {
 public:
  // Once one half-connection has `pages` pages or more after a packet was put in, one contiguous run is
  // delivered, starting at the lowest number that waits; so at most pages - 1 stay, and 1 never waits.
  // Bytes kept by the stream count too. Zero or less is ignored: no limit.
  AssemblerOptions& max_buffered_pages_per_connection(int pages) {
    if (pages > 0) per_connection_ = static_cast<std::uint32_t>(pages);
    return *this;
  }

  // The same for all connections of the pool together: once reached, the half-connection at hand is
  // flushed. Zero or less is ignored: no limit.
  AssemblerOptions& max_buffered_pages_total(int pages) {
    if (pages > 0) total_ = static_cast<std::uint32_t>(pages);
    return *this;
  }

  [[nodiscard]] std::optional<std::uint32_t> max_buffered_pages_per_connection() const {
    return per_connection_;
  }
  [[nodiscard]] std::optional<std::uint32_t> max_buffered_pages_total() const { return total_; }

  [[nodiscard]] bool limited() const { return per_connection_ || total_; }

 private:
  std::optional<std::uint32_t> per_connection_;
  std::optional<std::uint32_t> total_;
};

// What a wrong checksum means. It is looked at where it can matter: in a SYN, a FIN or a RST, and in what is
// out of order or comes again. Such a segment begins and ends nothing, and where copies wait, a right one
// wins.
enum class Checksums : std::uint8_t {
  by_direction,  // that; but nothing in a direction that was captured before its host's card filled them in
  verify,        // that, always
  ignore,        // nothing
};

struct PoolOptions {
  // What the watched hosts do. Borrowed: must outlive the pool, as those of receiver.h do.
  const ReceiverPolicy* receiver = &default_receiver_policy();

  // Chooses for a single host: asked once for each direction of a new connection, with the flow in that
  // direction, so that the receiver is `net.destination`. Null: `receiver`. What it answers is borrowed like
  // `receiver`, and known to the pool for as long as a connection has it: there may be one for each. It must
  // not enter the pool. A ReceiverTable (receiver_table.h) chooses by address.
  std::function<const ReceiverPolicy*(const NetFlow& net, TransportFlow transport)> choose_receiver{};

  // A connection that was joined in the middle begins with the lowest byte once this many pages of one
  // direction wait for an earlier one. 0: it waits for a limit or a flush, as gopacket does.
  std::uint32_t midstream_pages_max = 0;

  // The same sooner: once the receiver acknowledged one of the bytes that wait, and at the latest when so
  // many segments wait, or for so long in capture time (0: no such time). 0 segments: off.
  std::uint32_t midstream_packets_max = 0;
  std::int64_t midstream_wait_ns = 0;

  // When a hole fills that many held segments waited behind, one delivery brings at most this many of them,
  // or twice as many as the stream keeps, and others follow: what is delivered is still in the cache when the
  // stream looks at it, and keeping all costs no more than looking at each byte a few times.
  std::uint32_t delivery_segments_max = 256;

  // So many of the bytes that each direction was given last are remembered, with the packets that brought
  // them (which count too), and compared with copies that come later: one that differs is a conflict, one of
  // bytes before them is uncompared. Rounded down to 4 KiB, but not to 0, which is: copies are compared only
  // while they wait. Costs about one memcpy() of the payload.
  std::size_t history_bytes_max = 0;

  // What it may hold, and how long things may wait.
  PoolLimits limits{};
  Ageing ageing{};

  // Connections that were ended (FIN, RST) or ignored stay as tombstones of 80 bytes, so that what they
  // repeat makes no new stream: at most this many, the oldest go first, and each for no longer than this
  // after its end, or after the last packet of one that is ignored. One that a limit or its age ended leaves
  // none: what comes then begins anew. A SYN inside a connection waits for its answer as long.
  std::size_t tombstones_max = 65536;
  std::int64_t tombstone_timeout_ns = 120'000'000'000;

  // Payload that a receiver seems to refuse is kept for so long in capture time, or up to twice as long, and
  // so much of it for each direction: what its receiver acknowledges was not refused, and is taken in then
  // (EventKind::refusal_disproved). Its bytes count as refused until then, and its memory within half of
  // `limits.total_bytes_max`; at that limit it gives way first. 0: it is not kept.
  std::int64_t refused_ns = 30'000'000'000;
  std::size_t refused_bytes_max = std::size_t{4} << 20;

  // A reset that a receiver which refuses segments believes ends the connection so long after it, in capture
  // time, and not if what both sides acknowledge until then shows that it was not believed
  // (EventKind::reset_disproved). A SYN ends it at once. 0: it ends with the reset.
  std::int64_t reset_doubt_ns = 0;

  // Watch what both hosts reveal (windows, acknowledgements) also where the policy refuses nothing, for the
  // events that need it: acked_unseen, zero_window_probe, window_full. Costs some 10 ns a packet.
  bool observe = false;

  // Tell of each copy of bytes that is not the one delivered (EventKind::other_copy): one event for each
  // range that ByteCounts::duplicate counts.
  bool tell_copies = false;

  // What wrong checksums mean. (A policy with Refusal::checksum has its own rule besides.)
  Checksums checksums = Checksums::by_direction;

  // Deliver bytes only once the receiver acknowledged them, so that what was delivered is what was accepted.
  // Bytes that are acknowledged but were never captured become a gap after this long in capture time; 0: at
  // once. (With two taps an acknowledgement can overtake its data.) Needs both directions. None: off.
  std::optional<std::int64_t> acknowledged_tolerance_ns{};

  // Seed of the flow hash; none: a random one. Nothing that is delivered depends on it.
  std::optional<std::uint64_t> hash_seed{};
};

}  // namespace restitch
