// What a cluster found, in the order and with the numbers that one process would give: write_results()
// follows each partition's segments from its checkpoint back to the first one. Any thread.
#pragma once

#include <functional>
#include <string_view>

#include "restitch/cluster/ledger.h"
#include "restitch/cluster/segment_store.h"

namespace RESTITCH_API restitch {
namespace cluster {

// Passes the lines on, a connection at a time, as `streams --json` prints them: in order of the first packet.
// Answers how many connections there are. Keeps all lines in memory. Errors: those of the back ends; damaged.
Result<std::uint64_t> write_results(unsigned partitions, Ledger& ledger, SegmentStore& store,
                                    const std::function<void(std::string_view)>& sink);

}  // namespace cluster
}  // namespace restitch
