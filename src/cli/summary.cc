#include "cli/summary.h"

#include <fmt/format.h>

#include <iterator>

namespace restitch::cli {
namespace {

// "  label: 3 a, 4 b" of those that are not zero; nothing if all are.
template <class Kind, class Counts>
void append_counts(std::string& out, std::string_view label, const Counts& counts) {
  const char* separator = "";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (*separator == '\0') fmt::format_to(std::back_inserter(out), "{}: ", label);
    fmt::format_to(std::back_inserter(out), "{}{} {}", separator, counts[i], to_string(static_cast<Kind>(i)));
    separator = ", ";
  }
  if (*separator != '\0') out += '\n';
}

}  // namespace

void ConnectionTotals::add(const ConnectionSummary& summary) {
  ++connections;
  for (const DirectionSummary& side : summary.directions) {
    gaps += side.gaps.size();
    gap_bytes += side.gap_bytes();
  }
}

std::string summary_text(const Session& session, const ConnectionTotals& totals) {
  const FeedCounts& fed = session.counts();
  const ByteCounts& bytes = session.pool_counts().bytes;
  auto not_tcp = fed.dropped;
  not_tcp[static_cast<std::size_t>(DropReason::none)] = 0;

  std::string out;
  append_counts<DropReason>(out, "packets without a segment", not_tcp);
  append_counts<EventKind>(out, "events", session.pool_counts().events);
  fmt::format_to(std::back_inserter(out),
                 "payload bytes: {} seen, {} delivered, {} duplicate, {} refused, {} dropped\n", bytes.seen,
                 bytes.delivered, bytes.duplicate, bytes.refused, bytes.dropped);
  if (totals.gaps != 0) {
    fmt::format_to(std::back_inserter(out), "gaps: {}, of {} bytes\n", totals.gaps, totals.gap_bytes);
  }
  if (fed.cut_segments != 0) {
    fmt::format_to(std::back_inserter(out), "segments cut by the snap length: {}\n", fed.cut_segments);
  }
  if (!session.damages().empty()) {
    fmt::format_to(std::back_inserter(out), "inputs not read to their end: {}\n", session.damages().size());
  }
  fmt::format_to(std::back_inserter(out), "{} packets, {} TCP segments, {} connections\n", fed.packets,
                 fed.segments, totals.connections);
  return out;
}

}  // namespace restitch::cli
