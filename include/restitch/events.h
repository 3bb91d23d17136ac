// Events: everything a segment can do wrong and a stream can suffer, in one vocabulary. Each is counted
// always and told to a stream that has an on_event(). Bytes in an Event are lent for the call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "restitch/capture_info.h"
#include "restitch/limits.h"
#include "restitch/packet.h"
#include "restitch/receiver.h"

namespace RESTITCH_API restitch {

enum class EventKind : std::uint8_t {
  conflict,           // two copies of the same bytes differ; both copies are in the event
  gap,                // bytes were skipped: never captured, or not waited for any longer
  midstream_start,    // delivery began without the start of the stream (no SYN was captured)
  data_after_fin,     // bytes beyond the FIN (RFC 9293, 3.10.7.4: they are to be ignored)
  data_after_rst,     // bytes after a reset
  fin_moved,          // a second FIN at another position
  syn_in_connection,  // a SYN with another number inside a connection (RFC 5961, section 4)
  challenge_ack,  // the other side answers such a SYN with where the connection stands (RFC 5961, section 4)
  port_reuse,     // a new connection on the addresses and ports of an old one
  limit,          // a limit acted, the event has which: bytes were delivered early (size 0: a gap follows),
                  // kept bytes were dropped, or the connection is completed
  refused,        // the receiver lets the segment count for nothing; the event has the rule
  urgent,         // an urgent pointer names a byte (RFC 6093); `held` is that byte
  acked_unseen,   // the receiver acknowledged bytes that were never captured
  keep_alive,     // a probe one below the next number (RFC 9293, 3.8.4)
  zero_window_probe,  // one byte into a closed window (RFC 9293, 3.8.6.1)
  window_full,        // the segment fills the receiver's window to its edge
  roles_swapped,      // the handshake shows that client and server are the other way round: from now on
                      // client_to_server is what server_to_client was
  truncated,          // payload that the snap length cut off
  fragment_overlap,   // the segment came in IP fragments that overlapped (RFC 1858, RFC 5722)
  before_start,       // bytes that lie before the start of the stream, and came after it had begun
  wild_sequence,   // a segment that the receiver cannot have taken: farther from all it acknowledged than any
                   // window allows, and never acknowledged; it is not delivered
  resynchronized,  // the stream goes on far from where it was: its receiver acknowledged that, or several
                   // segments agree; the gap between has the event's size
  refusal_disproved,  // the receiver acknowledged bytes that it seemed to refuse: they are taken in now; the
                      // event has the packet that brought them
  reset_disproved,  // the receivers acknowledge what was sent after a reset that they seemed to believe: the
                    // connection goes on
  networks_merged,  // packets on several VLANs or in several tunnels were taken for one connection, and told
                    // once (NetFlow::network_tag)
  other_copy,       // the packet brought bytes of which another copy is delivered (PoolOptions::tell_copies)
  uncompared,       // copies of bytes that were delivered too long ago to be compared with them
                    // (PoolOptions::history_bytes_max)
  late_data,        // bytes of a gap that was given up: they came all the same, and are not delivered
  packets_lost,  // packets were captured and then lost, of this connection or of others; the event's size is
                 // how many batches of them (cluster/)
  count_,
};

constexpr std::size_t event_kind_count = static_cast<std::size_t>(EventKind::count_);

// "conflict", "gap", …
std::string_view to_string(EventKind kind);

// How often each kind occurred.
using EventCounts = std::array<std::uint64_t, event_kind_count>;

struct Event {
  EventKind kind = EventKind::conflict;
  TcpFlowDirection direction = TcpFlowDirection::client_to_server;  // the stream it is about
  std::uint64_t offset = 0;                                         // stream offset it is about
  std::uint64_t size = 0;             // bytes it is about, 0 where that has no meaning
  CaptureInfo info{};                 // the packet that showed it
  Refusal refusal = Refusal::count_;  // refused: by which rule
  Limit limit = Limit::count_;        // limit: which one
  Bytes held{};                       // conflict: the copy that was there first
  Bytes arrived{};                    // conflict: the copy that came now, with the packet of `info`
  CaptureInfo held_info{};            // conflict: the packet that brought the copy that was there
  Winner delivered = Winner::held;    // conflict: the copy that the stream has, or gets as things stand
};

}  // namespace restitch
