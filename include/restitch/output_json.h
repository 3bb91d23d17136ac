// Connections as JSON Lines: one object for each direction. Pure functions; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {

// Appends an event: kind, offset, size, packet, time, and where it has them `rule` (of a refusal), `limit`,
// and `held` and `arrived`, the first bytes of both copies in hex.
void append_event_json(std::string& out, const EventNote& event);

// Appends the lines of both directions, the client's first; a direction without bytes only when asked. Each
// has these members:
//
//   connection  its number, from 0 in order of first packet
//   uid         its own name, the same whatever filter is used (output_ids.h)
//   community_id  the name that other tools have for it
//   src, dst    "192.0.2.1:80", "[2001:db8::1]:80"
//   client      the endpoint that opened the connection; null where no SYN was captured
//   bytes       delivered, gaps left out
//   sha256      of these bytes, if the stream made a digest
//   gaps        [[offset,size],…]; an offset counts earlier gaps too
//   gaps_unlisted  [count,bytes] of more gaps, for which there was no room; left out if none
//   first_seen, last_seen  of this direction, in seconds since 1970 with nine decimals; null: not known
//   packets     of this direction
//   copies      of those, that the capture holds a second time; left out if none
//   vlan        innermost VLAN id; left out if none
//   tunnel      {"kind":"vxlan","id":42}, the innermost one; left out if none
//   end         "fin", "rst", … of the connection
//   events      {"gap":2,…}: how often each kind occurred; those that did not are left out
//   event_list  the events themselves, if the log lists them, as append_event_json() writes them; left out if
//               there are none
//   events_unlisted  how many more, for which there was no room; left out if none
void append_connection_json(std::string& out, const ConnectionSummary& summary, bool with_empty = false,
                            std::uint16_t community_seed = 0);

// Appends the lines of those directions for which there is `more` (by TcpFlowDirection), with that as further
// members: text such as "file":"a".
void append_connection_json(std::string& out, const ConnectionSummary& summary,
                            const std::array<std::string, 2>& more, std::uint16_t community_seed = 0);

}  // namespace restitch
