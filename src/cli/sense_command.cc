// `restitch sense`: sends the packets of files or interfaces to a cluster.
#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "cli/cluster_arguments.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/standard_output.h"
#include "restitch/cluster/roster.h"
#include "restitch/cluster/sensor.h"

namespace restitch::cli {
namespace {

using namespace cluster;

constexpr std::string_view usage =
    "restitch sense --log nats://HOST:PORT --sensor NAME [--cluster NAME] FILE...|-i INTERFACE\n"
    "\n"
    "Inputs and filters are chosen as for `restitch streams`. Files are sent under the same numbers\n"
    "when they are sent again, so a sensor that was killed is just started again.\n"
    "\n"
    "  --anew        of files: not the same ones again\n"
    "  --compress    with zstd\n"
    "  --creds FILE, --tls-ca FILE, --tls-cert FILE, --tls-key FILE   who we are, for the broker\n";

// What waits for the broker. Of files reading stops meanwhile; of what is live, the youngest are lost when
// there is no more room.
class Outbox {
 public:
  Outbox(PacketLog& log, bool live) : log_(log), live_(live) {}

  void add(SentBatch&& batch) {
    if (live_ && size_ + batch.bytes.size() > size_max) {
      ++lost_;
      return;
    }
    size_ += batch.bytes.size();
    waiting_.push_back(std::move(batch));
    if (!live_) return send_all();
    (void)send_some();
  }

  // Until all is sent or somebody asks for an end.
  void send_all() {
    while (!waiting_.empty() && !send_some() && !interrupted()) std::this_thread::sleep_for(pause);
  }

  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

  // False: the broker does not answer.
  bool send_some() {
    for (; !waiting_.empty(); waiting_.pop_front()) {
      const SentBatch& first = waiting_.front();
      if (const auto sent = log_.publish(first.partition, first.id, first.bytes); !sent) {
        if (failures_++ == 0) say(sent.error().message + ": it is tried again");
        return false;
      }
      size_ -= first.bytes.size();
    }
    return true;
  }

 private:
  static constexpr std::size_t size_max = std::size_t{256} << 20;
  static constexpr std::chrono::milliseconds pause{200};

  PacketLog& log_;
  bool live_;
  std::deque<SentBatch> waiting_;
  std::size_t size_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t failures_ = 0;
};

// A packet of an interface may come so much later than its time says.
constexpr std::int64_t late_ns = 1'000'000'000;

void read_all(Input& input, Sensor& sensor, bool live) {
  auto told = std::chrono::steady_clock::now();
  while (!input.reader().finished() && !(interrupted() && !live)) {
    for (const Record& record : input.reader().next_batch()) sensor.take(record);
    const auto now = std::chrono::steady_clock::now();
    if (!live || now - told < std::chrono::seconds(1)) continue;
    told = now;
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    sensor.heartbeat({std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count() - late_ns});
  }
}

int sense(const ClusterArguments& arguments, const Options& options) {
  const auto open = open_nats(arguments.nats);
  if (!open) return say(open.error().message), exit_input;
  Roster roster((*open)->log(), (*open)->ledger());
  const auto partitions = roster.partitions();
  if (!partitions) return say(partitions.error().message), exit_input;
  const bool live = options.input.endless();
  const auto registered = roster.sensor(arguments.sensors.front(), live || arguments.anew);
  if (!registered) return say(registered.error().message), exit_input;
  const auto input = Input::open(options.input, options.memory, interrupted());
  if (!input) return say(input.error().message), exit_input;
  for (const std::string& trouble : (*input)->troubles()) say(trouble);
  if (!(*input)->troubles().empty()) return exit_input;

  Outbox outbox((*open)->log(), live);
  SensorOptions sensing;
  sensing.id = registered->id;
  sensing.epoch = registered->epoch;
  sensing.partitions = static_cast<std::uint16_t>(*partitions);
  sensing.compress = arguments.compress;
  sensing.decoder = options.input.decoder;
  sensing.decoder.copies_window_ns = 0;  // workers look for copies, which several sensors may hold
  Sensor sensor(sensing, [&](SentBatch&& batch) { outbox.add(std::move(batch)); });
  read_all(**input, sensor, live);
  int result = exit_ok;
  for (const InputEnd& end : (*input)->ends()) {
    if (!end.end.message.empty()) say(end.end.message);
    if (end.end.damaged) result = exit_input;
  }
  // Who is asked to stop reading a file comes back for the rest.
  if (live || !interrupted()) sensor.finish();
  outbox.send_all();
  if (interrupted() && !live) say("interrupted: start it again for the rest");
  if (!outbox.empty() || outbox.lost() != 0) result = exit_input;
  const SensorCounts& counts = sensor.counts();
  if (!options.quiet || outbox.lost() != 0) {
    say(fmt::format(
        "{} packets, {} segments in {} batches of {} bytes; {} calls failed, {} batches were lost",
        counts.packets, counts.segments, counts.batches, counts.bytes, outbox.failures(), outbox.lost()));
  }
  return result;
}

}  // namespace

int run_sense(const std::vector<std::string>& words) {
  const auto arguments = parse_cluster_arguments(words);
  if (!arguments) return say(arguments.error().message + " (try restitch sense --help)"), exit_usage;
  if (arguments->help) return print(std::string(usage));
  if (arguments->sensors.size() != 1) {
    return say("--sensor is missing: a name that only this one has (try restitch sense --help)"), exit_usage;
  }
  std::vector<const char*> forwarded{"restitch", "streams", "--json"};
  for (const std::string& word : arguments->rest) forwarded.push_back(word.c_str());
  const ParsedOptions parsed = parse_options(static_cast<int>(forwarded.size()), forwarded.data());
  return parsed.options ? sense(*arguments, *parsed.options) : parsed.status;
}

}  // namespace restitch::cli
