#include "restitch/cluster/memory_cluster.h"

#include <fmt/format.h>

#include <algorithm>

namespace restitch::cluster {

template <class Value, class Work>
Result<Value> MemoryCluster::call(const char* what, Work&& work) {
  const auto lost = [&] { return failure(ErrorCode::io, fmt::format("{}: no answer", what)); };
  const Fault fault = faults_ ? faults_(what, false) : Fault::none;
  if (fault == Fault::lost_call) return lost();
  Result<Value> result = work();
  if (faults_) (void)faults_(what, true);
  if (fault == Fault::lost_answer) return lost();
  return result;
}

Result<std::uint64_t> MemoryCluster::publish(unsigned partition, std::string_view id, Bytes bytes) {
  return call<std::uint64_t>("publish", [&]() -> Result<std::uint64_t> {
    Partition& to = partitions_[partition];
    const std::uint64_t next = to.first + to.messages.size();
    const auto before = std::find(to.ids.begin(), to.ids.end(), id);
    if (before != to.ids.end()) return next - static_cast<std::uint64_t>(to.ids.end() - before);
    to.ids.emplace_back(id);
    if (to.ids.size() > ids_max_) to.ids.pop_front();
    to.messages.emplace_back(bytes.begin(), bytes.end());
    return next;
  });
}

Result<std::vector<LogMessage>> MemoryCluster::read(unsigned partition, std::uint64_t from,
                                                    std::size_t size_max) {
  return call<std::vector<LogMessage>>("read", [&]() -> Result<std::vector<LogMessage>> {
    const Partition& of = partitions_[partition];
    if (from < of.first) {
      return failure(ErrorCode::damaged,
                     fmt::format("partition {} begins with message {}: message {} was taken away", partition,
                                 of.first, from));
    }
    std::vector<LogMessage> messages;
    std::size_t size = 0;
    for (std::size_t i = from - of.first; i < of.messages.size() && (i == from - of.first || size < size_max);
         ++i) {
      messages.push_back({of.first + i, of.messages[i]});
      size += of.messages[i].size();
    }
    return messages;
  });
}

Result<LogRange> MemoryCluster::range(unsigned partition) {
  return call<LogRange>("range", [&]() -> Result<LogRange> {
    const Partition& of = partitions_[partition];
    return LogRange{of.first, of.first + of.messages.size()};
  });
}

Result<void> MemoryCluster::trim(unsigned partition, std::uint64_t below) {
  return call<void>("trim", [&]() -> Result<void> {
    Partition& of = partitions_[partition];
    for (; of.first < below && !of.messages.empty(); ++of.first) of.messages.pop_front();
    return {};
  });
}

Result<std::optional<LedgerValue>> MemoryCluster::get(const std::string& key) {
  return call<std::optional<LedgerValue>>("get", [&]() -> Result<std::optional<LedgerValue>> {
    const auto found = values_.find(key);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  });
}

Result<std::uint64_t> MemoryCluster::create(const std::string& key, Bytes bytes) {
  return call<std::uint64_t>("create", [&]() -> Result<std::uint64_t> {
    if (values_.contains(key)) return failure(ErrorCode::invalid_argument, key + " is there already");
    values_[key] = {++revisions_, {bytes.begin(), bytes.end()}};
    return revisions_;
  });
}

Result<std::uint64_t> MemoryCluster::update(const std::string& key, Bytes bytes, std::uint64_t revision) {
  return call<std::uint64_t>("update", [&]() -> Result<std::uint64_t> {
    const auto found = values_.find(key);
    if (found == values_.end() || found->second.revision != revision) {
      return failure(ErrorCode::invalid_argument, key + " has another revision");
    }
    found->second = {++revisions_, {bytes.begin(), bytes.end()}};
    return revisions_;
  });
}

Result<void> MemoryCluster::remove(const std::string& key) {
  return call<void>("remove", [&]() -> Result<void> {
    values_.erase(key);
    return {};
  });
}

Result<std::vector<std::string>> MemoryCluster::keys() {
  return call<std::vector<std::string>>("keys", [&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> keys;
    for (const auto& [key, value] : values_) keys.push_back(key);
    return keys;
  });
}

Result<bool> MemoryCluster::lease(const std::string& name, const std::string& owner) {
  return call<bool>("lease", [&]() -> Result<bool> {
    Lease& lease = leases_[name];
    if (lease.owner != owner && lease.until > now_) return false;
    lease = {owner, now_ + lease_};
    return true;
  });
}

Result<std::string> MemoryCluster::owner(const std::string& name) {
  return call<std::string>("owner", [&]() -> Result<std::string> {
    const auto found = leases_.find(name);
    return found == leases_.end() || found->second.until <= now_ ? "" : found->second.owner;
  });
}

Result<void> MemoryCluster::give_up(const std::string& name, const std::string& owner) {
  return call<void>("give_up", [&]() -> Result<void> {
    const auto found = leases_.find(name);
    if (found != leases_.end() && found->second.owner == owner) leases_.erase(found);
    return {};
  });
}

Result<void> MemoryCluster::write(const std::string& name, std::string_view text) {
  return call<void>("write", [&]() -> Result<void> {
    segments_[name] = text;
    return {};
  });
}

Result<std::string> MemoryCluster::read(const std::string& name) {
  return call<std::string>("read", [&]() -> Result<std::string> {
    const auto found = segments_.find(name);
    if (found == segments_.end()) return failure(ErrorCode::io, name + ": no such segment");
    return found->second;
  });
}

}  // namespace restitch::cluster
