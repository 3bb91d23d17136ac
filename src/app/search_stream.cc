#include "restitch/app/search_stream.h"

#include <utility>

#include "app/search_inside.h"
#include "app/search_pairs.h"
#include "restitch/output_ids.h"

namespace restitch {
namespace {

class StreamExcerpts final : public ExcerptSink {
 public:
  StreamExcerpts(SearchStream& stream, TcpFlowDirection direction) : stream_(stream), direction_(direction) {}
  void take(SearchExcerpt&& excerpt) override { stream_.tell(direction_, std::move(excerpt), {}, {}); }

 private:
  SearchStream& stream_;
  TcpFlowDirection direction_;
};

Origin origin_of(const ScatterGather& sg, const ScatterGather::Chunk& chunk) {
  return {sg.info().offset + chunk.offset, 0, chunk.info->timestamp, chunk.info->packet_number};
}

}  // namespace

SearchStream::SearchStream(SearchFactory& factory, ConnectionLog& log, ConnectionSummary& summary)
    : factory_(&factory), log_(&log), summary_(&summary), notes_(log, summary) {
  const SearchPlan& plan = factory.plan();
  if (plan.in != SearchIn::stream) inside_ = std::make_unique<SearchInside>(factory, summary);
  if (plan.then_from != 0) pairs_ = std::make_unique<SearchPairs>();
}

SearchStream::SearchStream(SearchStream&& other) noexcept = default;
SearchStream& SearchStream::operator=(SearchStream&& other) noexcept = default;
SearchStream::~SearchStream() = default;

std::uint64_t SearchStream::matches(TcpFlowDirection direction) const {
  return inside_ != nullptr ? inside_->matches(direction)
                            : directions_[static_cast<std::size_t>(direction)].matches();
}

// One match is all that is asked, and it was found.
bool SearchStream::done() const {
  return factory_->plan().connection_only && pairs_ == nullptr &&
         (matches(TcpFlowDirection::client_to_server) != 0 ||
          matches(TcpFlowDirection::server_to_client) != 0);
}

void SearchStream::reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
  notes_.reassembled_sg(sg, context);
  const bool was_done = done();
  if (inside_ != nullptr) {
    search_inside(sg);
  } else if (!was_done) {
    search(sg);
  }
  if (!was_done && done()) pass_on(note());
}

void SearchStream::search(ScatterGather& sg) {
  const SearchPlan& plan = factory_->plan();
  const TcpFlowDirection direction = sg.info().direction;
  if (plan.only && *plan.only != direction && pairs_ == nullptr) return;
  DirectionSearch& search = directions_[static_cast<std::size_t>(direction)];
  StreamExcerpts sink(*this, direction);
  if (sg.info().skip > 0) {
    search.gap(factory_->searcher(), static_cast<std::uint64_t>(sg.info().skip), sink);
  }
  for (const ScatterGather::Chunk& chunk : sg.chunks()) {
    search.data(factory_->searcher(), chunk.bytes, origin_of(sg, chunk), sink);
  }
  if (sg.info().end) {
    search.finish(factory_->searcher(), sink);
  } else if (plan.rules.at_once) {
    search.tell(factory_->searcher(), sink);
  }
}

void SearchStream::search_inside(ScatterGather& sg) {
  inside_->report_to(*this);
  Conversation& conversation = inside_->conversation();
  const TcpFlowDirection direction = sg.info().direction;
  if (sg.info().skip > 0) conversation.gap(direction, static_cast<std::uint64_t>(sg.info().skip));
  for (const ScatterGather::Chunk& chunk : sg.chunks()) {
    if (!chunk.bytes.empty()) conversation.data(direction, chunk.bytes, origin_of(sg, chunk));
  }
  if (sg.info().end) conversation.end(direction);
}

void SearchStream::on_event(const Event& event) {
  notes_.on_event(event);
  if (event.kind != EventKind::roles_swapped) return;
  std::swap(directions_[0], directions_[1]);
  if (inside_ != nullptr) inside_->swap_roles();
  if (pairs_ != nullptr) pairs_->swap_roles();
}

bool SearchStream::reassembly_complete(AssemblerContext* context, EndReason reason) {
  if (inside_ != nullptr) {
    inside_->report_to(*this);
    inside_->close();
  }
  SearchNote last = note();
  last.closing = true;
  for (const TcpFlowDirection direction :
       {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    const auto side = static_cast<std::size_t>(direction);
    StreamExcerpts sink(*this, direction);
    if (!done()) directions_[side].finish(factory_->searcher(), sink);
    last.matches[side] = matches(direction);
  }
  if (pairs_ != nullptr) {
    last.matches = {pairs_->pairs(TcpFlowDirection::client_to_server),
                    pairs_->pairs(TcpFlowDirection::server_to_client)};
  }
  if (last.matches[0] != 0 || last.matches[1] != 0) pass_on(std::move(last));
  return notes_.reassembly_complete(context, reason);
}

SearchNote SearchStream::note() {
  SearchNote note;
  note.net = summary_->net;
  note.transport = summary_->transport;
  note.uid = connection_uid(notes_.summary());
  return note;
}

void SearchStream::tell(TcpFlowDirection direction, SearchExcerpt&& excerpt, std::string layer,
                        std::string object) {
  SearchNote found = note();
  found.direction = direction;
  found.excerpt = std::move(excerpt);
  found.layer = std::move(layer);
  found.object = std::move(object);
  if (pairs_ == nullptr) return pass_on(std::move(found));
  const SearchPlan& plan = factory_->plan();
  for (auto& pair : pairs_->add(found, plan.then_from, plan.only)) {
    if (!pair) continue;
    pass_on(std::move(pair->first));
    pass_on(std::move(pair->second));
  }
}

void SearchStream::pass_on(SearchNote&& note) {
  log_->note(*summary_, std::make_unique<SearchNote>(std::move(note)));
}

}  // namespace restitch
