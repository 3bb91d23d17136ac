#include "c/settings.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace restitch::c {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::uint64_t memory_usual = std::uint64_t{1} << 30;
constexpr std::uint64_t memory_min = std::uint64_t{16} << 20;
// A summary with its strings, and a stream.
constexpr std::size_t connection_size = 1800;

Result<void> add_receiver(ReceiverTable& table, std::string_view text) {
  const std::size_t equals = text.rfind('=');
  const std::string_view name = equals == std::string_view::npos ? text : text.substr(equals + 1);
  const ReceiverPolicy* const found = find_receiver_policy(name);
  if (found == nullptr) {
    return failure(ErrorCode::invalid_argument, "there is no receiver \"" + std::string(name) + "\"");
  }
  if (equals == std::string_view::npos) {
    table.set_rest(*found);
    return {};
  }
  const auto prefix = AddressPrefix::parse(text.substr(0, equals));
  if (!prefix) return tl::unexpected(prefix.error());
  table.add(*prefix, *found);
  return {};
}

}  // namespace

Result<ReceiverTable> parse_receivers(const char* text) {
  ReceiverTable table(*find_receiver_policy("capture"));
  std::string_view left = text == nullptr ? "" : text;
  while (!left.empty()) {
    const std::size_t comma = std::min(left.find(','), left.size());
    const Result<void> added = add_receiver(table, left.substr(0, comma));
    if (!added) return tl::unexpected(added.error());
    left.remove_prefix(std::min(comma + 1, left.size()));
  }
  return table;
}

Settings::Settings(std::uint64_t memory_max) {
  const auto memory =
      static_cast<std::size_t>(memory_max == 0 ? memory_usual : std::max(memory_max, memory_min));
  reading_max = memory / 16 * 3;
  const MemoryBudget budget = memory_budget(memory / 8 * 5, connection_size);
  decoder.copies_window_ns = second_ns / 50;
  decoder.defragmenter.bytes_max = budget.defragmenter_bytes_max;
  decoder.domains_max = budget.domains_max;
  pool.limits = budget.pool;
  pool.tombstones_max = budget.tombstones_max;
  pool.midstream_pages_max = 64;
  pool.midstream_packets_max = 8;
  pool.midstream_wait_ns = second_ns / 5;
  pool.reset_doubt_ns = 30 * second_ns;
  pool.history_bytes_max = std::size_t{64} << 10;
  pool.ageing = {.hole_acked_ns = second_ns,
                 .hole_lost_ns = second_ns / 20,
                 .hole_ns = 30 * second_ns,
                 .closing_ns = 120 * second_ns};
}

void use_receivers(PoolOptions& options, const ReceiverTable& table) {
  options.receiver = &table.rest();
  if (table.has_prefixes()) options.choose_receiver = table.chooser();
}

}  // namespace restitch::c
