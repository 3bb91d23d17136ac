#include <algorithm>
#include <utility>

#include "output/datagram.h"
#include "output/file_store.h"
#include "output/pcapng_writer.h"
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

// A datagram that came in fragments is written whole, without its link layer: no one frame has it.
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
    append_section_header(extraction_->block_);
  }
  std::vector<std::uint8_t>& block = extraction_->block_;
  if (packet.origin().reassembled) {
    const std::vector<std::uint8_t> datagram = datagram_of(net_, direction, tcp.bytes);
    const std::uint32_t interface = interface_of(LinkType::raw);
    CaptureInfo info = packet.capture_info();
    info.original_size = static_cast<std::uint32_t>(datagram.size());
    append_packet(block, interface, info, datagram, "put together from IP fragments");
  } else {
    if (wrote(packet.capture_info())) return;
    const std::uint32_t interface = interface_of(packet.link_type());
    append_packet(block, interface, packet.capture_info(), packet.frame());
  }
  // Whole blocks, or the file would be none.
  if (!refused_ && extraction_->admit(block.size()) < block.size()) refused_ = true;
  if (refused_) {
    extraction_->counts_.bytes_left_out += block.size();
  } else {
    extraction_->store_->append(file_->id(), block);
  }
  block.clear();
}

// A frame that holds several segments is written once. Notes that it is written now.
bool CaptureStream::wrote(const CaptureInfo& info) {
  const bool same =
      info.packet_number != 0 && info.packet_number == frame_number_ && info.source_index == frame_source_;
  frame_number_ = info.packet_number;
  frame_source_ = info.source_index;
  return same;
}

std::uint32_t CaptureStream::interface_of(LinkType link_type) {
  const auto known = std::find(interfaces_.begin(), interfaces_.end(), link_type);
  const auto index = static_cast<std::uint32_t>(known - interfaces_.begin());
  if (known == interfaces_.end()) {
    interfaces_.push_back(link_type);
    append_interface(extraction_->block_, link_type);
  }
  return index;
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
