// The command lines of `restitch sense`, `work` and `cluster`: what they share, and what is left for the
// commands that they stand on. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "restitch/cluster/nats_cluster.h"

namespace restitch::cli {

struct ClusterArguments {
  cluster::NatsOptions nats;
  std::vector<std::string> sensors;
  std::string directory;
  unsigned partitions = 8;
  bool compress = false;
  bool anew = false;
  bool metrics = false;
  bool help = false;
  std::vector<std::string> rest;  // in their order
};

// Error: invalid_argument, one line.
Result<ClusterArguments> parse_cluster_arguments(const std::vector<std::string>& words);

// Whether a name can be that of a sensor or a cluster: letters, digits, - and _.
bool is_cluster_name(const std::string& name);

}  // namespace restitch::cli
