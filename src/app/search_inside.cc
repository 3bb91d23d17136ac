#include "app/search_inside.h"

namespace restitch {
namespace {

// Who sent it, as the connection has it.
TcpFlowDirection sender_of(const FindingPlace& place, TcpFlowDirection direction) {
  return place.turned ? reverse(direction) : direction;
}

}  // namespace

class SearchInside::Sink final : public ExcerptSink {
 public:
  Sink(SearchStream& stream, const Thing& thing) : stream_(stream), thing_(thing) {}
  void take(SearchExcerpt&& excerpt) override {
    stream_.tell(thing_.direction, std::move(excerpt), thing_.layer, thing_.name);
  }

 private:
  SearchStream& stream_;
  const Thing& thing_;
};

SearchInside::SearchInside(SearchFactory& factory, const ConnectionSummary& summary)
    : factory_(factory), conversation_(factory.services(), *this, summary) {}

bool SearchInside::wanted(TcpFlowDirection direction) const {
  const SearchPlan& plan = factory_.plan();
  if (plan.connection_only && (matches_[0] != 0 || matches_[1] != 0)) return false;
  return !plan.only || *plan.only == direction || plan.then_from != 0;
}

void SearchInside::count(Thing& thing) {
  matches_[static_cast<std::size_t>(thing.direction)] += thing.search.matches() - thing.counted;
  thing.counted = thing.search.matches();
}

void SearchInside::data(Thing& thing, Bytes bytes, const Origin& origin) {
  if (!wanted(thing.direction)) return;
  Sink sink(*stream_, thing);
  thing.search.data(factory_.searcher(), bytes, origin, sink);
  if (factory_.plan().rules.at_once) thing.search.tell(factory_.searcher(), sink);
  count(thing);
}

void SearchInside::gap(Thing& thing, std::uint64_t size) {
  Sink sink(*stream_, thing);
  if (wanted(thing.direction)) thing.search.gap(factory_.searcher(), size, sink);
  count(thing);
}

void SearchInside::finish(Thing& thing) {
  Sink sink(*stream_, thing);
  if (wanted(thing.direction)) thing.search.finish(factory_.searcher(), sink);
  count(thing);
}

void SearchInside::begin_object(const FindingPlace& place, ObjectNumber object, const ObjectHead& head) {
  if (factory_.plan().in != SearchIn::objects) return;
  Thing thing;
  thing.direction = sender_of(place, head.direction);
  thing.layer = place.layer;
  thing.name = head.url.empty() ? head.name : head.url;
  objects_.insert_or_assign(object, std::move(thing));
}

void SearchInside::object_data(const FindingPlace& /*place*/, ObjectNumber object, Bytes bytes,
                               const Origin& origin) {
  const auto found = objects_.find(object);
  if (found != objects_.end()) data(found->second, bytes, origin);
}

void SearchInside::object_gap(const FindingPlace& /*place*/, ObjectNumber object, std::uint64_t size) {
  const auto found = objects_.find(object);
  if (found != objects_.end()) gap(found->second, size);
}

void SearchInside::end_object(const FindingPlace& /*place*/, ObjectNumber object, const ObjectEnd& /*end*/) {
  const auto found = objects_.find(object);
  if (found == objects_.end()) return;
  finish(found->second);
  objects_.erase(found);
}

void SearchInside::plain(const FindingPlace& place, TcpFlowDirection direction, Bytes bytes,
                         const Origin& origin) {
  if (factory_.plan().in != SearchIn::decrypted) return;
  direction = sender_of(place, direction);
  Thing& thing = plain_[{std::string(place.layer), direction}];
  thing.direction = direction;
  thing.layer = place.layer;
  data(thing, bytes, origin);
}

void SearchInside::plain_gap(const FindingPlace& place, TcpFlowDirection direction, std::uint64_t size) {
  const auto found = plain_.find({std::string(place.layer), sender_of(place, direction)});
  if (found != plain_.end()) gap(found->second, size);
}

void SearchInside::swap_roles() {
  conversation_.swap_roles();
  std::swap(matches_[0], matches_[1]);
  for (auto& [object, thing] : objects_) thing.direction = reverse(thing.direction);
  std::map<std::pair<std::string, TcpFlowDirection>, Thing> swapped;
  while (!plain_.empty()) {
    auto one = plain_.extract(plain_.begin());
    one.key().second = one.mapped().direction = reverse(one.key().second);
    swapped.insert(std::move(one));
  }
  plain_ = std::move(swapped);
}

void SearchInside::close() {
  conversation_.close();
  for (auto& [object, thing] : objects_) finish(thing);
  for (auto& [layer, thing] : plain_) finish(thing);
  objects_.clear();
  plain_.clear();
}

}  // namespace restitch
