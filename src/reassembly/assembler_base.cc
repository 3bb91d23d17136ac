#include "restitch/assembler_base.h"

#include "reassembly/assembly.h"

namespace restitch {

using detail::PoolCall;

AssemblerBase::AssemblerBase(StreamPoolBase& pool, const AssemblerOptions& options)
    : state_(pool.state_), assembly_(std::make_unique<detail::Assembly>(pool, options, sg_)) {}

AssemblerBase::~AssemblerBase() = default;

void AssemblerBase::advance(Elapsed elapsed) {
  const PoolCall call(state_);
  assembly_->advance(elapsed);
}

void AssemblerBase::advance_all(Elapsed elapsed) {
  const PoolCall call(state_);
  assembly_->advance_all(elapsed);
}

void AssemblerBase::tell_all(EventKind kind, std::uint64_t size) {
  const PoolCall call(state_);
  assembly_->tell_all(kind, size);
}

void AssemblerBase::evict(const detail::FlowKey& key, Limit limit) {
  const PoolCall call(state_);
  assembly_->evict(key, limit);
}

FlushResult AssemblerBase::flush_with_options(const FlushOptions& options) {
  const PoolCall call(state_);
  return assembly_->flush_with_options(options);
}

std::size_t AssemblerBase::flush_all(EndReason reason) {
  const PoolCall call(state_);
  return assembly_->flush_all(reason);
}

void AssemblerBase::assemble_other(const detail::Arrived& packet, detail::Connection* met, bool due) {
  assembly_->assemble(packet, met, due);
}

void AssemblerBase::take_in(const Ref& ref, const NetFlow& net, const TcpSegment& tcp,
                            AssemblerContext& context) {
  assembly_->take_in(ref, net, tcp, context, false);
}

void AssemblerBase::finish_delivery(const Ref& ref, AssemblerContext& context) {
  assembly_->finish_delivery(ref, context);
}

}  // namespace restitch
