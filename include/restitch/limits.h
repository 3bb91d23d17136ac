// Limits of a pool: how much it may hold, what it does when it would need more, and how long things may wait.
// Values. memory_budget() divides one total over all of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

// What gives way at a limit.
enum class LimitPolicy : std::uint8_t {
  skip_greediest,  // the direction that holds most loses: its oldest hole is skipped, then what its stream
                   // keeps
  evict_idlest,    // the connection that was silent longest is completed (EndReason::evicted) and forgotten
  ignore_new,      // nothing that is there: packets of connections that are not known count for nothing
};

// "skip_greediest", …
std::string_view to_string(LimitPolicy policy);

// The limits that can act, as told in Event::limit and counted in LimitCounts.
enum class Limit : std::uint8_t {
  connection_pages,  // AssemblerOptions::max_buffered_pages_per_connection
  total_pages,       // AssemblerOptions::max_buffered_pages_total
  connection_bytes,  // PoolLimits, from here on
  total_bytes,
  connections,
  hole_age,  // Ageing::hole_ns: not waited for any longer
  replay,    // WorkerOptions::replay_max: whoever takes over would have to read too much (cluster/)
  count_,
};

constexpr std::size_t limit_count = static_cast<std::size_t>(Limit::count_);

// "connection_pages", …
std::string_view to_string(Limit limit);

// How often each limit acted; for `connections` under ignore_new, how many packets it ignored.
using LimitCounts = std::array<std::uint64_t, limit_count>;

// What a pool may hold. Bytes are those of memory, not of payload: a held or kept segment of n bytes counts
// 80 + 1.25 n, which is the most that its record and its bytes take.
struct PoolLimits {
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  // Held and kept data of one connection, both directions. At the limit it is that connection that gives way,
  // as under skip_greediest; other connections feel nothing.
  std::size_t connection_bytes_max = std::size_t{32} << 20;

  // The same of all connections together, with what a direction needs while it holds anything.
  std::size_t total_bytes_max = std::size_t{256} << 20;
  LimitPolicy at_total_bytes = LimitPolicy::skip_greediest;  // ignore_new: and who needs more loses it itself

  // What is remembered of delivered bytes, of all connections (PoolOptions::history_bytes_max), and beside it
  // 8 bytes for each direction. At the limit whoever needs more takes it from one that has much: nothing else
  // gives way, and copies of what was taken are told as uncompared.
  std::size_t total_history_bytes_max = std::size_t{8} << 20;

  // Connections with a stream. One takes 128 bytes, 8 to 22 in the table, and its stream.
  std::size_t connections_max = 1'000'000;
  LimitPolicy at_connections = LimitPolicy::evict_idlest;  // skip_greediest makes no room: as evict_idlest
};

// How long things may wait, in capture time; 0: for ever. What has reached its age ends before the next
// packet of its connection is taken in. When none comes, a clock hand that goes round finds it: each is told
// between its time and a quarter of the shortest of them later.
//
// Time is what passes from packet to packet, as a CaptureClock (capture_clock.h) has it. A step of more than
// half a minute between two packets of the capture is not taken for time that passed, nor is one back; the
// clock only goes there when eight packets in a row do. So a packet with an absurd time changes nothing, a
// clock that was set makes nobody look idle, and in a capture with less than two packets a minute little
// ages: there the limits bound what is held.
struct Ageing {
  // A hole is skipped so long after its receiver acknowledged the bytes in it, or up to twice as long; found
  // out when the next packet of its connection comes.
  std::int64_t hole_acked_ns = 0;
  // The same, if that is shorter, where the capture has each direction before its acknowledgements, as one
  // tap or two with the same time see them: the SYN was captured before it was acknowledged, and so was every
  // byte since. Then what is acknowledged and missing is lost. 0: as hole_acked_ns.
  std::int64_t hole_lost_ns = 0;
  std::int64_t hole_ns = 0;       // a hole is skipped when bytes waited behind it for so long
  std::int64_t idle_ns = 0;       // a silent connection ends (EndReason::timeout)
  std::int64_t half_open_ns = 0;  // the same while it has neither payload nor both ends' SYN; 0: as idle_ns
  // The same once one side sent FIN: the other one may go on for as long as it likes; 0: as idle_ns.
  std::int64_t half_closed_ns = 0;
  std::int64_t closing_ns = 0;  // the same once both sides ended (by FIN, or by a RST), or the only one
                                // that is captured; 0: as idle_ns

  [[nodiscard]] constexpr bool any() const {
    return hole_acked_ns != 0 || hole_ns != 0 || idle_ns != 0 || half_open_ns != 0 || half_closed_ns != 0 ||
           closing_ns != 0;
  }

  // For a capture that goes on for ever.
  static constexpr Ageing usual() {
    return {.hole_acked_ns = 1'000'000'000,
            .hole_lost_ns = 50'000'000,
            .hole_ns = 30'000'000'000,
            .idle_ns = 3'600'000'000'000,
            .half_open_ns = 60'000'000'000,
            .closing_ns = 120'000'000'000};
  }
};

// One total, divided.
struct MemoryBudget {
  PoolLimits pool;
  std::size_t tombstones_max = 0;          // for PoolOptions
  std::size_t defragmenter_bytes_max = 0;  // for DefragmenterOptions
  std::size_t domains_max = 0;             // for DecoderOptions
};

// Divides `total` bytes, so that a process with one pool stays inside: 5/16 for held and kept data (of that a
// quarter for one connection), 1/16 for the history of delivered bytes, 3/8 for connections with streams of
// `stream_size` bytes each, 1/16 for tombstones, 1/16 for fragments, 1/32 for the ids of tunnels and VLANs
// (at most 65,536 sets), and 3/32 for what cannot be foreseen: buffers, the program itself, memory that was
// freed but not given back yet. Less than 2 MiB is taken for 2 MiB.
MemoryBudget memory_budget(std::size_t total, std::size_t stream_size = 64);

}  // namespace restitch
