#include "restitch/detail/policy_table.h"

namespace restitch::detail {
namespace {

// Policies lie at places of the user's own: nobody outside aims at one line of the table.
std::uint32_t hash_of_place(const ReceiverPolicy* policy) {
  const auto place = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(policy));
  return static_cast<std::uint32_t>((place * 0x9E3779B97F4A7C15U) >> 32);
}

}  // namespace

std::uint32_t PolicyTable::take(const ReceiverPolicy* policy) {
  if (policy == nullptr || policy == &usual_) return 0;
  const std::uint32_t hash = hash_of_place(policy);
  std::uint32_t entry = table_.find_if(hash, [&](std::uint32_t at) { return entries_[at].policy == policy; });
  if (entry == none) {
    entry = entries_.allocate();
    if (entry == none) return none;
    if (!table_.insert(hash, entry)) {
      entries_.release(entry);
      return none;
    }
    entries_[entry].policy = policy;
    entries_[entry].hash = hash;
  }
  ++entries_[entry].users;
  return entry + 1;
}

void PolicyTable::give_back(std::uint32_t number) {
  if (number == 0 || number == none) return;
  Entry& entry = entries_[number - 1];
  if (--entry.users != 0) return;
  table_.erase(entry.hash, number - 1);
  entries_.release(number - 1);
}

}  // namespace restitch::detail
