// The summary that closes a run, or tells how it goes: what was in the packets and what became of their
// bytes. Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "cli/session.h"
#include "restitch/output.h"

namespace restitch::cli {

// What was seen of connections, added up.
struct ConnectionTotals {
  std::uint64_t connections = 0;
  std::uint64_t packets = 0;  // each in each connection that counts it …
  std::uint64_t again = 0;    // … and those of them that one counted before
  std::uint64_t gaps = 0;
  std::uint64_t gap_bytes = 0;

  void add(const ConnectionSummary& summary);
};

// Several lines; the last one begins with the number of packets.
std::string summary_text(const Session& session, const ConnectionTotals& totals);

// What the user asked to be told in the end: that, or all counters.
std::string closing_text(const Session& session, const ConnectionTotals& totals);

// What there is to tell while a run goes on: a few lines, or all counters, if the user asked for them.
std::string counts_text(const Session& session);

}  // namespace restitch::cli
