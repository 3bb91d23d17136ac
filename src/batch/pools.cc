#include "batch/pools.h"

#include <array>

namespace restitch::batch {
namespace {

LogLimits share_of(LogLimits limits) {
  limits.gaps_max /= shards;
  limits.events_max /= shards;
  return limits;
}

}  // namespace

BatchPools::Shard::Shard(const BatchSetup& setup, const Sink& sink)
    : log(
          [&sink](const ConnectionSummary& summary) {
            sink(summary, static_cast<const LoggedConnection&>(summary).rank);
          },
          ConnectionOrder::as_they_end, share_of(setup.log)),
      factory{log},
      pool(factory, detail::share_of(setup.pool, shards)),
      assembler(pool, detail::share_of(setup.assembler, shards)) {
  if (setup.list_events) log.list_events();
}

BatchPools::BatchPools(const BatchSetup& setup, const Sink& sink) {
  for (unsigned i = 0; i < shards; ++i) shards_.push_back(std::make_unique<Shard>(setup, sink));
}

void BatchPools::assemble(const FoundSegment& segment, std::uint64_t rank, std::uint32_t& open) {
  const DecodedPacket& packet = segment.decoded;
  Shard& shard = *shards_[detail::shard_of(packet.net, packet.tcp.transport(), shards)];
  PacketContext context(segment.info, packet, segment.link_type, segment.frame, rank, segment.elapsed);
  shard.factory.open = &open;
  shard.assembler.assemble_with_context(packet.net, packet.tcp, context);
}

void BatchPools::advance(Elapsed elapsed) {
  for (const auto& shard : shards_) shard->assembler.advance(elapsed);
}

void BatchPools::finish() {
  for (const auto& shard : shards_) shard->assembler.flush_all(EndReason::end_of_input);
}

std::uint64_t BatchPools::limited() const {
  std::uint64_t sum = 0;
  for (const auto& shard : shards_) {
    const LimitCounts& counts = shard->pool.limit_counts();
    for (const Limit limit : {Limit::total_pages, Limit::total_bytes, Limit::connections}) {
      sum += counts[static_cast<std::size_t>(limit)];
    }
  }
  return sum;
}

}  // namespace restitch::batch
