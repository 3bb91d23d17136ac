#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "restitch/output_follow.h"
#include "restitch/output_ids.h"

namespace restitch {

bool FollowStream::accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
                          std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
  const bool accepted = notes_.accept(tcp, info, direction, next_seq, start, context);
  if (writer_ != nullptr) {
    if (!node0_) begin(tcp, direction);
    note_waiting(sides_[node_of(direction)], tcp, next_seq);
  }
  return accepted;
}

void FollowStream::begin(const TcpSegment& tcp, TcpFlowDirection direction) {
  node0_ = direction;
  const ConnectionSummary& summary = notes_.summary();
  FollowHead head{.number = summary.number,
                  .net = summary.net,
                  .transport = tcp.transport(),
                  .uid = connection_uid(summary),
                  .community_id = community_id(summary.net, summary.transport, writer_->community_seed()),
                  .server_first = direction == TcpFlowDirection::server_to_client};
  if (head.server_first) std::swap(head.net.source, head.net.destination);
  writer_->begin(head);
}

// Bytes that come too early are delivered later: until then nothing of the other side may overtake them.
void FollowStream::note_waiting(Side& side, const TcpSegment& tcp, std::optional<Sequence> next_seq) {
  if (side.waits && next_seq && next_seq->difference(side.waits_until) <= 0) {
    side.waits = false;
    write_waiting();
  }
  if (tcp.payload.empty() || (next_seq && next_seq->difference(tcp.sequence) <= 0)) return;
  if (tcp.syn()) return;  // with its bytes it begins the stream
  const Sequence last = tcp.sequence.add(static_cast<std::int64_t>(tcp.payload.size()));
  if (!side.waits || side.waits_until.difference(last) > 0) side.waits_until = last;
  side.waits = true;
}

void FollowStream::reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
  notes_.reassembled_sg(sg, context);
  if (writer_ == nullptr) return;
  Side& side = sides_[node_of(sg.info().direction)];
  if (sg.info().skip > 0) {
    CaptureInfo info;
    info.packet_number = context.capture_info().packet_number;
    const CaptureInfo after = sg.chunks().empty() ? context.capture_info() : *sg.chunks().front().info;
    put(side, after, {info, static_cast<std::uint64_t>(sg.info().skip), {}});
  }
  for (const ScatterGather::Chunk& chunk : sg.chunks()) {
    if (!chunk.bytes.empty()) put(side, *chunk.info, {*chunk.info, 0, chunk.bytes, chunk.transmission});
  }
}

void FollowStream::on_event(const Event& event) {
  if (event.kind == EventKind::roles_swapped && node0_) node0_ = reverse(*node0_);
  notes_.on_event(event);
  if (writer_ == nullptr || !writer_->notes() || !node0_) return;
  put(sides_[node_of(event.direction)], event.info, {.info = event.info, .event = EventNote::of(event)});
}

// Where nobody waits, which is nearly always, nothing is copied.
void FollowStream::put(Side& side, const CaptureInfo& came_with, const Piece& piece) {
  const auto node = static_cast<unsigned>(&side - sides_.data());
  const auto only = writer_->only();
  if (only && node_of(*only) != node) return;
  side.reached = std::max(side.reached, Moment{came_with.timestamp, came_with.packet_number});
  if (only || waiting_max_ == 0 || (!sides_[0].waits && !sides_[1].waits)) {
    write(node, piece);
    return;
  }
  waiting_.push_back({side.reached, node, piece, {piece.bytes.begin(), piece.bytes.end()}});
  // The list grows by doubling, and to sort it takes as much again.
  waiting_bytes_ += piece.bytes.size() + 4 * sizeof(Waiting);
  if (waiting_bytes_ > waiting_max_) write_waiting();
}

// In the order in which the bytes could be read; of one side nothing changes places, `when` only grows.
void FollowStream::write_waiting() {
  std::stable_sort(waiting_.begin(), waiting_.end(),
                   [](const Waiting& a, const Waiting& b) { return a.when < b.when; });
  for (Waiting& waiting : waiting_) {
    waiting.piece.bytes = waiting.bytes;
    write(waiting.node, waiting.piece);
  }
  waiting_ = decltype(waiting_)();  // with its capacity, which = {} would keep
  waiting_bytes_ = 0;
}

void FollowStream::write(unsigned node, const Piece& piece) {
  if (piece.event) {
    writer_->event(node, *piece.event);
  } else if (piece.missing != 0) {
    writer_->missing(node, piece.info.packet_number, piece.missing);
  } else {
    writer_->data(node, piece.info, piece.bytes, piece.transmission);
  }
}

bool FollowStream::reassembly_complete(AssemblerContext* context, EndReason reason) {
  if (writer_ != nullptr) {
    write_waiting();
    // The closing line says that this was all.
    if (reason != EndReason::interrupted) writer_->end();
  }
  return notes_.reassembly_complete(context, reason);
}

}  // namespace restitch
