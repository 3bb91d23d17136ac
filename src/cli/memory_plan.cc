#include "cli/memory_plan.h"

#include <algorithm>

#include "restitch/capture.h"

namespace restitch::cli {
namespace {

// A chunk of an engine: records and headers at their worst, beside its buffer.
constexpr std::size_t chunk_size = std::size_t{1600} << 10;
constexpr unsigned chunks_per_thread = 4;
// A record of the usual longest snap length, with what stands around it.
constexpr std::size_t buffer_min = std::size_t{288} << 10;

// A gap or an event on a list that grows by doubling, and its text, twice.
constexpr std::size_t gap_cost = 150;
constexpr std::size_t event_cost = 1300;
constexpr std::size_t summary_cost = 950;

void plan_reading(MemoryPlan& plan, std::size_t size) {
  plan.reading_max = size;
  plan.waiting_max = std::min(size / 4, MergeOptions().waiting_bytes_max);
  const std::size_t of_thread = chunks_per_thread * (chunk_size + buffer_min);
  plan.threads_max = static_cast<unsigned>(std::clamp<std::size_t>(size / 2 / of_thread, 1, 64));
  const std::size_t chunks = plan.threads_max == 1 ? 1 : plan.threads_max * chunks_per_thread;
  plan.buffer_max = std::clamp(size / 4 / (chunks + 1), buffer_min, record_size_max + 64);
}

void plan_output(MemoryPlan& plan, std::size_t size) {
  const LogLimits usual;
  plan.log.waiting_max = std::min(size / 4 / summary_cost, usual.waiting_max);
  // There may be as many of those that are open as of those that wait.
  plan.log.gaps_max = std::min(size / 8 / gap_cost, usual.gaps_max);
  plan.log.events_max = std::min(size / 8 / event_cost, usual.events_max);
  const FileLimits files;
  plan.files.buffered_max = std::min(size / 4, files.buffered_max);
  plan.files.listed_max = std::min(size / 8, files.listed_max);
  plan.files.names_max = std::min(size / 8, files.names_max);
  plan.follow_waiting_max = std::min(size / 4, FollowStream::usual_waiting_max);
  const DiffOptions diff;
  plan.undecided_max = std::min(size / 4, diff.undecided_total_max);
  plan.shown_max = std::min(size / 4, diff.shown_total_max);
}

}  // namespace

MemoryPlan plan_memory(std::size_t total, const CommandCost& cost) {
  total = std::max(total, std::size_t{16} << 20);
  MemoryPlan plan;
  plan_reading(plan, total / 16 * 3);
  plan_output(plan, total / 16 * 3);
  plan.pool = memory_budget(total / 8 * 5 / cost.pools, cost.connection / cost.pools);
  return plan;
}

}  // namespace restitch::cli
