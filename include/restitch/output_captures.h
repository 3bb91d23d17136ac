// CaptureStream: a stream that writes the packets of its connection to a pcapng file of its own, in an
// Extraction's folder (output_files.h), with a line in its index for each direction.
//
// It keeps its connection in the pool after the end, so that the last acknowledgement and what comes late
// are in the file too; whoever has many connections flushes old ones now and then. Needs the frames, which
// feed() tells (packet_context.h). The Extraction must outlive the pool of its streams. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "restitch/output_files.h"
#include "restitch/output_pcapng.h"
#include "restitch/packet_context.h"

namespace RESTITCH_API restitch {

class CaptureStream {
 public:
  // Without `written`, it takes notes and writes nothing.
  CaptureStream(Extraction& extraction, ConnectionLog& log, ConnectionSummary& summary, bool written = true)
      : extraction_(&extraction), notes_(std::in_place, log, summary), refused_(!written) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context);
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context);
  bool reassembly_complete(AssemblerContext* context, EndReason reason);
  void on_event(const Event& event);

 private:
  // Closes the file when the connection goes.
  class File {
   public:
    File(Extraction& extraction, std::uint32_t id) : extraction_(&extraction), id_(id) {}
    File(File&& other) noexcept : extraction_(std::exchange(other.extraction_, nullptr)), id_(other.id_) {}
    File& operator=(File&& other) noexcept {
      std::swap(extraction_, other.extraction_);
      std::swap(id_, other.id_);
      return *this;
    }
    ~File();
    [[nodiscard]] std::uint32_t id() const { return id_; }

   private:
    Extraction* extraction_;
    std::uint32_t id_;
  };

  void write(const TcpSegment& tcp, TcpFlowDirection direction, const PacketContext& packet);
  void mention(TcpFlowDirection direction);

  Extraction* extraction_;
  std::optional<SummaryStream> notes_;  // until the end of the connection
  NetFlow net_;                         // client to server
  std::optional<File> file_;
  PcapngPackets packets_;
  std::array<bool, 2> fins_{};     // by TcpFlowDirection: one was seen
  std::array<bool, 2> indexed_{};  // the same: the index tells of it
  bool refused_ = false;           // a limit has no room for more
  bool reset_ = false;             // perhaps: a RST was seen
};

class CaptureStreamFactory {
 public:
  using Wanted = FileStreamFactory::Wanted;

  CaptureStreamFactory(Extraction& extraction, ConnectionLog& log, Wanted wanted = {})
      : extraction_(extraction), log_(log), wanted_(std::move(wanted)) {}

  std::optional<CaptureStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                      AssemblerContext& /*context*/) {
    ConnectionSummary& summary = log_.open(net, transport);
    return std::optional<CaptureStream>(std::in_place, extraction_, log_, summary,
                                        !wanted_ || wanted_(summary));
  }

 private:
  Extraction& extraction_;
  ConnectionLog& log_;
  Wanted wanted_;
};

}  // namespace restitch
