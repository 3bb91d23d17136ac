// MemoryCluster: log, ledger and segments in memory, for tests and simulation: deterministic, and as bad as
// it is asked to be. Before each call it asks what is to go wrong. Clients of one are as many workers and
// sensors; it must outlive them. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "restitch/cluster/ledger.h"
#include "restitch/cluster/packet_log.h"
#include "restitch/cluster/segment_store.h"

namespace RESTITCH_API restitch {
namespace cluster {

// What becomes of a call.
enum class Fault : std::uint8_t {
  none,
  lost_call,    // nothing is done, and the caller hears that
  lost_answer,  // it is done, and the caller hears that it failed
};

class MemoryCluster final : public PacketLog, public Ledger, public SegmentStore {
 public:
  // `what` names the call: "publish", "update", … It may throw what ends the caller, as a crash does; `done`
  // says whether that is asked after the work instead of before it.
  using Faults = std::function<Fault(const char* what, bool done)>;

  explicit MemoryCluster(unsigned partitions) : partitions_(partitions) {}

  void set_faults(Faults faults) { faults_ = std::move(faults); }
  // How many ids of each partition are remembered.
  void set_ids_max(std::size_t count) { ids_max_ = count; }
  // Leases last for so many of these.
  void pass() { ++now_; }
  void set_lease(std::uint64_t duration) { lease_ = duration; }

  Result<std::uint64_t> publish(unsigned partition, std::string_view id, Bytes bytes) override;
  Result<std::vector<LogMessage>> read(unsigned partition, std::uint64_t from, std::size_t size_max) override;
  Result<LogRange> range(unsigned partition) override;
  Result<void> trim(unsigned partition, std::uint64_t below) override;

  Result<std::optional<LedgerValue>> get(const std::string& key) override;
  Result<std::uint64_t> create(const std::string& key, Bytes bytes) override;
  Result<std::uint64_t> update(const std::string& key, Bytes bytes, std::uint64_t revision) override;
  Result<void> remove(const std::string& key) override;
  Result<std::vector<std::string>> keys() override;
  Result<bool> lease(const std::string& name, const std::string& owner) override;
  Result<std::string> owner(const std::string& name) override;
  Result<void> give_up(const std::string& name, const std::string& owner) override;

  Result<void> write(const std::string& name, std::string_view text) override;
  Result<std::string> read(const std::string& name) override;

 private:
  struct Partition {
    std::uint64_t first = 1;
    std::deque<std::vector<std::uint8_t>> messages;
    std::deque<std::string> ids;
  };
  struct Lease {
    std::string owner;
    std::uint64_t until = 0;
  };

  template <class Value, class Work>
  Result<Value> call(const char* what, Work&& work);

  std::vector<Partition> partitions_;
  std::map<std::string, LedgerValue> values_;
  std::map<std::string, Lease> leases_;
  std::map<std::string, std::string> segments_;
  std::uint64_t revisions_ = 0;
  std::uint64_t now_ = 0;
  std::uint64_t lease_ = 10;
  std::size_t ids_max_ = 1024;
  Faults faults_;
};

}  // namespace cluster
}  // namespace restitch
