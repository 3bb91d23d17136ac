#include <algorithm>
#include <utility>

#include "output/datagram.h"
#include "output/pcapng_writer.h"
#include "restitch/output_pipe.h"

namespace restitch {

PacketPipe::PacketPipe(Sink sink, Wanted wanted) : sink_(std::move(sink)), wanted_(std::move(wanted)) {
  append_section_header(block_);
  pass_on();
}

void PacketPipe::pass_on() {
  sink_({reinterpret_cast<const char*>(block_.data()), block_.size()});
  block_.clear();
}

// A frame that holds several segments is written once. A datagram that came in fragments is written whole,
// without its link layer.
void PacketPipe::write(const NetFlow& net, TcpFlowDirection direction, const TcpSegment& tcp,
                       const PacketContext& packet) {
  const CaptureInfo& of_packet = packet.capture_info();
  const Frame frame{of_packet.source_index, of_packet.packet_number};
  if (std::exchange(last_, frame) == frame && frame.number != 0) return;
  if (packet.origin().reassembled) {
    const std::vector<std::uint8_t> datagram = datagram_of(net, direction, tcp.bytes);
    CaptureInfo info = packet.capture_info();
    info.original_size = static_cast<std::uint32_t>(datagram.size());
    const std::uint32_t interface = interface_of(LinkType::raw);
    append_packet(block_, interface, info, datagram, "put together from IP fragments");
  } else {
    const std::uint32_t interface = interface_of(packet.link_type());
    append_packet(block_, interface, packet.capture_info(), packet.frame());
  }
  ++packets_;
  pass_on();
}

std::uint32_t PacketPipe::interface_of(LinkType link_type) {
  const auto known = std::find(interfaces_.begin(), interfaces_.end(), link_type);
  const auto index = static_cast<std::uint32_t>(known - interfaces_.begin());
  if (known == interfaces_.end()) {
    interfaces_.push_back(link_type);
    append_interface(block_, link_type);
  }
  return index;
}

bool PipedStream::accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
                         std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
  if (notes_) {
    notes_->accept(tcp, info, direction, next_seq, start, context);
    net_ = notes_->net();
    if (!chosen_) chosen_ = !pipe_->wanted_ || pipe_->wanted_(notes_->summary());
  }
  const PacketContext* const packet = context_of(context);
  if (chosen_ && packet != nullptr) pipe_->write(net_, direction, tcp, *packet);
  return true;
}

bool PipedStream::reassembly_complete(AssemblerContext* context, EndReason reason) {
  notes_->reassembly_complete(context, reason);
  notes_.reset();
  return false;
}

void PipedStream::on_event(const Event& event) {
  if (notes_) notes_->on_event(event);
}

}  // namespace restitch
