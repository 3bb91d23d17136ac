// A cluster on NATS JetStream (2.9 or later): a stream for each partition, so that messages of one have
// numbers without holes; a bucket of keys and values for the ledger; and one for leases, whose values the
// broker forgets by itself. Messages are read by their numbers: no consumer of the broker has to be kept, and
// none can lose what is on its way. A broker that is gone for a while makes calls fail with `io`, and is
// connected to again by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "restitch/cluster/ledger.h"
#include "restitch/cluster/packet_log.h"

namespace RESTITCH_API restitch {
namespace cluster {

struct NatsOptions {
  std::string url;                   // "nats://host:4222", several with commas
  std::string cluster = "restitch";  // several can share a broker
  // Files; empty: none.
  std::string credentials;  // of NATS (.creds), or with USER:PASSWORD in the first line
  std::string ca;
  std::string certificate;
  std::string key;
  std::int64_t timeout_ms = 5000;  // of a call
  // When it is made.
  std::int64_t lease_ms = 10'000;
  int replicas = 1;
};

class NatsCluster {
 public:
  virtual ~NatsCluster() = default;
  virtual PacketLog& log() = 0;
  virtual Ledger& ledger() = 0;
};

// Whether this build can do it.
bool has_nats();

// Makes the streams and buckets of a cluster; those that are there stay. Errors: io, unsupported.
Result<void> create_nats(const NatsOptions& options, unsigned partitions);

// Errors: io (nobody answers, or there is no such cluster), unsupported (has_nats()).
Result<std::unique_ptr<NatsCluster>> open_nats(const NatsOptions& options);

}  // namespace cluster
}  // namespace restitch
