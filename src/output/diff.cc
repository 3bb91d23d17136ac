#include <algorithm>
#include <list>
#include <map>
#include <utility>

#include "output/diff_side.h"
#include "restitch/detail/require.h"
#include "restitch/output_diff.h"
#include "restitch/output_ids.h"
#include "restitch/packet_context.h"

namespace restitch {
namespace detail {

// A connection as all receivers have it. Its sides are numbered as the factory named the client; streams that
// learn better say so.
struct DiffEntry {
  DiffEntry(DiffBudget& budget, std::size_t receivers) : sides{{{budget, receivers}, {budget, receivers}}} {
    connection.ends.resize(receivers);
  }

  ConnectionDiff connection;
  CaptureInfo first;  // of its first packet, as `origin`
  PacketOrigin origin;
  std::array<DiffSide, 2> sides;
  std::vector<bool> present;
  std::size_t open = 0;  // streams
  bool touched = false;  // since the last settling
  bool swapped = false;  // the client is the other one
  std::list<DiffEntry>::iterator self;
};

// As that of all other outputs.
std::string uid_of(const DiffEntry& entry) {
  ConnectionSummary summary;
  summary.net = entry.connection.net;
  summary.transport = entry.connection.transport;
  summary.first_packet = entry.first.packet_number;
  summary.first_time = entry.first.timestamp;
  summary.directions[0].vlan = entry.origin.vlan;
  summary.directions[0].tunnel = entry.origin.tunnel;
  summary.directions[0].tunnel_id = entry.origin.tunnel_id;
  return connection_uid(summary);
}

// All connections that are not finished.
class DiffEntries {
 public:
  DiffEntries(std::size_t receivers, DiffAssembler::Sink sink, const DiffOptions& options)
      : receivers_(receivers), sink_(std::move(sink)), budget_{options} {}

  // The connection that begins with the packet of this context, which all receivers are given in turn.
  DiffEntry& begin(std::size_t receiver, const NetFlow& net, TransportFlow transport,
                   const AssemblerContext& context) {
    DiffEntry*& entry = begun_[&context];
    if (entry == nullptr) {
      entry = &entries_.emplace_back(budget_, receivers_);
      entry->self = std::prev(entries_.end());
      entry->connection.number = counts_.connections++;
      entry->connection.net = net;
      entry->connection.transport = transport;
      entry->present.resize(receivers_);
      entry->first = context.capture_info();
      if (const PacketContext* const packet = context_of(context)) entry->origin = packet->origin();
    }
    entry->present[receiver] = true;
    ++entry->open;
    touch(*entry);
    return *entry;
  }

  void touch(DiffEntry& entry) {
    if (std::exchange(entry.touched, true)) return;
    touched_.push_back(&entry);
  }

  // All receivers have been given the same packets.
  void settle() {
    for (const auto& [context, entry] : begun_) {
      for (std::size_t i = 0; i < receivers_; ++i) {
        if (entry->present[i]) continue;
        for (DiffSide& side : entry->sides) side.end(i);
      }
    }
    begun_.clear();
    std::sort(touched_.begin(), touched_.end(), [](const DiffEntry* a, const DiffEntry* b) {
      return a->connection.number < b->connection.number;
    });
    for (DiffEntry* const entry : touched_) {
      entry->touched = false;
      for (DiffSide& side : entry->sides) side.settle();
      if (entry->open == 0) finish(*entry);
    }
    touched_.clear();
  }

  [[nodiscard]] const DiffCounts& counts() const { return counts_; }

 private:
  void finish(DiffEntry& entry) {
    ConnectionDiff& found = entry.connection;
    for (std::size_t i = 0; i < 2; ++i) {
      found.directions[entry.swapped ? 1 - i : i] = std::move(entry.sides[i].finish());
    }
    if (entry.swapped) {
      std::swap(found.net.source, found.net.destination);
      std::swap(found.transport.source_port, found.transport.destination_port);
    }
    if (found.differs()) {
      found.uid = uid_of(entry);
      ++counts_.differing;
      sink_(found);
    }
    entries_.erase(entry.self);
  }

  std::size_t receivers_;
  DiffAssembler::Sink sink_;
  DiffBudget budget_;
  DiffCounts counts_;
  std::list<DiffEntry> entries_;
  std::map<const AssemblerContext*, DiffEntry*> begun_;  // with the packets at hand
  std::vector<DiffEntry*> touched_;
};

// A stream, as one receiver has it.
class DiffStream {
 public:
  DiffStream(DiffEntries& entries, DiffEntry& entry, std::size_t receiver, const ReceiverPolicy& policy)
      : entries_(&entries), entry_(&entry), receiver_(receiver), policy_(&policy) {}

  bool accept(const TcpSegment& /*tcp*/, const CaptureInfo& /*info*/, TcpFlowDirection /*direction*/,
              std::optional<Sequence> /*next_seq*/, bool& /*start*/, AssemblerContext& /*context*/) {
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& /*context*/) {
    entries_->touch(*entry_);
    side(sg.info().direction).append(receiver_, sg);
  }
  bool reassembly_complete(AssemblerContext* /*context*/, EndReason reason) {
    entries_->touch(*entry_);
    entry_->connection.ends[receiver_] = reason;
    for (DiffSide& side : entry_->sides) side.end(receiver_);
    --entry_->open;
    return true;
  }
  void on_event(const Event& event) {
    switch (event.kind) {
      case EventKind::roles_swapped:
        swapped_ = !swapped_;
        entry_->swapped = swapped_;
        break;
      case EventKind::urgent:
        if (policy_->urgent == Urgent::out_of_band) side(event.direction).take_out(receiver_, event.offset);
        break;
      case EventKind::refused:
        side(event.direction).refuse(receiver_, event.size);
        break;
      case EventKind::conflict:
        if (policy_->rereads && event.delivered == Winner::held)
          side(event.direction).reread(receiver_, event);
        break;
      default:
        break;
    }
  }

 private:
  DiffSide& side(TcpFlowDirection direction) {
    return entry_->sides[static_cast<std::size_t>(swapped_ ? reverse(direction) : direction)];
  }

  DiffEntries* entries_;
  DiffEntry* entry_;
  std::size_t receiver_;
  const ReceiverPolicy* policy_;
  bool swapped_ = false;
};

struct DiffFactory {
  DiffEntries& entries;
  std::size_t receiver;
  const ReceiverPolicy& policy;

  std::optional<DiffStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                   AssemblerContext& context) {
    return DiffStream(entries, entries.begin(receiver, net, transport, context), receiver, policy);
  }
};

// All that one receiver has.
struct DiffReceiver {
  using Pool = BasicStreamPool<DiffStream, DiffFactory>;

  DiffReceiver(DiffEntries& entries, std::size_t number, const ReceiverPolicy& policy,
               const DiffOptions& options)
      : factory{entries, number, policy},
        pool(factory, with(options.pool, policy)),
        assembler(pool, options.assembler) {}

  static PoolOptions with(PoolOptions options, const ReceiverPolicy& policy) {
    options.receiver = &policy;
    options.choose_receiver = nullptr;
    return options;
  }

  DiffFactory factory;
  Pool pool;
  BasicAssembler<DiffStream, DiffFactory> assembler;
};

}  // namespace detail

class DiffAssembler::Parts {
 public:
  Parts(std::span<const ReceiverPolicy* const> policies, Sink sink, const DiffOptions& options)
      : entries(policies.size(), std::move(sink), options) {
    for (std::size_t i = 0; i < policies.size(); ++i) {
      receivers.push_back(std::make_unique<detail::DiffReceiver>(entries, i, *policies[i], options));
    }
  }

  detail::DiffEntries entries;
  std::vector<std::unique_ptr<detail::DiffReceiver>> receivers;
};

bool ConnectionDiff::ends_differ() const {
  for (const auto& end : ends) {
    if (end != ends.front()) return true;
  }
  return false;
}

static std::span<const ReceiverPolicy* const> at_least_two(std::span<const ReceiverPolicy* const> receivers) {
  RESTITCH_REQUIRE(receivers.size() >= 2, "a DiffAssembler compares two receivers or more");
  return receivers;
}

DiffAssembler::DiffAssembler(std::span<const ReceiverPolicy* const> receivers, Sink sink,
                             const DiffOptions& options)
    : parts_(std::make_unique<Parts>(at_least_two(receivers), std::move(sink), options)) {}

DiffAssembler::~DiffAssembler() = default;

void DiffAssembler::assemble(std::span<const AssemblerPacket> packets) {
  for (const auto& receiver : parts_->receivers) receiver->assembler.assemble(packets);
  parts_->entries.settle();
}

// All receivers are given the same packets: one clock goes before them.
Elapsed DiffAssembler::observe(Timestamp time) { return parts_->receivers.front()->assembler.observe(time); }

void DiffAssembler::advance(Elapsed elapsed) {
  for (const auto& receiver : parts_->receivers) receiver->assembler.advance(elapsed);
  parts_->entries.settle();
}

void DiffAssembler::flush_all(EndReason reason) {
  for (const auto& receiver : parts_->receivers) receiver->assembler.flush_all(reason);
  parts_->entries.settle();
}

const DiffCounts& DiffAssembler::counts() const { return parts_->entries.counts(); }
const ByteCounts& DiffAssembler::byte_counts(TcpFlowDirection direction) const {
  return parts_->receivers.front()->pool.byte_counts(direction);
}
const EventCounts& DiffAssembler::event_counts() const {
  return parts_->receivers.front()->pool.event_counts();
}
const LimitCounts& DiffAssembler::limit_counts() const {
  return parts_->receivers.front()->pool.limit_counts();
}
PoolSize DiffAssembler::size() const { return parts_->receivers.front()->pool.size(); }

}  // namespace restitch
