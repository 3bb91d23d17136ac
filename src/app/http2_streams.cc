#include "app/http2_streams.h"

#include <algorithm>
#include <utility>

#include "restitch/app/services.h"

namespace restitch {

Http2Stream* Http2Streams::find(std::uint32_t id) {
  const auto at = streams_.find(id);
  return at == streams_.end() ? nullptr : at->second.get();
}

Http2Stream& Http2Streams::open(std::uint32_t id, const Origin& origin, Findings& findings) {
  if (streams_.size() >= std::max<std::size_t>(findings.services().limits().streams_max, 1)) {
    give_way(0, origin, findings);
  }
  auto stream = std::make_unique<Http2Stream>(id, ++depth_);
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    if (ended(direction)) stream->end(direction, false, origin, findings);
  }
  last_[id & 1u] = std::max(last_[id & 1u], id);
  return *streams_.emplace(id, std::move(stream)).first->second;
}

void Http2Streams::settle(std::uint32_t id, const Origin& origin, Findings& findings) {
  const auto at = streams_.find(id);
  if (at == streams_.end()) return;
  if (at->second->over()) return report(at, findings);
  fields_size_ += at->second->take_growth();
  while (fields_size_ > 16 * findings.services().limits().header_max && streams_.size() > 1) {
    give_way(id, origin, findings);
  }
}

// The oldest one, but not the one that is just dealt with.
void Http2Streams::give_way(std::uint32_t but, const Origin& origin, Findings& findings) {
  auto at = streams_.begin();
  if (at->first == but) ++at;
  if (!std::exchange(crowded_told_, true)) {
    findings.anomaly("http2_too_many_streams", TcpFlowDirection::client_to_server, origin);
  }
  report(at, findings);
}

void Http2Streams::report(Map::iterator at, Findings& findings) {
  const std::unique_ptr<Http2Stream> stream = std::move(at->second);
  streams_.erase(at);
  fields_size_ -= stream->counted_size();
  stream->report(findings);
}

void Http2Streams::reset(std::uint32_t id, TcpFlowDirection by, std::uint32_t code, const Origin& origin,
                         Findings& findings) {
  const auto at = streams_.find(id);
  if (at == streams_.end()) return;
  at->second->reset(by, code);
  if (by == TcpFlowDirection::client_to_server && ++resets_ == resets_told) {
    findings.anomaly("http2_rapid_reset", by, origin, std::to_string(resets_) + " streams");
  }
  report(at, findings);
}

void Http2Streams::end(TcpFlowDirection direction, Findings& findings) {
  if (std::exchange(ended_[static_cast<std::size_t>(direction)], true)) return;
  for (auto at = streams_.begin(); at != streams_.end();) {
    const auto here = at++;
    here->second->end(direction, false, {}, findings);
    if (here->second->over()) report(here, findings);
  }
}

void Http2Streams::close(Findings& findings) {
  while (!streams_.empty()) report(streams_.begin(), findings);
}

}  // namespace restitch
