// What a user implements and is given: Stream and StreamFactory, and the ScatterGather in which
// reassembled bytes arrive. Everything handed to a callback is lent until the callback returns. All
// calls for one pool come from the thread that feeds it; a callback must not call back into its pool
// or assembler: that ends the program, as other errors of the caller do, with a line that names the rule.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "restitch/capture_clock.h"
#include "restitch/capture_info.h"
#include "restitch/events.h"
#include "restitch/packet.h"
#include "restitch/transmission.h"

namespace RESTITCH_API restitch {

namespace detail {
class SegmentRun;
class SegmentStore;
}  // namespace detail

// The packet that is being assembled, as the stream sees it. Derive from it to carry more of your own;
// restitch only borrows it for the call. What must survive in queued bytes goes into CaptureInfo.
class AssemblerContext {
 public:
  AssemblerContext() = default;
  // `elapsed`: what a clock that goes before several pools says at this packet. Not known: the pool goes by
  // the times of the packets that it sees.
  explicit AssemblerContext(const CaptureInfo& info, Elapsed elapsed = {}) : info_(info), elapsed_(elapsed) {}
  AssemblerContext(const AssemblerContext&) = default;
  AssemblerContext& operator=(const AssemblerContext&) = default;
  virtual ~AssemblerContext() = default;

  [[nodiscard]] const CaptureInfo& capture_info() const { return info_; }
  [[nodiscard]] Elapsed elapsed() const { return elapsed_; }

 private:
  CaptureInfo info_;
  Elapsed elapsed_;
};

// Why a connection ended.
enum class EndReason : std::uint8_t {
  fin,           // both sides sent FIN, and all before it was delivered
  rst,           // one side reset the connection
  timeout,       // silent for too long: Ageing, or flush_with_options
  flush,         // flush_all, or removed by the caller
  evicted,       // a limit made room
  port_reuse,    // the same addresses and ports began a new connection
  end_of_input,  // nothing more was captured
  interrupted,   // the input was not read to its end
};

// "fin", "rst", …
std::string_view to_string(EndReason reason);

// Counts of one delivery, and of its half-connection since the delivery before.
struct TcpAssemblyStats {
  std::uint32_t chunks = 0;           // runs of bytes in this delivery
  std::uint32_t packets = 0;          // packets that brought its new bytes, told apart by CaptureInfo
  std::uint64_t queued_bytes = 0;     // bytes put into the queue
  std::uint32_t queued_packets = 0;   // packets put into the queue
  std::uint64_t overlap_bytes = 0;    // bytes that had come before, exactly
  std::uint32_t overlap_packets = 0;  // packets with such bytes
};

// One delivery: the saved bytes (kept by the call before), then the new ones, without a gap between.
class ScatterGather {
 public:
  struct Lengths {
    std::size_t available = 0;  // saved and new bytes together
    std::size_t saved = 0;      // of those, bytes that were delivered before and kept
  };

  struct Info {
    TcpFlowDirection direction = TcpFlowDirection::client_to_server;
    bool start = false;        // this is the start of the stream: its SYN was seen, or accept() said so
    bool end = false;          // nothing more was sent: FIN or RST in its place
    std::int64_t skip = 0;     // bytes missing just before the first new byte; -1: the start was never seen
    std::uint64_t offset = 0;  // stream offset of the first available byte
  };

  // Bytes that lie together, brought by one packet.
  struct Chunk {
    Bytes bytes;
    const CaptureInfo* info = nullptr;
    std::size_t offset = 0;  // of its first byte, relative to the first available one
    Transmission transmission = Transmission::first;
  };

  ScatterGather();

  [[nodiscard]] Lengths lengths() const { return {available_, saved_}; }

  // The first `size` bytes in one piece: lent memory where they lie in the first chunk, else a copy. Either
  // lives until the callback returns, whatever is fetched after it. Requires: size <= lengths().available.
  [[nodiscard]] Bytes fetch(std::size_t size);

  // All available bytes, in order, without a copy.
  [[nodiscard]] std::span<const Chunk> chunks() const {
    if (saved_run_ != nullptr) load_saved();
    return {chunks_.data(), count_};
  }

  // Asks to see the bytes from `offset` (relative to the first available byte) on again, ahead of the
  // next delivery; 0 keeps all, the last call counts, without a call nothing is kept. Kept bytes are
  // offered once more, alone, before a gap, at a timeout and at the end; there keep_from has no effect.
  // Requires: offset <= lengths().available.
  void keep_from(std::size_t offset);

  // The packet that brought the byte at `offset`; all zero when offset >= lengths().available.
  [[nodiscard]] CaptureInfo capture_info(std::size_t offset) const;

  // Whether that packet was a retransmission; `first` beyond.
  [[nodiscard]] Transmission transmission(std::size_t offset) const;

  [[nodiscard]] const Info& info() const { return info_; }
  [[nodiscard]] const TcpAssemblyStats& stats() const { return stats_; }

 private:
  friend class HalfConnection;

  void begin(TcpFlowDirection direction, std::uint64_t offset) {
    count_ = 0;
    saved_run_ = nullptr;
    available_ = saved_ = keep_from_ = joined_size_ = 0;
    keeps_ = last_offer_ = false;
    info_ = Info{.direction = direction, .offset = offset};
    stats_ = {};
  }
  // Only the bytes of one packet.
  void lend(TcpFlowDirection direction, std::uint64_t offset, Bytes bytes, const CaptureInfo& info) {
    begin(direction, offset);
    ::new (&chunks_[0]) Chunk{bytes, &info, 0, Transmission::first};  // in place, not copied there
    count_ = 1;
    available_ = bytes.size();
    stats_.chunks = stats_.packets = 1;
  }
  void show_saved(const detail::SegmentRun& run, detail::SegmentStore& segments, std::size_t size);
  void load_saved() const;
  // False when memory is exhausted.
  bool append(Bytes bytes, const CaptureInfo& info, Transmission transmission = Transmission::first) {
    if (count_ >= std::min(chunks_.size(), packets_.capacity()) && !grow()) return false;
    ::new (&chunks_[count_++]) Chunk{bytes, &info, available_, transmission};
    available_ += bytes.size();
    return true;
  }
  bool grow();
  void join(std::size_t size);
  [[nodiscard]] const Chunk* chunk_of(std::size_t offset) const;
  void count_new();

  // The saved bytes are looked up only when somebody asks for them: a stream that keeps much, and looks at
  // what is new, must not pay for all of it each time. Until then chunks_ has the new ones only, in its first
  // `count_` places; it is never empty.
  mutable std::vector<Chunk> chunks_;
  mutable std::size_t count_ = 0;
  mutable const detail::SegmentRun* saved_run_ = nullptr;
  detail::SegmentStore* segments_ = nullptr;
  std::size_t available_ = 0;
  std::size_t saved_ = 0;
  std::size_t keep_from_ = 0;
  std::size_t joined_size_ = 0;  // how many of this delivery's bytes joined_ has
  bool keeps_ = false;
  bool last_offer_ = false;  // what is kept now is released whatever the stream says
  Info info_;
  TcpAssemblyStats stats_;
  std::vector<std::uint8_t> joined_;                 // what fetch() had to copy
  std::vector<std::vector<std::uint8_t>> outgrown_;  // where that was before, in this delivery
  struct Packet {
    std::uint64_t number;
    const CaptureInfo* info;
  };
  std::vector<Packet> packets_;  // scratch of count_new()
};

// Both directions of one connection. Made by a StreamFactory, owned by the pool, destroyed when
// reassembly_complete() returned true or the connection was removed.
class Stream {
 public:
  virtual ~Stream() = default;

  // Called for every packet of the connection, also after its half was closed. false: the packet has
  // no effect at all. `next_seq` is the next expected number of this direction, if one is known.
  // `start` comes in true for a SYN while no start is known; set it, while next_seq is unknown, to make
  // the stream begin with this very packet (skip 0). Unless it is overridden, every packet counts.
  virtual bool accept([[maybe_unused]] const TcpSegment& tcp, [[maybe_unused]] const CaptureInfo& info,
                      [[maybe_unused]] TcpFlowDirection direction,
                      [[maybe_unused]] std::optional<Sequence> next_seq, [[maybe_unused]] bool& start,
                      [[maybe_unused]] AssemblerContext& context) {
    return true;
  }

  // Bytes that are now in order. Also called without bytes for a start (SYN) and an end (FIN, RST).
  // `context` is that of the packet that triggered the delivery; in a flush, one made from the packet
  // that brought the first byte.
  virtual void reassembled_sg(ScatterGather& sg, AssemblerContext& context) = 0;

  // Called once, when both directions are closed. true: the connection is forgotten. false: it stays,
  // so that accept() sees later packets, until a flush finds it old, or flush_all(). `context` is null when
  // no packet caused it. Unless it is overridden, the connection is forgotten.
  virtual bool reassembly_complete([[maybe_unused]] AssemblerContext* context,
                                   [[maybe_unused]] EndReason reason) {
    return true;
  }

  // Something worth knowing happened to this connection (see events.h). Called before the
  // reassembled_sg() that follows from the same packet.
  virtual void on_event(const Event& /*event*/) {}
};

// Makes the Stream of each new connection.
class StreamFactory {
 public:
  virtual ~StreamFactory() = default;

  // Called with the first packet of a connection. `net` and `transport` run from client to server.
  // nullptr: the connection is ignored, at the cost of a tombstone, and no call is made for it again.
  virtual std::unique_ptr<Stream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& tcp,
                                         AssemblerContext& context) = 0;
};

// Makes a stream of type S for each new connection, by its constructor without arguments.
template <class S>
class StreamFactoryOf : public StreamFactory {
 public:
  std::unique_ptr<Stream> create(const NetFlow& /*net*/, TransportFlow /*transport*/,
                                 const TcpSegment& /*tcp*/, AssemblerContext& /*context*/) override {
    return std::make_unique<S>();
  }
};

}  // namespace restitch
