#include <utility>

#include "restitch/output_pipe.h"

namespace restitch {

bool PipedStream::accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
                         std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
  if (notes_) {
    notes_->accept(tcp, info, direction, next_seq, start, context);
    net_ = notes_->net();
    if (!chosen_) chosen_ = !pipe_->wanted_ || pipe_->wanted_(notes_->summary());
  }
  const PacketContext* const packet = context_of(context);
  if (!chosen_ || packet == nullptr) return true;
  NetFlow net = net_;
  if (direction == TcpFlowDirection::server_to_client) std::swap(net.source, net.destination);
  pipe_->sink_(tcp, net, *packet);
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
