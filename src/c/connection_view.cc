#include "c/connection_view.h"

#include <algorithm>
#include <utility>

#include "c/values.h"
#include "restitch/output_ids.h"

namespace restitch::c {

ConnectionView::ConnectionView(EndedConnection&& connection, std::uint16_t community_seed, bool join)
    : connection_(std::move(connection)),
      uid_(connection_uid(connection_.summary)),
      community_id_(community_id(connection_.summary.net, connection_.summary.transport, community_seed)) {
  const ConnectionSummary& summary = connection_.summary;
  show(halves_[0], TcpFlowDirection::client_to_server);
  show(halves_[1], TcpFlowDirection::server_to_client);
  if (join) {
    for (Half& half : halves_) ConnectionView::join(half);
  }
  shown_.size = sizeof shown_;
  shown_.number = summary.number;
  shown_.uid = uid_.c_str();
  shown_.community_id = community_id_.c_str();
  shown_.client_known = summary.client_known ? 1 : 0;
  shown_.end = number_of(summary.end);
  shown_.first_seen_ns = summary.first_seen().ns;
  shown_.last_seen_ns = summary.last_seen().ns;
  shown_.first_packet = summary.first_packet;
  shown_.client = &halves_[0].shown;
  shown_.server = &halves_[1].shown;
  shown_.state = summary.trace->state().data();
  shown_.history = summary.trace->history.c_str();
  shown_.service = summary.trace->service.c_str();
}

void ConnectionView::show(Half& half, TcpFlowDirection direction) {
  const ConnectionSummary& summary = connection_.summary;
  const DirectionSummary& side = summary.direction(direction);
  const KeptHalf& kept = connection_.halves[static_cast<std::size_t>(direction)];
  const bool client = direction == TcpFlowDirection::client_to_server;
  for (const Gap& gap : side.gaps) half.gaps.push_back({gap.offset, gap.size});
  list_events(half, direction);
  restitch_half& to = half.shown;
  to.size = sizeof to;
  to.sender = client ? endpoint_of(summary.net.source, summary.transport.source_port)
                     : endpoint_of(summary.net.destination, summary.transport.destination_port);
  half.blocks = kept.data.blocks();
  to.blocks = half.blocks.data();
  to.block_count = half.blocks.size();
  to.data_size = kept.data.size();
  to.byte_count = side.bytes;
  to.left_out = kept.left_out;
  to.packets = side.packets;
  to.copies = side.copies;
  to.first_seen_ns = side.first_seen.ns;
  to.last_seen_ns = side.last_seen.ns;
  to.gaps = half.gaps.data();
  to.gap_count = half.gaps.size();
  to.gaps_unlisted = side.gaps_unlisted;
  to.gap_bytes = side.gap_bytes();
  to.events = half.event_list.data();
  to.event_count = half.event_list.size();
  to.event_counts = side.events.data();
  to.pieces = kept.pieces.data();
  to.piece_count = kept.pieces.size();
  to.vlan = side.vlan;
  to.tunnel = side.tunnel == LayerKind::none ? nullptr : to_string(side.tunnel).data();
  to.tunnel_id = side.tunnel_id;
}

// Without a copy where it is one already.
void ConnectionView::join(Half& half) {
  if (half.blocks.empty()) return;
  half.shown.data = half.blocks.front().data;
  if (half.blocks.size() == 1) return;
  half.joined = std::make_unique_for_overwrite<std::uint8_t[]>(half.shown.data_size);
  std::uint8_t* to = half.joined.get();
  for (const restitch_block& block : half.blocks) to = std::copy_n(block.data, block.size, to);
  half.shown.data = half.joined.get();
}

void ConnectionView::list_events(Half& half, TcpFlowDirection direction) {
  const std::vector<EventNote>& notes = connection_.summary.direction(direction).event_list;
  half.events.reserve(notes.size());
  for (const EventNote& note : notes) half.events.push_back(event_of(note, number_of(direction)));
  half.event_list.reserve(half.events.size());
  for (const restitch_event& event : half.events) half.event_list.push_back(&event);
}

}  // namespace restitch::c
