#include <utility>

#include "output/file_store.h"
#include "output/text.h"
#include "restitch/output_captures.h"
#include "restitch/output_json.h"

namespace restitch {

CaptureStream::File::~File() {
  if (extraction_ != nullptr) extraction_->store_->close(id_);
}

bool CaptureStream::accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
                           std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
  if (tcp.fin()) fins_[static_cast<std::size_t>(direction)] = true;
  if (tcp.rst()) reset_ = true;
  if (notes_) notes_->accept(tcp, info, direction, next_seq, start, context);
  if (const PacketContext* const packet = context_of(context)) write(tcp, direction, *packet);
  return true;
}

void CaptureStream::write(const TcpSegment& tcp, TcpFlowDirection direction, const PacketContext& packet) {
  if (notes_) net_ = notes_->net();
  if (!file_) {
    if (!notes_ || refused_) return;
    if (!extraction_->may_create()) {
      refused_ = true;
      ++extraction_->counts_.streams_left_out;
      return;
    }
    const auto id = extraction_->create(notes_->summary(), direction, ".pcapng");
    if (!id) return;
    file_.emplace(*extraction_, *id);
    packets_.append_start(extraction_->block_);
  }
  std::vector<std::uint8_t>& block = extraction_->block_;
  NetFlow net = net_;
  if (direction == TcpFlowDirection::server_to_client) std::swap(net.source, net.destination);
  packets_.append(block, tcp, net, packet);
  // Whole blocks, or the file would be none.
  const std::uint64_t size = extraction_->store_->size(file_->id());
  if (!refused_ && extraction_->admit(block.size(), size) < block.size()) refused_ = true;
  if (refused_) {
    extraction_->counts_.bytes_left_out += block.size();
  } else {
    extraction_->store_->append(file_->id(), block, packet.capture_info().timestamp);
  }
  block.clear();
}

void CaptureStream::reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
  notes_->reassembled_sg(sg, context);
  const bool fin = fins_[static_cast<std::size_t>(sg.info().direction)] && !reset_;
  if (!sg.info().end || !fin || !extraction_->options_.index_directions) return;
  ConnectionSummary& summary = notes_->summary();
  const EndReason end = std::exchange(summary.end, EndReason::fin);
  mention(sg.info().direction);
  extraction_->index_end(summary);
  summary.end = end;
}

void CaptureStream::on_event(const Event& event) {
  if (event.kind == EventKind::roles_swapped) {
    std::swap(fins_[0], fins_[1]);
    std::swap(indexed_[0], indexed_[1]);
  }
  if (notes_) notes_->on_event(event);
}

// Has the index tell of a direction, once.
void CaptureStream::mention(TcpFlowDirection direction) {
  bool& indexed = indexed_[static_cast<std::size_t>(direction)];
  if (!file_ || indexed || notes_->summary().direction(direction).packets == 0) return;
  std::string& more = extraction_->more_[static_cast<std::size_t>(direction)];
  more = R"("file":)";
  append_json_string(more, extraction_->store_->name(file_->id()));
  indexed = true;
}

bool CaptureStream::reassembly_complete(AssemblerContext* context, EndReason reason) {
  ConnectionSummary& summary = notes_->summary();
  summary.end = reason;
  for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    mention(direction);
  }
  extraction_->index_end(summary);
  notes_->reassembly_complete(context, reason);
  notes_.reset();
  return false;
}

}  // namespace restitch
