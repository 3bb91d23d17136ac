// SHA-256 of streams while they are delivered. Nothing is kept but the state of the digest. One thread.
#pragma once

#include <array>
#include <memory>
#include <utility>

#include "restitch/detail/prefetch.h"
#include "restitch/output_connections.h"

namespace restitch {

// SHA-256, piece by piece. Costs nothing until the first byte.
class Sha256 {
 public:
  void update(Bytes bytes);
  void prefetch() const { detail::prefetch(state_.get()); }
  // The digest of all that came. Afterwards it starts anew.
  Digest finish();

 private:
  struct Release {
    void operator()(void* state) const;
  };
  void* state();

  std::unique_ptr<void, Release> state_;
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
  void prefetch() const {
    notes_.prefetch();
    for (const Sha256& digest : digests_) digest.prefetch();
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
