// KeptStream: a stream that keeps what both directions say until the connection ends, for the C interface's
// reader; KeptConnections makes them and takes what has ended. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "restitch/c.h"
#include "restitch/output_trace.h"
#include "restitch/output_where.h"
#include "restitch/stream.h"

namespace restitch::c {

struct KeptBlock {
  KeptBlock() {}  // leaves the bytes as they are
  std::array<std::uint8_t, std::size_t{64} << 10> bytes;
};

// What all that is kept lies in. Blocks that are free are used again, as many as the last few connections
// left: to have a page from the system costs more than to fill it. Outlives what is kept.
class KeptMemory {
 public:
  KeptMemory() { free_.reserve(free_max); }

  std::unique_ptr<KeptBlock> take();
  void give_back(std::unique_ptr<KeptBlock> block) noexcept {
    if (free_.size() < free_max) free_.push_back(std::move(block));
  }

  std::uint64_t sum = 0;  // of bytes

 private:
  static constexpr std::size_t free_max = 1024;

  std::vector<std::unique_ptr<KeptBlock>> free_;
};

// Bytes that grow at their end, and never move: the first ones together, the others in blocks.
class KeptBytes {
 public:
  explicit KeptBytes(KeptMemory& memory) : memory_(&memory) {}
  KeptBytes(KeptBytes&& other) noexcept
      : memory_(other.memory_),
        head_(std::move(other.head_)),
        blocks_(std::move(other.blocks_)),
        size_(std::exchange(other.size_, 0)) {}
  KeptBytes& operator=(KeptBytes&& other) noexcept {
    head_.swap(other.head_);
    blocks_.swap(other.blocks_);
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~KeptBytes() {
    memory_->sum -= size_;
    for (auto& block : blocks_) memory_->give_back(std::move(block));
  }

  void append(Bytes bytes);
  [[nodiscard]] std::size_t size() const { return size_; }
  // All of them, in order. They live as long as this does not change.
  [[nodiscard]] std::vector<restitch_block> blocks() const;

 private:
  static constexpr std::size_t head_max = std::size_t{8} << 10;
  std::size_t put(Bytes bytes);

  KeptMemory* memory_;
  std::vector<std::uint8_t> head_;
  std::vector<std::unique_ptr<KeptBlock>> blocks_;
  std::size_t size_ = 0;
};

// What one direction said.
struct KeptHalf {
  explicit KeptHalf(KeptMemory& memory) : data(memory) {}

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
  KeptMemory memory_;
  KeptHalves* ending_ = nullptr;  // of the connection that is being completed
  ConnectionLog log_;
  std::deque<EndedConnection> ended_;
};

class KeptStream final : public Stream {
 public:
  KeptStream(KeptConnections& owner, ConnectionSummary& summary)
      : owner_(owner),
        notes_(owner.log_, summary),
        halves_{KeptHalf(owner.memory_), KeptHalf(owner.memory_)} {}

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
