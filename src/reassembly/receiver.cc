#include "restitch/receiver.h"

#include <algorithm>

namespace restitch {
namespace {

constexpr OverlapTable always(Winner winner) {
  OverlapTable table{};
  table.fill(winner);
  return table;
}

constexpr std::array policies = {
    ReceiverPolicy{.name = "gopacket",
                   .summary = "as gopacket/reassembly: of copies that wait, the later one wins",
                   .overlap = always(Winner::arrived)},
    ReceiverPolicy{.name = "capture",
                   .summary = "everything captured is delivered, the first copy wins",
                   .overlap = always(Winner::held),
                   .after_fin = AfterEnd::deliver,
                   .after_rst = AfterEnd::deliver},
};

}  // namespace

const ReceiverPolicy* find_receiver_policy(std::string_view name) {
  const auto* found = std::find_if(policies.begin(), policies.end(),
                                   [name](const ReceiverPolicy& policy) { return policy.name == name; });
  return found == policies.end() ? nullptr : found;
}

const ReceiverPolicy& default_receiver_policy() { return policies.front(); }

}  // namespace restitch
