// BatchPools: as many pools as `restitch streams` has, in one thread, with a count of the open connections of
// each tuple. What ends is told at once. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "batch/dissector.h"
#include "batch/setup.h"
#include "restitch/engine.h"
#include "restitch/output_digest.h"

namespace RESTITCH_API restitch {
namespace batch {

// A DigestStream that is counted.
class CountedStream {
 public:
  CountedStream(ConnectionLog& log, ConnectionSummary& summary, std::uint32_t& open)
      : digest_(log, summary), open_(&open) {
    ++open;
  }

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    return digest_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) { digest_.reassembled_sg(sg, context); }
  bool reassembly_complete(AssemblerContext* context, EndReason reason) {
    --*open_;
    return digest_.reassembly_complete(context, reason);
  }
  void on_event(const Event& event) { digest_.on_event(event); }

 private:
  DigestStream digest_;
  std::uint32_t* open_;
};

class BatchPools {
 public:
  // Of a connection that has ended, and the rank of its first packet.
  using Sink = std::function<void(const ConnectionSummary& summary, std::uint64_t rank)>;

  // Borrows the sink.
  BatchPools(const BatchSetup& setup, const Sink& sink);

  // `open` is that of the segment's tuple, and outlives the pools. `rank` is what sorts its connections.
  void assemble(const FoundSegment& segment, std::uint64_t rank, std::uint32_t& open);
  // All that was read up to here has passed.
  void advance(Elapsed elapsed);
  void finish();

  // How often a limit acted that is one of all connections together.
  [[nodiscard]] std::uint64_t limited() const;

 private:
  struct Factory {
    std::optional<CountedStream> create(const NetFlow& net, TransportFlow transport,
                                        const TcpSegment& /*tcp*/, AssemblerContext& context) {
      return std::optional<CountedStream>(std::in_place, log, log.open(net, transport, rank_of(context)),
                                          *open);
    }

    ConnectionLog& log;
    std::uint32_t* open = nullptr;  // of the segment at hand
  };
  struct Shard {
    Shard(const BatchSetup& setup, const Sink& sink);

    ConnectionLog log;
    Factory factory;
    BasicStreamPool<CountedStream, Factory> pool;
    BasicAssembler<CountedStream, Factory> assembler;
  };

  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace batch
}  // namespace restitch
