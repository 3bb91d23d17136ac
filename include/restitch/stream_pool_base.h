// StreamPoolBase: a pool without the type of its streams; all of BasicStreamPool (basic_assembler.h) that is
// compiled once. What it calls of the user's code is a virtual function each, which BasicStreamPool
// overrides.
//
// A pool and its assemblers belong to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "restitch/detail/pool_state.h"
#include "restitch/options.h"
#include "restitch/stream.h"

namespace RESTITCH_API restitch {

namespace detail {
class Assembly;
}  // namespace detail

// What a pool holds at the moment.
struct PoolSize {
  std::size_t connections = 0;  // without tombstones
  std::size_t tombstones = 0;
  std::size_t held_segments = 0;  // waiting or kept
  std::size_t pages = 0;          // the same in pages
  std::size_t memory_size = 0;    // bytes, without what the streams themselves own
};

class StreamPoolBase {
 public:
  // A connection as seen from one packet: its own half and the opposite one. Valid until the next call.
  struct ConnectionRef {
    detail::Connection* connection = nullptr;
    HalfConnection* half = nullptr;
    HalfConnection* reverse = nullptr;
    TcpFlowDirection direction = TcpFlowDirection::client_to_server;

    explicit operator bool() const { return connection != nullptr; }
  };

  StreamPoolBase(const StreamPoolBase&) = delete;
  StreamPoolBase& operator=(const StreamPoolBase&) = delete;

  // The connection that a packet belongs to. Unknown ones are created, which asks the factory, unless
  // `end`. Empty: none, an ignored one, or one that has ended. Only looks up: whether a SYN begins another
  // connection on the same addresses and ports is the assembler's to decide.
  ConnectionRef get_connection(const NetFlow& net, bool end, Timestamp timestamp, const TcpSegment& tcp,
                               AssemblerContext& context);

  // Forgets a connection at once: no call is made, what waits is dropped, no tombstone stays. Requires: it is
  // one of this pool.
  void remove(detail::Connection& connection);

  [[nodiscard]] PoolSize size() const;

  // For a caller that stops here and goes on elsewhere (cluster/): packets bring a connection back, but not
  // what is left of dead ones. Whether something goes on at these ends at that time: a connection that has
  // not reached its age, or a SYN that waits for its answer. Requires: the time is not before that of an
  // earlier packet.
  [[nodiscard]] bool is_alive(const NetFlow& net, TransportFlow ports, Elapsed now) {
    return is_alive(detail::make_key(net, ports).key, now);
  }
  [[nodiscard]] bool is_alive(const detail::FlowKey& key, Elapsed now);
  // What is left of a dead connection at these ends, until the next call; nullptr: nothing.
  [[nodiscard]] const detail::Tombstone* find_tombstone(const NetFlow& net, TransportFlow ports);
  // All of them, in the order in which they go; the same put in place of those that are there; and one put
  // beside them.
  [[nodiscard]] std::vector<detail::Tombstone> tombstones() const { return state_.tombstones.all(); }
  void set_tombstones(std::span<const detail::Tombstone> tombstones);
  void add_tombstone(const detail::Tombstone& tombstone) {
    state_.tombstones.put(tombstone, state_.hash(tombstone.key));
  }

  // Where the payload went, in one direction and in both. (Payload of a connection that nobody knows counts
  // as a client's. When a handshake shows that the roles were guessed wrong, what was delivered till then
  // stays counted where it was.)
  [[nodiscard]] const ByteCounts& byte_counts(TcpFlowDirection direction) const {
    return state_.halves.counts[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] ByteCounts byte_counts() const {
    ByteCounts total = state_.halves.counts[0];
    return total += state_.halves.counts[1];
  }
  [[nodiscard]] const EventCounts& event_counts() const { return state_.halves.events.counts(); }
  [[nodiscard]] const LimitCounts& limit_counts() const { return state_.halves.limits; }

 protected:
  explicit StreamPoolBase(const PoolOptions& options) : state_(options) {}
  virtual ~StreamPoolBase() = default;

  static ConnectionRef ref_of(detail::Connection& connection, TcpFlowDirection direction) {
    return {&connection, &connection.half(direction), &connection.half(reverse(direction)), direction};
  }
  // Forgets a connection and destroys its stream, without a call.
  void erase(detail::Connection& connection) {
    destroy(connection.slot);
    state_.erase(connection);
  }

  detail::PoolState state_;

 private:
  friend class detail::Assembly;
  friend class AssemblerBase;

  // The calls into the user's code. A slot is the number of a connection; each has a stream, from create()
  // until destroy(). They mean what the function of Stream or StreamFactory with that name means.
  virtual bool accept(std::uint32_t slot, const TcpSegment& tcp, const CaptureInfo& info,
                      TcpFlowDirection direction, std::optional<Sequence> next_seq, bool& start,
                      AssemblerContext& context) = 0;
  virtual void deliver(std::uint32_t slot, ScatterGather& sg, AssemblerContext& context) = 0;
  virtual void tell(std::uint32_t slot, const Event& event) = 0;
  virtual bool complete(std::uint32_t slot, AssemblerContext* context, EndReason reason) = 0;
  // False: the factory made none.
  virtual bool create(std::uint32_t slot, const NetFlow& net, TransportFlow transport, const TcpSegment& tcp,
                      AssemblerContext& context) = 0;
  virtual bool reserve(std::uint32_t slot) = 0;  // false: memory has no room for one more stream
  virtual void destroy(std::uint32_t slot) = 0;

  // A null one: nobody wants it. Nothing: memory has no room for it.
  std::optional<ConnectionRef> add(const detail::DirectedKey& key, std::uint32_t hash, const NetFlow& net,
                                   const TcpSegment& tcp, AssemblerContext& context);
};

}  // namespace restitch
