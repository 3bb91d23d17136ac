// AnalyzedStream: a stream, for BasicAssembler, that follows a connection as TraceStream does, and has
// analyzers look at what is said in it. Whoever wants to know what they find gives FindingsSinks. One thread:
// that of the pool.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "restitch/app/findings.h"
#include "restitch/app/services.h"
#include "restitch/output_tails.h"

namespace RESTITCH_API restitch {

class Conversation;

// Makes a sink for each connection in which something is said.
class FindingsSinks {
 public:
  virtual ~FindingsSinks() = default;
  // `log` and `summary` outlive the sink.
  virtual std::unique_ptr<FindingsSink> make(ConnectionLog& log, const ConnectionSummary& summary) = 0;
};

class AnalyzedStream {
 public:
  // `tails`: as of a TraceStream.
  AnalyzedStream(AppServices& services, FindingsSinks& sinks, ConnectionLog& log, ConnectionSummary& summary,
                 ConnectionTails* tails = nullptr);
  AnalyzedStream(AnalyzedStream&&) noexcept;
  AnalyzedStream& operator=(AnalyzedStream&&) noexcept;
  ~AnalyzedStream();

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    return trace_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context);
  bool reassembly_complete(AssemblerContext* context, EndReason reason);
  void on_event(const Event& event);

 private:
  struct Dialogue;

  void say(const ScatterGather& sg);

  TraceStream trace_;
  AppServices* services_;
  FindingsSinks* sinks_;
  ConnectionLog* log_;
  ConnectionSummary* summary_;
  std::unique_ptr<Dialogue> dialogue_;  // from the first byte on
  bool ignored_ = false;                // nobody looks into this connection
};

// Of one pool. Owns what its analyzers share.
class AnalyzedStreamFactory {
 public:
  AnalyzedStreamFactory(ConnectionLog& log, const AppOptions& app, std::unique_ptr<FindingsSinks> sinks)
      : log_(log), services_(std::make_unique<AppServices>(app)), sinks_(std::move(sinks)) {}

  std::optional<AnalyzedStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                       AssemblerContext& context) {
    return std::optional<AnalyzedStream>(std::in_place, *services_, *sinks_, log_,
                                         log_.open(net, transport, rank_of(context)),
                                         tails_ ? &*tails_ : nullptr);
  }

  // Connections that have ended wait for what comes behind (output_tails.h). Before the first packet, and
  // only if an Engine makes the calls below.
  void wait_for_tails(ConnectionTails::Stalled stalled = {}) { tails_.emplace(log_, std::move(stalled)); }
  void look_at(std::span<const AssemblerPacket> packets) {
    if (tails_) tails_->look_at(packets);
  }
  void advance(Elapsed elapsed) {
    if (tails_) tails_->advance(elapsed);
  }
  void finish() {
    if (tails_) tails_->finish();
  }

 private:
  ConnectionLog& log_;
  std::optional<ConnectionTails> tails_;
  std::unique_ptr<AppServices> services_;
  std::unique_ptr<FindingsSinks> sinks_;
};

}  // namespace restitch
