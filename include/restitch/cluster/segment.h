// Segments: the text that a worker writes of the connections that ended between two of its checkpoints, as
// JSON Lines: first what it is and which one came before it, then for each connection its lines
// (output_json.h), which begin with the place of its first packet instead of a number; one without payload
// has a line with nothing else.
//
//     {"segment":"p3-357-399-1f2e3d4c.jsonl","previous":"p3-301-356-5a6b7c8d.jsonl"}
//     {"order":[1700000000123456789,2,4711,0],"uid":"C…",…}
//
// Values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/cluster/batch.h"
#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {
namespace cluster {

// The lines of a connection.
struct SegmentEntry {
  PacketOrder order;
  std::string lines;

  static SegmentEntry of(const PacketOrder& order, const ConnectionSummary& summary);
};

struct Segment {
  std::string name;      // with a checksum of the text, so that nothing else has it
  std::string previous;  // empty: it is the first of its partition
  std::string text;
};

// Of the messages [first, next) of a partition. Sorts the entries: how they come in does not matter.
Segment make_segment(unsigned partition, std::uint64_t first, std::uint64_t next, std::string previous,
                     std::vector<SegmentEntry>& entries);

// The other way round; lines keep their form. Errors: damaged.
struct ReadSegment {
  std::string previous;
  std::vector<SegmentEntry> entries;
};
Result<ReadSegment> read_segment(std::string_view text);

// The lines as `streams --json` has them, of a connection with that number; empty without payload.
std::string numbered_lines(const SegmentEntry& entry, std::uint64_t number);

}  // namespace cluster
}  // namespace restitch
