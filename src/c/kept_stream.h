// KeptStream: a stream that keeps what both directions say until the connection ends, for the C interface's
// reader; KeptConnections makes them and takes what has ended. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "restitch/c.h"
#include "restitch/output_trace.h"
#include "restitch/output_where.h"
#include "restitch/stream.h"

namespace restitch::c {

// Bytes that grow at their end, and count for a sum while they are there. Large ones grow in place, where the
// system can do that.
class KeptBytes {
 public:
  explicit KeptBytes(std::uint64_t& sum) : sum_(&sum) {}
  KeptBytes(KeptBytes&& other) noexcept
      : sum_(other.sum_),
        bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        room_(std::exchange(other.room_, 0)) {}
  KeptBytes& operator=(KeptBytes&& other) noexcept {
    bytes_.swap(other.bytes_);
    std::swap(sum_, other.sum_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    return *this;
  }
  ~KeptBytes() { *sum_ -= size_; }

  void append(Bytes bytes);
  [[nodiscard]] Bytes bytes() const { return {bytes_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }  // NOLINT(*-no-malloc): it has realloc()
  };

  std::uint64_t* sum_;
  std::unique_ptr<std::uint8_t, Free> bytes_;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

// What one direction said.
struct KeptHalf {
  explicit KeptHalf(std::uint64_t& sum) : data(sum) {}

  KeptBytes data;
  std::vector<restitch_piece> pieces;
  std::uint64_t left_out = 0;
};

using KeptHalves = std::array<KeptHalf, 2>;  // by TcpFlowDirection

// A connection that has ended.
struct EndedConnection {
  ConnectionSummary summary;
  KeptHalves halves;
};

struct KeepingWishes {
  static constexpr std::uint64_t usual_total_max = std::uint64_t{4} << 30;

  bool data = true;
  bool pieces = false;
  bool events = false;
  std::uint64_t data_max = 0;                      // of one direction; 0: any number
  std::uint64_t data_total_max = usual_total_max;  // of all
};

class KeptConnections final : public StreamFactory {
 public:
  // What `where` does not match is forgotten.
  KeptConnections(const KeepingWishes& wishes, ConnectionFilter where);

  std::unique_ptr<Stream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& tcp,
                                 AssemblerContext& context) override;

  [[nodiscard]] bool empty() const { return ended_.empty(); }
  // Requires: !empty().
  EndedConnection pop();
  [[nodiscard]] std::uint64_t opened() const { return log_.opened(); }

 private:
  friend class KeptStream;

  void add(KeptHalf& half, const ScatterGather& sg) const;
  void end(const ConnectionSummary& summary);

  KeepingWishes wishes_;
  ConnectionFilter where_;
  std::uint64_t sum_ = 0;         // of bytes kept
  KeptHalves* ending_ = nullptr;  // of the connection that is being completed
  ConnectionLog log_;
  std::deque<EndedConnection> ended_;
};

class KeptStream final : public Stream {
 public:
  KeptStream(KeptConnections& owner, ConnectionSummary& summary)
      : owner_(owner), notes_(owner.log_, summary), halves_{KeptHalf(owner.sum_), KeptHalf(owner.sum_)} {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) override {
    return notes_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) override;
  bool reassembly_complete(AssemblerContext* context, EndReason reason) override;
  void on_event(const Event& event) override;

 private:
  KeptConnections& owner_;
  TraceStream notes_;
  KeptHalves halves_;
};

}  // namespace restitch::c
