// PacketPipe: the packets of chosen connections as one pcapng, in the order they come: for a program that
// reads them while they are captured, such as Wireshark. PipedStream brings them. Needs the frames, which
// feed() tells (packet_context.h). The pipe must outlive the pool of its streams. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "restitch/output_connections.h"
#include "restitch/packet_context.h"

namespace RESTITCH_API restitch {

class PacketPipe {
 public:
  // Takes whole blocks.
  using Sink = std::function<void(std::string_view)>;
  // Asked for each packet of a connection until it says yes; what came before is not written then.
  using Wanted = std::function<bool(const ConnectionSummary&)>;

  // Writes the head of the file.
  PacketPipe(Sink sink, Wanted wanted);

  // Of those that were written.
  [[nodiscard]] std::uint64_t packets() const { return packets_; }

 private:
  friend class PipedStream;
  struct Frame {
    std::uint32_t source = 0;
    std::uint64_t number = 0;
    bool operator==(const Frame&) const = default;
  };

  void write(const NetFlow& net, TcpFlowDirection direction, const TcpSegment& tcp,
             const PacketContext& packet);
  std::uint32_t interface_of(LinkType link_type);
  void pass_on();

  Sink sink_;
  Wanted wanted_;
  std::vector<std::uint8_t> block_;
  std::vector<LinkType> interfaces_;  // in the order of their numbers
  Frame last_;                        // that was written
  std::uint64_t packets_ = 0;
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
