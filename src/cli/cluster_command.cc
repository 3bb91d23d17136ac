// `restitch cluster`: makes a cluster, looks at it, and ends its input.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clean_text.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/messages.h"
#include "cli/standard_output.h"
#include "output/text.h"
#include "restitch/cluster/checkpoint.h"
#include "restitch/cluster/result_lines.h"
#include "restitch/cluster/roster.h"

namespace restitch::cli {
namespace {

using namespace cluster;

int complain(const Error& error) {
  say(error.message);
  return exit_input;
}

int create(const ClusterSelection& selection) {
  constexpr unsigned usual_partitions = 8;
  const unsigned partitions = selection.partitions.value_or(usual_partitions);
  if (auto made = create_nats(selection.nats, partitions); !made) return complain(made.error());
  const auto open = open_nats(selection.nats);
  if (!open) return complain(open.error());
  Roster roster((*open)->log(), (*open)->ledger());
  if (auto made = roster.make(partitions); !made) return complain(made.error());
  for (const std::string& name : selection.sensors) {
    const auto sensor = roster.sensor(name, false);
    if (!sensor) return complain(sensor.error());
    const auto said = roster.say(Batch::Kind::announce, sensor->id, fmt::format("announce.{}", sensor->id));
    if (!said) return complain(said.error());
  }
  return exit_ok;
}

struct PartitionStatus {
  unsigned partition = 0;
  LogRange range;
  CheckpointHead head;
  std::string owner;

  [[nodiscard]] std::uint64_t lag() const { return range.next - std::min(head.cut, range.next); }
};

Result<std::vector<PartitionStatus>> look(NatsCluster& open, unsigned partitions) {
  std::vector<PartitionStatus> all;
  for (unsigned partition = 0; partition < partitions; ++partition) {
    PartitionStatus& status = all.emplace_back();
    status.partition = partition;
    const auto range = open.log().range(partition);
    if (!range) return tl::make_unexpected(range.error());
    status.range = *range;
    const auto value = open.ledger().get(head_key(partition));
    if (!value) return tl::make_unexpected(value.error());
    if (*value) {
      auto head = decode_head((*value)->bytes);
      if (!head) return tl::make_unexpected(head.error());
      status.head = std::move(*head);
    }
    const auto owner = open.ledger().owner(head_key(partition));
    if (!owner) return tl::make_unexpected(owner.error());
    status.owner = *owner;
  }
  return all;
}

void add_metrics(std::string& text, const std::vector<PartitionStatus>& all) {
  const auto add = [&](std::string_view name, std::string_view type, auto&& value_of) {
    text += fmt::format("# TYPE restitch_cluster_{} {}\n", name, type);
    for (const PartitionStatus& one : all) {
      text += fmt::format("restitch_cluster_{}{{partition=\"{}\"}} {}\n", name, one.partition, value_of(one));
    }
  };
  add("lag_messages", "gauge", [](const PartitionStatus& one) { return one.lag(); });
  add("log_messages", "gauge", [](const PartitionStatus& one) { return one.range.next - one.range.first; });
  add("replay_messages", "gauge", [](const PartitionStatus& one) { return one.head.cut - one.head.mark; });
  add("leased", "gauge", [](const PartitionStatus& one) { return one.owner.empty() ? 0 : 1; });
  add("open_connections", "gauge", [](const PartitionStatus& one) { return one.head.open; });
  add("tombstones", "gauge", [](const PartitionStatus& one) { return one.head.tombstones; });
  add("connections_total", "counter", [](const PartitionStatus& one) { return one.head.counts.connections; });
  add("packets_total", "counter", [](const PartitionStatus& one) { return one.head.counts.packets; });
  add("duplicate_batches_total", "counter",
      [](const PartitionStatus& one) { return one.head.counts.duplicates; });
  add("missing_batches_total", "counter", [](const PartitionStatus& one) { return one.head.counts.missing; });
  add("set_aside_messages_total", "counter",
      [](const PartitionStatus& one) { return one.head.counts.set_aside; });
}

// Names of sensors are what somebody wrote into the ledger.
std::string name_of(SensorId id, const std::map<SensorId, std::string>& sensors) {
  const auto name = sensors.find(id);
  return name == sensors.end() ? std::to_string(id) : clean_text(name->second);
}

void add_spool_metrics(std::string& text, const std::map<SensorId, SpoolReport>& spools,
                       const std::map<SensorId, std::string>& sensors) {
  const auto add = [&](std::string_view name, std::string_view type, std::uint64_t SpoolReport::*member) {
    text += fmt::format("# TYPE restitch_cluster_{} {}\n", name, type);
    for (const auto& [id, report] : spools) {
      text += fmt::format("restitch_cluster_{}{{sensor=", name);
      append_json_string(text, name_of(id, sensors));
      text += fmt::format("}} {}\n", report.*member);
    }
  };
  add("spool_bytes", "gauge", &SpoolReport::waiting_size);
  add("lost_batches_total", "counter", &SpoolReport::lost);
  add("repeated_spools_total", "counter", &SpoolReport::repeated);
}

void add_spools(std::string& text, const std::map<SensorId, SpoolReport>& spools,
                const std::map<SensorId, std::string>& sensors) {
  for (const auto& [id, report] : spools) {
    text += fmt::format("sensor {}: {} bytes wait, {} batches found no room, {} times all was sent again\n",
                        name_of(id, sensors), report.waiting_size, report.lost, report.repeated);
  }
}

void add_table(std::string& text, const std::vector<PartitionStatus>& all,
               const std::map<SensorId, std::string>& sensors) {
  text += fmt::format("{:>9} {:>9} {:>9} {:>6} {:>6} {:>8} {:>11} {:>7} {:>9}  {}\n", "PARTITION", "CUT",
                      "MARK", "LAG", "OPEN", "ENDED", "DUPLICATES", "MISSING", "SET ASIDE", "WORKER");
  for (const PartitionStatus& one : all) {
    const PartitionCounts& counts = one.head.counts;
    text += fmt::format("{:>9} {:>9} {:>9} {:>6} {:>6} {:>8} {:>11} {:>7} {:>9}  {}{}\n", one.partition,
                        one.head.cut, one.head.mark, one.lag(), one.head.open, counts.connections,
                        counts.duplicates, counts.missing, counts.set_aside,
                        one.owner.empty() ? "-" : clean_text(one.owner), one.head.ended ? " (ended)" : "");
    for (const SetAside& aside : one.head.set_aside) {
      text += fmt::format("          message {} is set aside: {}\n", aside.sequence, clean_text(aside.why));
    }
    for (const SensorPosition& sensor : one.head.sensors) {
      text += fmt::format("          sensor {}: {} batches of epoch {}{}\n", name_of(sensor.sensor, sensors),
                          sensor.next, sensor.epoch, sensor.gone ? ", gone" : "");
    }
  }
}

int status(const ClusterSelection& selection, NatsCluster& open, Roster& roster, unsigned partitions) {
  const auto all = look(open, partitions);
  if (!all) return complain(all.error());
  const auto sensors = roster.sensors();
  if (!sensors) return complain(sensors.error());
  std::string text;
  const auto spools = roster.spools();
  if (!spools) return complain(spools.error());
  if (selection.metrics) {
    add_metrics(text, *all);
    add_spool_metrics(text, *spools, *sensors);
  } else {
    add_table(text, *all, *sensors);
    add_spools(text, *spools, *sensors);
  }
  return print(text);
}

int drain(const ClusterSelection& selection, Roster& roster) {
  for (const std::string& name : selection.sensors) {
    const auto sensor = roster.sensor(name, false);
    if (!sensor) return complain(sensor.error());
    const auto said =
        roster.say(Batch::Kind::lost, sensor->id, fmt::format("lost.{}.{}", sensor->id, sensor->epoch));
    if (!said) return complain(said.error());
  }
  if (!selection.sensors.empty()) return exit_ok;
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const auto said = roster.say(Batch::Kind::end, 0, fmt::format("end.{}", now));
  return said ? exit_ok : complain(said.error());
}

// `cat`, and `check`, which shows nothing.
int show_results(const ClusterSelection& selection, NatsCluster& open, unsigned partitions, bool shows) {
  auto folder = OutputFolder::open(selection.directory);
  if (!folder) return complain(folder.error());
  FolderStore store(std::move(*folder));
  StandardOutput output;
  const auto count = write_results(partitions, open.ledger(), store, [&](std::string_view lines) {
    if (shows) output.write(lines);
  });
  if (!count) return complain(count.error());
  if (!shows) output.write(fmt::format("{} connections\n", *count));
  return output.flush() ? exit_ok : exit_input;
}

}  // namespace

int run_cluster(const Options& options) {
  const ClusterSelection& selection = options.cluster;
  if (selection.action == ClusterAction::create) return create(selection);
  const auto open = open_nats(selection.nats);
  if (!open) return complain(open.error());
  Roster roster((*open)->log(), (*open)->ledger());
  const auto partitions = roster.partitions();
  if (!partitions) return complain(partitions.error());
  switch (selection.action) {
    case ClusterAction::status:
      return status(selection, **open, roster, *partitions);
    case ClusterAction::drain:
      return drain(selection, roster);
    default:
      return show_results(selection, **open, *partitions, selection.action == ClusterAction::cat);
  }
}

}  // namespace restitch::cli
