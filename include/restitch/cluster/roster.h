// Roster: what a cluster is made of, as the ledger has it: how many partitions, and which number each sensor
// has; and what whoever runs it says to all partitions. Borrows log and ledger. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "restitch/cluster/batch.h"
#include "restitch/cluster/ledger.h"
#include "restitch/cluster/packet_log.h"
#include "restitch/cluster/spool_report.h"

namespace RESTITCH_API restitch {
namespace cluster {

struct RegisteredSensor {
  SensorId id = 0;
  std::uint32_t epoch = 1;
};

class Roster {
 public:
  Roster(PacketLog& log, Ledger& ledger) : log_(log), ledger_(ledger) {}

  // Makes the cluster; that is for ever. Error: invalid_argument, if it is there with another number.
  Result<void> make(unsigned partitions);
  // Error: invalid_argument, if there is none.
  Result<unsigned> partitions();

  // The number of a sensor, which it gets when its name comes for the first time. `anew`: another epoch, for
  // one that cannot repeat what it sent.
  Result<RegisteredSensor> sensor(const std::string& name, bool anew);
  // By number.
  Result<std::map<SensorId, std::string>> sensors();

  // What sensors of interfaces say of their spools.
  Result<std::map<SensorId, SpoolReport>> spools();

  // Says it to all partitions. `id` makes it harmless to say it again.
  Result<void> say(Batch::Kind kind, SensorId sensor, const std::string& id);

 private:
  Result<SensorId> number_of(const std::string& name);
  Result<std::string> text_of(const std::string& key);

  PacketLog& log_;
  Ledger& ledger_;
};

}  // namespace cluster
}  // namespace restitch
