#include "restitch/limits.h"

#include <algorithm>

#include "restitch/defragmenter.h"
#include "restitch/detail/connection.h"
#include "restitch/detail/tombstones.h"

namespace restitch {

std::string_view to_string(LimitPolicy policy) {
  switch (policy) {
    case LimitPolicy::skip_greediest:
      return "skip_greediest";
    case LimitPolicy::evict_idlest:
      return "evict_idlest";
    case LimitPolicy::ignore_new:
      return "ignore_new";
  }
  return "unknown";
}

std::string_view to_string(Limit limit) {
  static constexpr std::array<std::string_view, limit_count> names = {
      "connection_pages", "total_pages", "connection_bytes", "total_bytes", "connections",
      "hole_age",         "replay"};
  return limit < Limit::count_ ? names[static_cast<std::size_t>(limit)] : "unknown";
}

MemoryBudget memory_budget(std::size_t total, std::size_t stream_size) {
  total = std::max(total, std::size_t{2} << 20);
  // An entry of the table is 8 bytes, and between three eighths and three quarters of them are in use.
  constexpr std::size_t table_entry_size_max = 22;
  constexpr std::size_t connection_size = sizeof(detail::Connection) + table_entry_size_max;
  constexpr std::size_t domain_size = 224;  // a node of a map, and as many ids as layers
  constexpr std::size_t tombstone_size = sizeof(detail::Tombstone) + table_entry_size_max;
  MemoryBudget budget;
  budget.pool.total_bytes_max = total / 16 * 5;
  budget.pool.total_history_bytes_max = total / 16;
  budget.pool.connection_bytes_max = budget.pool.total_bytes_max / 4;
  budget.pool.connections_max = total / 8 * 3 / (connection_size + stream_size);
  budget.tombstones_max = total / 16 / tombstone_size;
  budget.defragmenter_bytes_max = total / 16;
  budget.domains_max = std::min(total / 32 / domain_size, DecoderOptions().domains_max);
  return budget;
}

}  // namespace restitch
