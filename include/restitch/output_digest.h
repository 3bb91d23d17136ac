// SHA-256 of streams while they are delivered. Nothing is kept but the state of the digest. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {

// SHA-256, piece by piece. Allocates nothing, and costs nothing until the first byte. A value.
class Sha256 {
 public:
  void update(Bytes bytes);
  // The digest of all that came. Afterwards it starts anew.
  Digest finish();

 private:
  struct Context;  // of the library that does it
  Context& context();

  struct State {
    alignas(8) std::array<std::byte, 112> bytes;
  };
  State state_;  // means something only once it has begun
  bool begun_ = false;
};

// "e3b0c442…": 64 lower-case hex digits.
std::string to_string(const Digest& digest);

// A stream, for BasicAssembler, that leaves the digests of both directions in its summary.
class DigestStream {
 public:
  DigestStream(ConnectionLog& log, ConnectionSummary& summary) : notes_(log, summary) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    return notes_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context);
  bool reassembly_complete(AssemblerContext* context, EndReason reason);
  void on_event(const Event& event) {
    if (event.kind == EventKind::roles_swapped) std::swap(digests_[0], digests_[1]);
    notes_.on_event(event);
  }

 private:
  SummaryStream notes_;
  std::array<Sha256, 2> digests_;
};

}  // namespace restitch
