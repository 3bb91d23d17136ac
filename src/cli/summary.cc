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

void append_count(std::string& out, std::string_view label, std::uint64_t count) {
  if (count != 0) fmt::format_to(std::back_inserter(out), "{}: {}\n", label, count);
}

// What the capturing system counted: lost packets explain gaps. Interfaces that lost none are told only of
// a live capture.
void append_interfaces(std::string& out, const std::vector<CaptureInterface>& interfaces, bool all) {
  for (const CaptureInterface& interface : interfaces) {
    const std::uint64_t lost = interface.dropped.value_or(0) + interface.os_dropped.value_or(0);
    if (lost == 0 && !all) continue;
    fmt::format_to(std::back_inserter(out), "interface {}: ", interface.name.empty() ? "?" : interface.name);
    if (interface.received) fmt::format_to(std::back_inserter(out), "{} received, ", *interface.received);
    fmt::format_to(std::back_inserter(out), "{} dropped by the system, {} by the interface\n",
                   interface.os_dropped.value_or(0), interface.dropped.value_or(0));
  }
}

void append_fragments(std::string& out, const FragmentCounts& counts) {
  if (counts.fragments == 0) return;
  fmt::format_to(std::back_inserter(out), "fragments: {} seen, {} datagrams put together", counts.fragments,
                 counts.datagrams);
  const auto append = [&](std::uint64_t count, std::string_view what) {
    if (count != 0) fmt::format_to(std::back_inserter(out), ", {} {}", count, what);
  };
  append(counts.duplicates, "duplicates");
  append(counts.overlaps, "overlaps");
  append(counts.conflicts, "conflicts");
  append(counts.malformed, "malformed");
  append(counts.cut, "cut by the snap length");
  append(counts.timed_out + counts.evicted, "datagrams given up incomplete");
  append(counts.discarded, "datagrams discarded for their overlaps");
  out += '\n';
}

// What makes the packets of the connections and the segments that were found add up.
void append_difference(std::string& out, std::uint64_t segments, const ConnectionTotals& totals) {
  const std::uint64_t told = totals.packets - totals.again;
  append_count(out, "TCP segments of no connection, or behind its end",
               segments > told ? segments - told : 0);
  append_count(out, "TCP segments that two connections count", totals.again);
}

void append_merged(std::string& out, std::uint64_t connections) {
  if (connections == 0) return;
  fmt::format_to(std::back_inserter(out),
                 "connections merged across VLANs or tunnels: {} (--key vlan,tunnel tells them apart)\n",
                 connections);
}

std::string all_counters(const Session& session) {
  const std::vector<Counter> counters = counters_of(session.counts());
  return session.statistics() == Statistics::json ? counters_json(counters) : counters_text(counters);
}

}  // namespace

void ConnectionTotals::add(const ConnectionSummary& summary) {
  ++connections;
  for (const DirectionSummary& side : summary.directions) {
    packets += side.packets;
    again += side.again;
    gaps += side.gaps.size() + side.gaps_unlisted;
    gap_bytes += side.gap_bytes();
  }
}

// A filter that matches nothing.
std::string advice_on_filter(const std::string& better) {
  if (!better.empty()) return fmt::format("the filter matches no packet; this one would: \"{}\"\n", better);
  return "the filter matches no packet; inside tunnels it does not look, as --where does\n";
}

std::string summary_text(const Session& session, const ConnectionTotals& totals) {
  const RunCounts& counts = session.counts();
  const FeedCounts& fed = counts.fed;
  const ByteCounts& bytes = counts.bytes;
  auto not_tcp = fed.dropped;
  not_tcp[static_cast<std::size_t>(DropReason::none)] = 0;

  std::string out;
  append_counts<DropReason>(out, "packets without a segment", not_tcp);
  append_count(out, "further frames in packets that hold several", fed.subframes);
  append_fragments(out, counts.fragments);
  append_count(out, "packets left out by the filter", counts.filtered_out);
  if (counts.filtered_out != 0 && fed.packets == 0) out += advice_on_filter(session.input().better_filter());
  append_count(out, "packets captured twice", fed.copies);
  append_interfaces(out, counts.interfaces, session.live());
  append_counts<EventKind>(out, "events", counts.events);
  append_merged(out, counts.events[static_cast<std::size_t>(EventKind::networks_merged)]);
  fmt::format_to(
      std::back_inserter(out),
      "payload bytes: {} seen, {} delivered, {} duplicate, {} before the start, {} refused, {} dropped\n",
      bytes.seen, bytes.delivered, bytes.duplicate, bytes.before_start, bytes.refused, bytes.dropped);
  if (totals.gaps != 0) {
    fmt::format_to(std::back_inserter(out), "gaps: {}, of {} bytes\n", totals.gaps, totals.gap_bytes);
  }
  append_difference(out, fed.segments, totals);
  append_count(out, "segments cut by the snap length", fed.cut_segments);
  append_count(out, "inputs not read to their end", session.damages().size());
  fmt::format_to(std::back_inserter(out), "{} packets, {} TCP segments, {} connections\n", fed.packets,
                 fed.segments, totals.connections);
  return out;
}

std::string closing_text(const Session& session, const ConnectionTotals& totals) {
  const bool all = session.statistics() != Statistics::summary;
  return all ? all_counters(session) : summary_text(session, totals);
}

std::string counts_text(const Session& session) {
  if (session.statistics() != Statistics::summary) return all_counters(session);
  const RunCounts& counts = session.counts();
  std::string out;
  append_interfaces(out, counts.interfaces, session.live());
  append_count(out, "packets left out by the filter", counts.filtered_out);
  fmt::format_to(std::back_inserter(out),
                 "{} packets, {} TCP segments, {} connections open, {} bytes delivered\n", counts.fed.packets,
                 counts.fed.segments, counts.pool.connections, counts.bytes.delivered);
  return out;
}

}  // namespace restitch::cli
