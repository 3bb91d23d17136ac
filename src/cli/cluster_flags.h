// What `restitch sense`, `work` and `cluster` are to do, and where their broker is: that part of the command
// line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "restitch/cluster/nats_cluster.h"

namespace CLI {
class App;
}

namespace restitch::cli {

struct InputSelection;

enum class ClusterAction { create, status, check, drain, cat };

struct ClusterSelection {
  cluster::NatsOptions nats;
  std::vector<std::string> sensors;

  // cluster
  ClusterAction action = ClusterAction::status;
  bool metrics = false;  // for Prometheus, instead of a table

  // cluster, work
  std::string directory;
  std::optional<unsigned> partitions;

  // work
  std::size_t replay_max = std::size_t{4} << 30;

  // sense
  bool compress = false;
  bool anew = false;
  std::string spool;  // a folder; empty: what waits is in memory
  std::size_t spool_max = std::size_t{1} << 30;
};

class ClusterFlags {
 public:
  // `selection` has to outlive this.
  explicit ClusterFlags(ClusterSelection& selection) : selection_(selection) {}

  // The word behind `cluster`.
  void add_action_to(CLI::App& command);
  void add_cluster_to(CLI::App& command);
  void add_sense_to(CLI::App& command);
  void add_work_to(CLI::App& command);

  // After parsing: of all three, and of `cluster`. False: what is wrong is in `complaint`.
  bool finish(std::string& complaint);
  bool finish_action(std::string& complaint) const;
  bool finish_sense(const InputSelection& input, std::string& complaint) const;

 private:
  void add_broker_to(CLI::App& command);
  void add_directory_to(CLI::App& command, const char* description);

  ClusterSelection& selection_;
  unsigned lease_s_ = 10;
};

}  // namespace restitch::cli
