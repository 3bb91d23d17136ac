// AssemblerBase: an assembler without the type of its streams; all of BasicAssembler (basic_assembler.h) but
// the way of a packet that is next in order. That is compiled once, in src/reassembly/assembly*.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "restitch/options.h"
#include "restitch/stream_pool_base.h"

namespace RESTITCH_API restitch {

// What a flush did, in connections.
struct FlushResult {
  std::size_t flushed = 0;  // something that waited was delivered
  std::size_t closed = 0;   // the connection was closed, or what was delivered reached its end
};

// T and TC of gopacket's FlushOptions; zero: do nothing.
struct FlushOptions {
  Timestamp t{};   // skip gaps whose lowest waiting segment was captured before this
  Timestamp tc{};  // close what was last seen before this and has nothing waiting
};

namespace detail {

// The packet at hand, with what it is looked up by.
struct Arrived {
  const DirectedKey& key;
  std::uint32_t hash;
  const NetFlow& net;
  const TcpSegment& tcp;
  AssemblerContext& context;
};

}  // namespace detail

class AssemblerBase {
 public:
  AssemblerBase(const AssemblerBase&) = delete;
  AssemblerBase& operator=(const AssemblerBase&) = delete;

  // For a loop that reads a capture, of which this assembler is given parts only (feed() does it): a packet
  // was read, of any kind, and time has passed. The context of the packet carries the answer, and advance()
  // tells what is not followed by a packet: what has waited too long ends.
  Elapsed observe(Timestamp time) {
    state_.ahead.observe(time);
    return state_.ahead.elapsed();
  }
  void advance(Elapsed elapsed);

  // The same for all that has reached its age, however much that is: what is open then depends on packets and
  // clock alone, and not on how far the hands are. For a caller that stops there and goes on elsewhere
  // (StreamPoolBase::tombstones()).
  void advance_all(Elapsed elapsed);

  // Something happened that is about all open connections: each of their streams is told. `size` is that of
  // the event.
  void tell_all(EventKind kind, std::uint64_t size);

  // A limit outside of the pool acts: completes the connection at these ends, if there is one, with
  // EndReason::evicted and an event that names the limit. What comes later begins another one.
  void evict(const detail::FlowKey& key, Limit limit);

  // Strictly older than; counts connections.
  FlushResult flush_with_options(const FlushOptions& options);
  FlushResult flush_close_older_than(Timestamp t) { return flush_with_options({t, t}); }

  // Delivers what waits, completes every connection and forgets all of them, also those whose
  // completion answered false. Returns how many were closed.
  std::size_t flush_all(EndReason reason = EndReason::flush);

 protected:
  using Ref = StreamPoolBase::ConnectionRef;

  AssemblerBase(StreamPoolBase& pool, const AssemblerOptions& options);
  ~AssemblerBase();

  // The way of every packet that is not next in order. `met`: the connection that was found, or nullptr;
  // `due`: the clock hands are.
  void assemble_other(const detail::Arrived& packet, detail::Connection* met, bool due);
  // A segment that is next, was accepted and counted, and acknowledges more than a plain one does.
  void take_in(const Ref& ref, const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context);
  // After a delivery that the stream keeps some of.
  void finish_delivery(const Ref& ref, AssemblerContext& context);

  detail::PoolState& state_;
  ScatterGather sg_;

 private:
  std::unique_ptr<detail::Assembly> assembly_;
};

}  // namespace restitch
