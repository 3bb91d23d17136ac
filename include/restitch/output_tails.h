// ConnectionTails: connections that have ended, and wait a few seconds for what comes behind their end: the
// acknowledgement of a FIN that came twice, a reset that answers what was on its way. The pool takes it for a
// repetition, and shows it to nobody; Zeek counts it. Owned by a factory of TraceStreams; one thread: that of
// the pool. Bounded by time and number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "restitch/basic_assembler.h"
#include "restitch/output_trace.h"
#include "restitch/packet_context.h"

namespace RESTITCH_API restitch {

class ConnectionTails {
 public:
  // At most so many wait, which stay in a cache; the one that ended first goes.
  static constexpr std::size_t waiting_max = 256;

  // Whether nothing has come for a while, and who looks at the log should not wait. Any thread.
  using Stalled = std::function<bool()>;

  // `log` must outlive it.
  explicit ConnectionTails(ConnectionLog& log, Stalled stalled = {})
      : log_(log), stalled_(std::move(stalled)) {}
  ConnectionTails(const ConnectionTails&) = delete;
  ConnectionTails& operator=(const ConnectionTails&) = delete;

  // Takes over a connection that ended at a packet, to close it in the log later. Its trace is complete but
  // for its tail.
  void wait(ConnectionSummary& summary, EndReason reason, RowTracer tracer, const PacketContext& packet);
  // Looks at packets that the pool has taken in: those that no stream was shown may be of a tail. Requires:
  // each has a PacketContext.
  void look_at(std::span<const AssemblerPacket> packets);
  // So much time has passed.
  void advance(Elapsed elapsed);
  // Closes all of them.
  void finish();

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  // The two ends in a fixed order, and at which packet it ended.
  using Ends = std::pair<std::array<std::uint64_t, 4>, std::uint64_t>;
  using Place = std::pair<Ends, std::uint64_t>;
  struct Tail {
    ConnectionSummary* summary;
    EndReason reason;
    bool client_is_high;
    bool came = false;  // anything
    RowTracer tracer;
  };
  struct Turn {
    Elapsed ended;
    Place place;
  };

  static Ends ends_of(const detail::FlowKey& key) { return {key.addresses, key.ports_and_domain}; }
  void note(const DecodedPacket& packet, const PacketContext& context);
  void close_first();

  ConnectionLog& log_;
  Stalled stalled_;
  std::map<Place, Tail> waiting_;
  std::deque<Turn> turns_;  // as they ended
};

// Makes TraceStreams whose connections wait so.
class TailedTraceFactory {
 public:
  explicit TailedTraceFactory(ConnectionLog& log, ConnectionTails::Stalled stalled = {})
      : log_(log), tails_(log, std::move(stalled)) {}

  std::optional<TraceStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                    AssemblerContext& context) {
    return std::optional<TraceStream>(std::in_place, log_, log_.open(net, transport, rank_of(context)),
                                      &tails_);
  }
  // Of an Engine.
  void look_at(std::span<const AssemblerPacket> packets) { tails_.look_at(packets); }
  void advance(Elapsed elapsed) { tails_.advance(elapsed); }
  void finish() { tails_.finish(); }

 private:
  ConnectionLog& log_;
  ConnectionTails tails_;
};

}  // namespace restitch
