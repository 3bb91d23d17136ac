// `restitch work`: reassembles partitions of a cluster, as many as it gets.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "restitch/cluster/partition_worker.h"
#include "restitch/cluster/roster.h"

namespace restitch::cli {
namespace {

using namespace cluster;

std::string owner_name() {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  std::random_device random;
  return fmt::format("{}-{}-{:08x}", host.data(), ::getpid(), random());
}

class Worker {
 public:
  Worker(NatsCluster& open, SegmentStore& store, const WorkerOptions& options, unsigned owned_max,
         std::chrono::milliseconds lease)
      : open_(open), store_(store), options_(options), owned_max_(owned_max), renewal_(lease / 3) {}

  // Until all partitions ended, or somebody asks for an end.
  int work() {
    while (!interrupted()) {
      if (const auto now = Clock::now(); now >= due_) {
        due_ = now + renewal_;
        renew();
        if (all_ended()) break;
      }
      if (const auto now = Clock::now(); now >= taking_due_) {
        taking_due_ = now + (owned_.size() < owned_max_ && take_one() ? patience() : renewal_);
      }
      if (!step()) std::this_thread::sleep_for(pause);
    }
    for (const auto& [partition, worker] : owned_)
      (void)open_.ledger().give_up(head_key(partition), options_.owner);
    return status_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds pause{20};

  // Whoever has more waits longer before it takes another one, so that workers that begin together share.
  [[nodiscard]] std::chrono::milliseconds patience() const {
    constexpr std::chrono::milliseconds each{20};
    constexpr std::size_t counted_max = 10;
    return each * std::min(owned_.size(), counted_max);
  }

  bool take_one() {
    for (unsigned i = 0; i < options_.partitions; ++i) {
      const unsigned partition = next_++ % options_.partitions;
      if (owned_.contains(partition) || has_ended(partition)) continue;
      const auto leased = open_.ledger().lease(head_key(partition), options_.owner);
      if (!leased || !*leased) continue;
      auto worker =
          std::make_unique<PartitionWorker>(partition, options_, open_.log(), open_.ledger(), store_);
      if (const auto opened = worker->open(); !opened) {
        leave(partition, opened.error());
      } else {
        owned_.emplace(partition, std::move(worker));
      }
      return true;
    }
    return false;
  }

  void renew() {
    std::erase_if(owned_, [&](const auto& owned) {
      const auto leased = open_.ledger().lease(head_key(owned.first), options_.owner);
      // Without an answer it goes on: only one of two gets to make a checkpoint.
      return leased && !*leased;
    });
  }

  bool step() {
    bool some = false;
    for (auto owned = owned_.begin(); owned != owned_.end();) {
      const auto stepped = owned->second->step();
      if (!stepped) {
        leave(owned->first, stepped.error());
        owned = owned_.erase(owned);
        continue;
      }
      some = some || *stepped;
      ++owned;
    }
    return some;
  }

  // What does not depend on the network will not be better the next time.
  void leave(unsigned partition, const Error& error) {
    say(fmt::format("partition {}: {}", partition, error.message));
    (void)open_.ledger().give_up(head_key(partition), options_.owner);
    if (error.code == ErrorCode::io || error.code == ErrorCode::invalid_argument) return;
    status_ = exit_input;
    given_up_.insert(partition);
  }

  bool has_ended(unsigned partition) {
    if (given_up_.contains(partition)) return true;
    const auto owned = owned_.find(partition);
    if (owned != owned_.end()) return owned->second->ended();
    const auto value = open_.ledger().get(head_key(partition));
    if (!value || !*value) return false;
    const auto head = decode_head((*value)->bytes);
    const auto range = open_.log().range(partition);
    return head && range && head->ended && head->cut == range->next;
  }

  bool all_ended() {
    for (unsigned partition = 0; partition < options_.partitions; ++partition) {
      if (!has_ended(partition)) return false;
    }
    return true;
  }

  NatsCluster& open_;
  SegmentStore& store_;
  WorkerOptions options_;
  std::size_t owned_max_;
  std::chrono::milliseconds renewal_;
  Clock::time_point due_{};
  Clock::time_point taking_due_{};
  unsigned next_ = static_cast<unsigned>(::getpid());
  std::map<unsigned, std::unique_ptr<PartitionWorker>> owned_;
  std::set<unsigned> given_up_;
  int status_ = exit_ok;
};

}  // namespace

int run_work(const Options& options) {
  const ClusterSelection& selection = options.cluster;
  const auto open = open_nats(selection.nats);
  if (!open) return say(open.error().message), exit_input;
  const auto partitions = Roster((*open)->log(), (*open)->ledger()).partitions();
  if (!partitions) return say(partitions.error().message), exit_input;
  auto folder = OutputFolder::open(selection.directory);
  if (!folder) return say(folder.error().message), exit_input;
  FolderStore store(std::move(*folder));
  WorkerOptions working;
  working.partitions = static_cast<std::uint16_t>(*partitions);
  working.owner = owner_name();
  working.replay_max = selection.replay_max;
  working.pool = Session(options).pool_options();
  working.assembler = options.limits.assembler;
  working.decoder = options.input.decoder;
  const std::chrono::milliseconds lease(selection.nats.lease_ms);
  return Worker(**open, store, working, selection.partitions.value_or(*partitions), lease).work();
}

}  // namespace restitch::cli
