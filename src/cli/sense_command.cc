// `restitch sense`: sends the packets of files or interfaces to a cluster.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/privileges.h"
#include "cli/sending_thread.h"
#include "restitch/cluster/memory_queue.h"
#include "restitch/cluster/outbox.h"
#include "restitch/cluster/roster.h"
#include "restitch/cluster/sensor.h"
#include "restitch/cluster/spool.h"

namespace restitch::cli {
namespace {

using namespace cluster;

// What waits for the broker: of what is live in memory or on disk, of files nothing but what is at hand.
constexpr std::uint64_t memory_max = std::uint64_t{256} << 20;

Result<std::unique_ptr<BatchQueue>> open_queue(const ClusterSelection& selection,
                                               const SensorOptions& sensing) {
  if (selection.spool.empty()) return std::make_unique<MemoryQueue>(memory_max);
  auto spool = Spool::open(selection.spool, selection.spool_max);
  if (!spool) return tl::make_unexpected(spool.error());
  if (spool->damaged() != 0) {
    say(fmt::format("{}: {} bytes are no batches, and lost", selection.spool, spool->damaged()));
  }
  const auto& origin = spool->origin();
  if (origin && (origin->sensor != sensing.id || origin->partitions != sensing.partitions ||
                 origin->epoch >= sensing.epoch)) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("{}: it has batches of another sensor or another cluster (sensor {}, {} "
                               "partitions, epoch {})",
                               selection.spool, origin->sensor, origin->partitions, origin->epoch));
  }
  return std::make_unique<Spool>(std::move(*spool));
}

// A file waits where it is.
void send_all(Outbox& outbox) {
  constexpr std::chrono::milliseconds pause{200};
  for (bool told = false;;) {
    const Outbox::Sent sent = outbox.send_one();
    if (sent == Outbox::Sent::nothing) return;
    if (sent == Outbox::Sent::one) continue;
    if (!std::exchange(told, true)) say(outbox.trouble() + ": it is tried again");
    if (interrupted()) return;
    std::this_thread::sleep_for(pause);
  }
}

using Clock = std::chrono::steady_clock;

// Takes a batch of what is live. That there is no room is said now and then.
void keep(Outbox& outbox, SentBatch&& batch, Clock::time_point& told) {
  constexpr std::chrono::seconds pause{10};
  if (outbox.add(std::move(batch)) || Clock::now() - told < pause) return;
  told = Clock::now();
  const OutboxCounts counts = outbox.counts();
  say(fmt::format("{}: what comes now is lost, {} batches so far", counts.why, counts.lost));
}

// A packet of an interface may come so much later than its time says.
constexpr std::int64_t late_ns = 1'000'000'000;

void read_all(Input& input, Sensor& sensor, bool live) {
  auto told = Clock::now();
  while (!input.reader().finished() && !(interrupted() && !live)) {
    for (const Record& record : input.reader().next_batch()) sensor.take(record);
    const auto now = Clock::now();
    if (!live || now - told < std::chrono::seconds(1)) continue;
    told = now;
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    sensor.heartbeat({std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count() - late_ns});
  }
}

// True: all was read that is there.
bool note_ends(const Input& input) {
  bool whole = true;
  for (const InputEnd& end : input.ends()) {
    if (!end.end.message.empty()) say(end.end.message);
    if (end.end.damaged) whole = false;
  }
  return whole;
}

void show_summary(const SensorCounts& sensed, const OutboxCounts& sending,
                  const ClusterSelection& selection) {
  say(fmt::format("{} packets, {} segments in {} batches of {} bytes; {} calls failed, {} batches were lost",
                  sensed.packets, sensed.segments, sensed.batches, sensed.bytes, sending.failures,
                  sending.lost));
  if (sending.repeated != 0) {
    say(fmt::format("the broker lost what it had acknowledged, {} times: it was sent again",
                    sending.repeated));
  }
  if (!selection.spool.empty() && sending.waiting_size != 0) {
    say(fmt::format("{}: {} bytes are not known to be a worker's yet: they go with the next start",
                    selection.spool, sending.waiting_size));
  }
}

int sense_live(Input& input, const SensorOptions& sensing, Outbox& outbox, SensorCounts& counts) {
  Clock::time_point told{};
  Sensor sensor(sensing, [&](SentBatch&& batch) { keep(outbox, std::move(batch), told); });
  SendingThread sending(outbox);
  read_all(input, sensor, true);
  const bool whole = note_ends(input);
  sensor.finish();
  sending.finish();
  counts = sensor.counts();
  return whole && outbox.empty() && outbox.counts().lost == 0 ? exit_ok : exit_input;
}

// Who is asked to stop reading a file comes back for the rest.
int sense_files(Input& input, const SensorOptions& sensing, Outbox& outbox, SensorCounts& counts) {
  Sensor sensor(sensing, [&](SentBatch&& batch) {
    (void)outbox.add(std::move(batch));
    send_all(outbox);
  });
  read_all(input, sensor, false);
  const bool whole = note_ends(input);
  if (!interrupted()) sensor.finish();
  if (interrupted()) say("interrupted: start it again for the rest");
  counts = sensor.counts();
  return whole && outbox.empty() ? exit_ok : exit_input;
}

}  // namespace

int run_sense(const Options& options) {
  const ClusterSelection& selection = options.cluster;
  const auto fail = [](const Error& error) { return say(error.message), exit_input; };
  const auto open = open_nats(selection.nats);
  if (!open) return fail(open.error());
  Roster roster((*open)->log(), (*open)->ledger());
  const auto partitions = roster.partitions();
  if (!partitions) return fail(partitions.error());
  const bool live = options.input.endless();
  const auto registered = roster.sensor(selection.sensors.front(), live || selection.anew);
  if (!registered) return fail(registered.error());
  SensorOptions sensing;
  sensing.id = registered->id;
  sensing.epoch = registered->epoch;
  sensing.partitions = static_cast<std::uint16_t>(*partitions);
  sensing.compress = selection.compress;
  sensing.decoder = options.input.decoder;
  sensing.decoder.copies_window_ns = 0;  // workers look for copies, which several sensors may hold
  const auto queue = open_queue(selection, sensing);
  if (!queue) return fail(queue.error());
  const auto input = Input::open(options.input, options.memory, interrupted());
  if (!input) return fail(input.error());
  for (const std::string& trouble : (*input)->troubles()) say(trouble);
  if (!(*input)->troubles().empty()) return exit_input;
  if (options.input.live()) {
    const auto done = relinquish_privileges(options.input.user, (*queue)->folder());
    if (!done) return fail(done.error());
  }
  Outbox outbox((*open)->log(), (*open)->ledger(), **queue, sensing.id, *partitions);
  SensorCounts counts;
  const int status = (live ? sense_live : sense_files)(**input, sensing, outbox, counts);
  if (!options.quiet || outbox.counts().lost != 0) show_summary(counts, outbox.counts(), selection);
  return status;
}

}  // namespace restitch::cli
