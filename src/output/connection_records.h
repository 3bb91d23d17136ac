// The tables of connections, one for each family of formats, and what stands in their rows. Pure functions.
#pragma once

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
  // Replaces what stands in the row. Requires: summary.trace.
  void (*fill)(LogRow& row, const ConnectionSummary& summary, const RecordOptions& options);
};

RecordKind zeek_connections();
RecordKind eve_flows();
RecordKind plain_connections();
// The one that a format has.
RecordKind connections_of(LogFormat format);

}  // namespace restitch
