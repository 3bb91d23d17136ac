// The tables of connections, one for each family of formats, and what stands in their rows. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "output/log_row.h"
#include "restitch/output_connections.h"
#include "restitch/output_log.h"

namespace RESTITCH_API restitch {

// What a row is made from besides the summary.
struct RecordOptions {
  std::uint16_t community_seed = 0;
};

struct RecordKind {
  const LogTable& table;
  // How many rows a connection has. Requires: summary.trace.
  std::size_t (*rows)(const ConnectionSummary& summary);
  // Replaces what stands in the row by the one with that number. Requires: which < rows(summary).
  void (*fill)(LogRow& row, const ConnectionSummary& summary, std::size_t which,
               const RecordOptions& options);
};

RecordKind zeek_connections();
RecordKind eve_flows();
RecordKind plain_connections();
// The one that a format has.
RecordKind connections_of(LogFormat format);

}  // namespace restitch
