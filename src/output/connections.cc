#include <algorithm>
#include <numeric>
#include <utility>

#include "output/text.h"
#include "restitch/output_connections.h"
#include "restitch/packet_context.h"

namespace restitch {

std::uint64_t DirectionSummary::gap_bytes() const {
  std::uint64_t sum = unlisted_bytes;
  for (const Gap& gap : gaps) sum += gap.size;
  return sum;
}

std::uint64_t DirectionSummary::event_count() const {
  return std::accumulate(events.begin(), events.end(), std::uint64_t{0});
}

std::string ConnectionSummary::sender(TcpFlowDirection which) const {
  return which == TcpFlowDirection::client_to_server
             ? endpoint_to_string(net.source, transport.source_port)
             : endpoint_to_string(net.destination, transport.destination_port);
}

Timestamp ConnectionSummary::first_seen() const {
  Timestamp first;
  for (const DirectionSummary& side : directions) {
    if (side.first_seen.ns == 0) continue;
    if (first.ns == 0 || side.first_seen < first) first = side.first_seen;
  }
  return first;
}

Timestamp ConnectionSummary::last_seen() const {
  Timestamp last;
  for (const DirectionSummary& side : directions) {
    if (side.first_seen.ns != 0 && (last.ns == 0 || side.last_seen > last)) last = side.last_seen;
  }
  return last;
}

std::int64_t ConnectionSummary::duration_ns() const { return duration_between(first_seen(), last_seen()); }

void ConnectionSummary::swap_roles() {
  std::swap(net.source, net.destination);
  std::swap(transport.source_port, transport.destination_port);
  std::swap(directions[0], directions[1]);
  server_first = !server_first;
}

EventNote EventNote::of(const Event& event) {
  const auto first_of = [](Bytes bytes) {
    const Bytes shown = bytes.first(std::min(bytes.size(), shown_max));
    return std::vector<std::uint8_t>(shown.begin(), shown.end());
  };
  return {event.kind,
          event.refusal,
          event.limit,
          event.offset,
          event.size,
          event.info.timestamp,
          event.info.packet_number,
          first_of(event.held),
          first_of(event.arrived),
          event.held_info.timestamp,
          event.held_info.packet_number,
          event.delivered};
}

void SummaryStream::note_first(const CaptureInfo& info, TcpFlowDirection direction) {
  summary_->first_packet = info.packet_number;
  summary_->first_source = info.source_index;
  summary_->first_time = info.timestamp;
  summary_->server_first = direction == TcpFlowDirection::server_to_client;
}

void SummaryStream::note_origin(TcpFlowDirection direction, const PacketOrigin& origin) {
  DirectionSummary& side = summary_->direction(direction);
  if (origin.copied) ++side.copies;
  if (tallies_[static_cast<std::size_t>(direction)].packets != 0) return;
  side.vlan = origin.vlan;
  side.tunnel = origin.tunnel;
  side.tunnel_id = origin.tunnel_id;
}

bool SummaryStream::accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
                           std::optional<Sequence> /*next_seq*/, bool& /*start*/, AssemblerContext& context) {
  Tally& tally = tallies_[static_cast<std::size_t>(direction)];
  const Timestamp time = info.timestamp;
  if (tcp.syn()) summary_->client_known = true;
  if (const PacketContext* const packet = context_of(context)) {
    log_->note_packet(packet->rank());
    note_origin(direction, packet->origin());
  } else if (log_->notes_packets()) {
    ++summary_->direction(direction).again;
  }
  if (tally.packets++ == 0) {
    if (tallies_[static_cast<std::size_t>(reverse(direction))].packets == 0) note_first(info, direction);
    tally.first_seen = tally.last_seen = time;
  } else {
    tally.first_seen = std::min(tally.first_seen, time);
    tally.last_seen = std::max(tally.last_seen, time);
  }
  return true;
}

void SummaryStream::reassembled_sg(ScatterGather& sg, AssemblerContext& /*context*/) {
  const ScatterGather::Info& info = sg.info();
  const auto [available, saved] = sg.lengths();
  if (info.skip > 0) {
    const auto size = static_cast<std::uint64_t>(info.skip);
    log_->add_gap(summary_->direction(info.direction), {info.offset + saved - size, size});
  }
  tallies_[static_cast<std::size_t>(info.direction)].bytes += available - saved;
}

void SummaryStream::write_tallies() {
  for (std::size_t i = 0; i < tallies_.size(); ++i) {
    DirectionSummary& side = summary_->directions[i];
    side.packets = tallies_[i].packets;
    side.bytes = tallies_[i].bytes;
    side.first_seen = tallies_[i].first_seen;
    side.last_seen = tallies_[i].last_seen;
  }
}

bool SummaryStream::reassembly_complete(AssemblerContext* /*context*/, EndReason reason) {
  write_tallies();
  log_->close(*summary_, reason);
  return true;
}

void SummaryStream::on_event(const Event& event) {
  if (event.kind == EventKind::roles_swapped) {
    summary_->swap_roles();
    std::swap(tallies_[0], tallies_[1]);
  }
  log_->add_event(summary_->direction(event.direction), event);
}

}  // namespace restitch
