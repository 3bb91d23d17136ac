#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "restitch/output_connections.h"

namespace restitch {

// ---- ConnectionQueue -------------------------------------------------------------------------------

void ConnectionQueue::add(std::list<LoggedConnection>& opened) {
  for (auto at = opened.begin(); at != opened.end(); ++at) {
    at->number = opened_++;
    at->self = at;
  }
  waiting_.splice(waiting_.end(), opened);
}

void ConnectionQueue::end(const LoggedConnection& connection) {
  connection.over = true;
  ++over_;
  for (const DirectionSummary& side : connection.directions) {
    gaps_ += side.gaps.size();
    events_ += side.event_list.size();
  }
  if (over_ > limits_.waiting_max || gaps_ > limits_.gaps_max || events_ > limits_.events_max) {
    pass_on(connection);
    waiting_.erase(connection.self);
  }
  while (!waiting_.empty() && waiting_.front().over) {
    pass_on(waiting_.front());
    waiting_.pop_front();
  }
}

void ConnectionQueue::pass_on_ended() {
  for (auto at = waiting_.begin(); over_ > 0 && at != waiting_.end();) {
    const auto here = at++;
    if (!here->over) continue;
    pass_on(*here);
    waiting_.erase(here);
  }
}

void ConnectionQueue::pass_on(const LoggedConnection& connection) {
  --over_;
  for (const DirectionSummary& side : connection.directions) {
    gaps_ -= side.gaps.size();
    events_ -= side.event_list.size();
  }
  sink_(connection);
}

// ---- ConnectionLog ---------------------------------------------------------------------------------

ConnectionSummary& ConnectionLog::open(const NetFlow& net, TransportFlow transport, std::uint64_t rank) {
  LoggedConnection& connection = opened_.emplace_back();
  connection.rank = rank;
  connection.net = net;
  connection.transport = transport;
  if (queue_) queue_->add(opened_);
  return connection;
}

void ConnectionLog::close(ConnectionSummary& summary, EndReason reason) {
  auto& connection = static_cast<LoggedConnection&>(summary);
  connection.ended = true;
  connection.end = reason;
  for (const DirectionSummary& side : connection.directions) {
    gaps_ -= side.gaps.size();
    events_ -= side.event_list.size();
  }
  if (queue_) return queue_->end(connection);
  // What ends with the input ends at the same time everywhere.
  const bool at_end = reason == EndReason::end_of_input || reason == EndReason::interrupted;
  happened_.push_back({at_end ? std::numeric_limits<std::uint64_t>::max() : now_, &connection});
}

void ConnectionLog::note(const ConnectionSummary& summary, std::unique_ptr<ConnectionNote> note) {
  const auto& connection = static_cast<const LoggedConnection&>(summary);
  if (queue_) return queue_->note(connection, *note);
  happened_.push_back({.rank = now_, .connection = &connection, .note = std::move(note)});
}

// A gap that grew before anything came behind it is one gap.
void ConnectionLog::add_gap(DirectionSummary& side, const Gap& gap) {
  if (!side.gaps.empty() && side.gaps.back().offset + side.gaps.back().size == gap.offset) {
    side.gaps.back().size += gap.size;
  } else if (gaps_ < gaps_max_) {
    ++gaps_;
    side.gaps.push_back(gap);
  } else {
    ++side.gaps_unlisted;
    side.unlisted_bytes += gap.size;
  }
}

void ConnectionLog::list_conflicts() {
  for (const EventKind kind : {EventKind::conflict, EventKind::uncompared}) {
    listed_.set(static_cast<std::size_t>(kind));
  }
}

void ConnectionLog::add_event(DirectionSummary& side, const Event& event) {
  const auto kind = static_cast<std::size_t>(event.kind);
  ++side.events[kind];
  if (!listed_[kind]) return;
  if (events_ >= events_max_) {
    ++side.events_unlisted;
    return;
  }
  ++events_;
  side.event_list.push_back(EventNote::of(event));
}

// ---- ConnectionLogs --------------------------------------------------------------------------------

ConnectionLogs::ConnectionLogs(unsigned shards, ConnectionQueue::Sink sink, ConnectionOrder order,
                               const LogLimits& limits)
    : queue_(std::move(sink), order, limits) {
  for (unsigned i = 0; i < shards; ++i) {
    logs_.emplace_back(new ConnectionLog(shards, limits));
  }
  set_slots(1);
}

void ConnectionLogs::list_events() {
  for (const auto& log : logs_) log->list_events();
}

void ConnectionLogs::part_done(unsigned shard, std::size_t slot) {
  ConnectionLog& log = *logs_[shard];
  Part& to = part(shard, slot);
  to.opened.splice(to.opened.end(), log.opened_);
  to.happened.swap(log.happened_);
}

void ConnectionLogs::chunk_done(std::size_t slot) {
  std::list<LoggedConnection> opened;
  happenings_.clear();
  for (unsigned shard = 0; shard < logs_.size(); ++shard) {
    Part& from = part(shard, slot);
    opened.merge(from.opened, [](const auto& one, const auto& other) { return one.rank < other.rank; });
    std::move(from.happened.begin(), from.happened.end(), std::back_inserter(happenings_));
    from.happened.clear();
  }
  queue_.add(opened);
  for (ConnectionLog::Happening& happening : happenings_) happening.number = happening.connection->number;
  std::stable_sort(happenings_.begin(), happenings_.end(), [](const auto& one, const auto& other) {
    return std::pair(one.rank, one.number) < std::pair(other.rank, other.number);
  });
  for (const ConnectionLog::Happening& happening : happenings_) {
    happening.note ? queue_.note(*happening.connection, *happening.note) : queue_.end(*happening.connection);
  }
}

}  // namespace restitch
