#include "app/expected_ends.h"

#include <utility>

#include "output/text.h"

namespace restitch {

// A port may be that of many: only those of one port are looked through.
ExpectedEnds::Entries::iterator ExpectedEnds::find_waiting(const NetFlow& net, std::uint16_t port) {
  const auto [first, last] = by_port_.equal_range(port);
  for (auto at = first; at != last; ++at) {
    const ExpectedData& data = at->second->data;
    const bool there = data.told == net.destination || data.actual == net.destination;
    if (there && data.peer == net.source && data.domain == net.domain) return at->second;
  }
  return waiting_.end();
}

ExpectedEnds::Number ExpectedEnds::add(ExpectedData data) {
  forget_old(data.asked);
  NetFlow net{data.peer, data.told};
  net.domain = data.domain;
  const auto same = find_waiting(net, data.port);
  if (same != waiting_.end()) erase(same);
  if (waiting_.size() >= waiting_max) erase(waiting_.begin());
  waiting_.push_back({++last_, false, std::move(data)});
  const auto entry = std::prev(waiting_.end());
  by_number_.emplace(last_, entry);
  by_port_.emplace(entry->data.port, entry);
  return last_;
}

ExpectedData* ExpectedEnds::find(Number number) {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : &found->second->data;
}

void ExpectedEnds::remove(Number number) {
  const auto found = by_number_.find(number);
  if (found != by_number_.end()) erase(found->second);
}

ExpectedEnds::Number ExpectedEnds::open(const NetFlow& net, std::uint16_t port, Timestamp now) {
  forget_old(now);
  const auto entry = find_waiting(net, port);
  if (entry == waiting_.end()) return 0;
  erase_port(entry);
  entry->opened = true;
  opened_.splice(opened_.end(), waiting_, entry);
  if (opened_.size() > waiting_max) erase(opened_.begin());
  return entry->number;
}

void ExpectedEnds::erase_port(Entries::iterator entry) {
  const auto [first, last] = by_port_.equal_range(entry->data.port);
  for (auto at = first; at != last; ++at) {
    if (at->second != entry) continue;
    by_port_.erase(at);
    return;
  }
}

void ExpectedEnds::erase(Entries::iterator entry) {
  by_number_.erase(entry->number);
  if (!entry->opened) erase_port(entry);
  (entry->opened ? opened_ : waiting_).erase(entry);
}

void ExpectedEnds::forget_old(Timestamp now) {
  while (!waiting_.empty() && duration_between(waiting_.front().data.asked, now) > age_max_ns)
    erase(waiting_.begin());
}

}  // namespace restitch
