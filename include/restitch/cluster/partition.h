// Which partition of a cluster a packet belongs to. Sensors that agree on it need not know each other: the
// hash is published here, and never changes. Pure; any thread.
#pragma once

#include <cstdint>

#include "restitch/packet.h"

namespace RESTITCH_API restitch {
namespace cluster {

// XXH64 with seed 0 of 37 bytes: the IP version (4 or 6), then both ends of the connection, the lower one
// first by the order of its bytes. An end is its address in 16 bytes (IPv4 in the last four, behind zeros)
// and its port, the high byte first. So both directions have the same hash.
//
// Tunnels and VLANs do not count, whatever the workers keep apart by them: numbers for them differ from
// sensor to sensor, and all copies of a connection are to meet in one worker, which may want to compare them.
std::uint64_t partition_hash(const NetFlow& net, TransportFlow ports);

// The hash modulo the number of partitions. Requires: partitions > 0.
inline unsigned partition_of(const NetFlow& net, TransportFlow ports, unsigned partitions) {
  return static_cast<unsigned>(partition_hash(net, ports) % partitions);
}

}  // namespace cluster
}  // namespace restitch
