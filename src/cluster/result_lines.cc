#include "restitch/cluster/result_lines.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "restitch/cluster/checkpoint.h"
#include "restitch/cluster/segment.h"

namespace restitch::cluster {
namespace {

Result<void> add_chain(std::string name, SegmentStore& store, std::vector<SegmentEntry>& entries) {
  std::set<std::string> seen;
  while (!name.empty()) {
    if (!seen.insert(name).second) return failure(ErrorCode::damaged, name + " is before itself");
    const auto text = store.read(name);
    if (!text) return tl::make_unexpected(text.error());
    auto segment = read_segment(*text);
    if (!segment) return failure(segment.error().code, name + ": " + segment.error().message);
    std::move(segment->entries.begin(), segment->entries.end(), std::back_inserter(entries));
    name = segment->previous;
  }
  return {};
}

}  // namespace

Result<std::uint64_t> write_results(unsigned partitions, Ledger& ledger, SegmentStore& store,
                                    const std::function<void(std::string_view)>& sink) {
  std::vector<SegmentEntry> entries;
  for (unsigned partition = 0; partition < partitions; ++partition) {
    const auto found = ledger.get(head_key(partition));
    if (!found) return tl::make_unexpected(found.error());
    if (!*found) continue;
    const auto head = decode_head((*found)->bytes);
    if (!head) return tl::make_unexpected(head.error());
    if (auto added = add_chain(head->segment, store, entries); !added)
      return tl::make_unexpected(added.error());
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& one, const auto& other) { return one.order < other.order; });
  std::uint64_t number = 0;
  for (const SegmentEntry& entry : entries) sink(numbered_lines(entry, number++));
  return number;
}

}  // namespace restitch::cluster
