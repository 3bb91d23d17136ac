// PacketPipe: passes on the packets of chosen connections in the order they come, for a program that reads
// them while they are captured, such as Wireshark (output_pcapng.h makes a file of them). PipedStream brings
// them. Needs the frames, which feed() tells (packet_context.h). The pipe must outlive the pool of its
// streams. One thread.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "restitch/output_connections.h"
#include "restitch/packet_context.h"

namespace RESTITCH_API restitch {

class PacketPipe {
 public:
  // A segment from `net.source` to `net.destination`, and its packet; borrowed.
  using Sink = std::function<void(const TcpSegment& tcp, const NetFlow& net, const PacketContext& packet)>;
  // Asked for each packet of a connection until it says yes; what came before is not passed on then. Without
  // it, all are wanted.
  using Wanted = std::function<bool(const ConnectionSummary&)>;

  PacketPipe(Sink sink, Wanted wanted) : sink_(std::move(sink)), wanted_(std::move(wanted)) {}

 private:
  friend class PipedStream;

  Sink sink_;
  Wanted wanted_;
};

// Stays with its connection beyond the end: the last acknowledgement belongs to it.
class PipedStream {
 public:
  PipedStream(PacketPipe& pipe, ConnectionLog& log, ConnectionSummary& summary)
      : pipe_(&pipe), notes_(std::in_place, log, summary), net_(summary.net) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context);
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) { notes_->reassembled_sg(sg, context); }
  bool reassembly_complete(AssemblerContext* context, EndReason reason);
  void on_event(const Event& event);

 private:
  PacketPipe* pipe_;
  std::optional<SummaryStream> notes_;  // until the end of the connection
  NetFlow net_;                         // client to server
  bool chosen_ = false;
};

class PipedStreamFactory {
 public:
  PipedStreamFactory(PacketPipe& pipe, ConnectionLog& log) : pipe_(pipe), log_(log) {}

  std::optional<PipedStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                    AssemblerContext& context) {
    return std::optional<PipedStream>(std::in_place, pipe_, log_,
                                      log_.open(net, transport, rank_of(context)));
  }

 private:
  PacketPipe& pipe_;
  ConnectionLog& log_;
};

}  // namespace restitch
