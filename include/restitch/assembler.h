// Assembler and StreamPool: the API with virtual streams, as in gopacket/reassembly. One instantiation of
// the templates of basic_assembler.h, with a stream that is a pointer to a Stream; nothing else differs.
#pragma once

#include "restitch/basic_assembler.h"
#include "restitch/detail/require.h"

namespace RESTITCH_API restitch {

// The one stream type of the virtual API: owns a Stream and passes every call on.
class StreamHandle {
 public:
  // Requires: not null.
  explicit StreamHandle(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {
    RESTITCH_REQUIRE(stream_ != nullptr, "a StreamHandle needs a stream");
  }

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    return stream_->accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) { stream_->reassembled_sg(sg, context); }
  bool reassembly_complete(AssemblerContext* context, EndReason reason) {
    return stream_->reassembly_complete(context, reason);
  }
  void on_event(const Event& event) { stream_->on_event(event); }

  [[nodiscard]] Stream& get() { return *stream_; }

 private:
  std::unique_ptr<Stream> stream_;
};

using StreamPool = BasicStreamPool<StreamHandle, StreamFactory>;
using Assembler = BasicAssembler<StreamHandle, StreamFactory>;

// Compiled once, in the library.
extern template class BasicStreamPool<StreamHandle, StreamFactory>;
extern template class BasicAssembler<StreamHandle, StreamFactory>;

}  // namespace restitch
