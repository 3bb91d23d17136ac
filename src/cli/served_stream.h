// ServedStream: a stream that passes the packets of its connection on to a PacketServer. It keeps its
// connection in the pool after the end, so that the last acknowledgement goes with it. The server must
// outlive the pool. One thread.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "cli/packet_server.h"
#include "restitch/output_connections.h"

namespace restitch::cli {

class ServedStream {
 public:
  // Without `wanted`, it takes notes and sends nothing.
  ServedStream(PacketServer& server, ConnectionLog& log, ConnectionSummary& summary, bool wanted)
      : server_(&server), notes_(std::in_place, log, summary), wanted_(wanted) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    if (notes_) {
      notes_->accept(tcp, info, direction, next_seq, start, context);
      net_ = notes_->net();
    }
    const PacketContext* const packet = context_of(context);
    if (!wanted_ || packet == nullptr) return true;
    NetFlow net = net_;
    if (direction == TcpFlowDirection::server_to_client) std::swap(net.source, net.destination);
    server_->send(tcp, net, *packet);
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) { notes_->reassembled_sg(sg, context); }
  bool reassembly_complete(AssemblerContext* context, EndReason reason) {
    notes_->reassembly_complete(context, reason);
    notes_.reset();
    return false;
  }
  void on_event(const Event& event) {
    if (notes_) notes_->on_event(event);
  }

 private:
  PacketServer* server_;
  std::optional<SummaryStream> notes_;  // until the end of the connection
  NetFlow net_;                         // client to server
  bool wanted_;
};

class ServedStreamFactory {
 public:
  using Wanted = std::function<bool(const ConnectionSummary& summary)>;

  ServedStreamFactory(PacketServer& server, ConnectionLog& log, Wanted wanted)
      : server_(server), log_(log), wanted_(std::move(wanted)) {}

  std::optional<ServedStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                     AssemblerContext& /*context*/) {
    ConnectionSummary& summary = log_.open(net, transport);
    return std::optional<ServedStream>(std::in_place, server_, log_, summary, !wanted_ || wanted_(summary));
  }

 private:
  PacketServer& server_;
  ConnectionLog& log_;
  Wanted wanted_;
};

}  // namespace restitch::cli
