// Receiver policies for tests: those of the library, and one with a mixed overlap table.
#pragma once

#include "restitch/receiver.h"

namespace restitch::test {

// BSD's rule: the copy that starts first wins; of two with the same start, the held one.
inline constexpr OverlapTable bsd_table = [] {
  OverlapTable table{};
  table.fill(Winner::held);
  for (const Relation relation : {Relation::overlapped_by, Relation::during, Relation::finishes}) {
    table[static_cast<std::size_t>(relation)] = Winner::arrived;
  }
  return table;
}();
inline constexpr ReceiverPolicy bsd{
    .name = "bsd", .summary = "", .overlap = bsd_table, .after_rst = AfterEnd::deliver};

inline const ReceiverPolicy& gopacket = default_receiver_policy();
inline const ReceiverPolicy& capture = *find_receiver_policy("capture");

}  // namespace restitch::test
