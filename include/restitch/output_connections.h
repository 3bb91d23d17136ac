// What is worth telling about connections when the bytes themselves went elsewhere: ConnectionSummary,
// the ConnectionLog that hands the summaries out in order of first packet, and SummaryStream, which
// fills them. The streams of output_digest.h, output_files.h and output_follow.h are built on it.
//
// A ConnectionLog owns the summaries and must outlive the pool whose streams fill them; its sink borrows
// a summary for the call. One thread: that of the pool. Several pools that run at the same time have
// ConnectionLogs.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "restitch/packet_context.h"
#include "restitch/stream.h"

namespace RESTITCH_API restitch {

// SHA-256 as its 32 bytes.
using Digest = std::array<std::uint8_t, 32>;

// Bytes of a stream that were never delivered. `offset` counts from the first byte of the stream and
// includes the bytes of earlier gaps.
struct Gap {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  friend bool operator==(const Gap&, const Gap&) = default;
};

// An Event on a list: the same without what it only borrows.
struct EventNote {
  EventKind kind = EventKind::conflict;
  Refusal refusal = Refusal::count_;
  Limit limit = Limit::count_;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  Timestamp time;
  std::uint64_t packet_number = 0;
  // The first bytes of both copies, at most shown_max; of a conflict, with the packet that brought `held`.
  std::vector<std::uint8_t> held;
  std::vector<std::uint8_t> arrived;
  Timestamp held_time;
  std::uint64_t held_packet_number = 0;
  Winner delivered = Winner::held;

  static constexpr std::size_t shown_max = 64;
  static EventNote of(const Event& event);
};

// One direction of a connection.
struct DirectionSummary {
  std::uint64_t bytes = 0;    // delivered; gaps are not counted
  std::uint64_t packets = 0;  // all of this direction, also those without payload
  std::uint64_t copies = 0;   // of those, that the capture holds a second time (mirror_copies.h)
  std::uint64_t again = 0;    // of those, that another connection counts too: they waited for its SYN to be
                              // believed. Only feed() tells them.
  Timestamp first_seen;       // of the packets, by capture time; 0: not known
  Timestamp last_seen;
  // Of the first packet: innermost VLAN, 0 for none; innermost tunnel and its id. Only feed() tells them.
  std::uint16_t vlan = 0;
  LayerKind tunnel = LayerKind::none;
  std::uint32_t tunnel_id = 0;
  std::vector<Gap> gaps;              // in order
  std::uint64_t gaps_unlisted = 0;    // and so many more, for which there was no room
  std::uint64_t unlisted_bytes = 0;   // of those
  EventCounts events{};               // by EventKind
  std::vector<EventNote> event_list;  // in order, if the log lists them
  std::uint64_t events_unlisted = 0;  // and so many more, for which there was no room
  std::optional<Digest> digest;       // of the delivered bytes, if the stream made one

  [[nodiscard]] std::uint64_t gap_bytes() const;
  [[nodiscard]] std::uint64_t event_count() const;  // of all kinds
};

struct ConnectionTrace;

struct ConnectionSummary {
  std::uint64_t number = 0;  // in order of first packet, from 0
  // Of its first packet: its number in its input, which of the inputs that is, when it was captured, and
  // whether the server sent it. They are the same whatever filter is used, as `number` is not.
  std::uint64_t first_packet = 0;
  std::uint32_t first_source = 0;
  bool server_first = false;
  Timestamp first_time;
  NetFlow net;              // client to server
  TransportFlow transport;  // client to server
  // Whether a SYN says who the client is; else it is taken for whoever sent the first packet.
  bool client_known = false;
  bool ended = false;  // `end` means something
  EndReason end = EndReason::end_of_input;
  std::array<DirectionSummary, 2> directions;  // by TcpFlowDirection
  // How it went, packet by packet, if the stream noted that (output_trace.h).
  std::shared_ptr<const ConnectionTrace> trace;

  [[nodiscard]] DirectionSummary& direction(TcpFlowDirection which) {
    return directions[static_cast<std::size_t>(which)];
  }
  [[nodiscard]] const DirectionSummary& direction(TcpFlowDirection which) const {
    return directions[static_cast<std::size_t>(which)];
  }
  // Of the first packet of the client, or of the server where there is none: innermost VLAN, 0: none.
  [[nodiscard]] std::uint16_t vlan() const { return directions[directions[0].packets != 0 ? 0 : 1].vlan; }
  // "192.0.2.1:80": who sends in this direction.
  [[nodiscard]] std::string sender(TcpFlowDirection which) const;
  // EventKind::roles_swapped: the client turned out to be the other one.
  void swap_roles();
  // Of both directions together.
  [[nodiscard]] std::uint64_t bytes() const { return directions[0].bytes + directions[1].bytes; }
  [[nodiscard]] std::uint64_t packets() const { return directions[0].packets + directions[1].packets; }
  [[nodiscard]] std::uint64_t gap_bytes() const {
    return directions[0].gap_bytes() + directions[1].gap_bytes();
  }
  [[nodiscard]] std::uint64_t event_count() const {
    return directions[0].event_count() + directions[1].event_count();
  }
  // From its first packet to its last one; 0 when the times are not known.
  [[nodiscard]] std::int64_t duration_ns() const;
  // Time of its first packet and of its last one, of either direction; 0: not known.
  [[nodiscard]] Timestamp first_seen() const;
  [[nodiscard]] Timestamp last_seen() const;
};

// In which order a ConnectionLog hands connections out.
enum class ConnectionOrder {
  as_they_begin,  // once all earlier ones have ended too: what comes out does not depend on when they end
  as_they_end,    // at once: for a capture that has no end
};

// A summary while it is filled, and while it waits.
struct LoggedConnection : ConnectionSummary {
  std::uint64_t rank = 0;     // of its first packet (PacketContext)
  mutable bool over = false;  // it waits to be passed on
  std::list<LoggedConnection>::iterator self;
};

// What is found in a connection while it goes on, such as a row of another log.
class ConnectionNote {
 public:
  virtual ~ConnectionNote() = default;
};

// Borrows both for the call.
using ConnectionNoteSink = std::function<void(const ConnectionSummary&, ConnectionNote&)>;

// What a log may keep. One that lasts for ever does not make all others wait for ever: beyond these numbers
// what ends is passed on at once, and gaps and events of open connections are counted, and not listed.
struct LogLimits {
  std::size_t waiting_max = 65'536;  // connections that have ended, of some 900 bytes each
  std::size_t gaps_max = 1'000'000;  // of open connections, and again of those that wait
  std::size_t events_max = 100'000;  // the same
};

// Numbers connections and passes each on once it has ended.
class ConnectionQueue {
 public:
  using Sink = std::function<void(const ConnectionSummary&)>;

  ConnectionQueue(Sink sink, ConnectionOrder order, const LogLimits& limits)
      : sink_(std::move(sink)), limits_(limits) {
    if (order == ConnectionOrder::as_they_end) limits_.waiting_max = 0;
  }

  // Takes over connections that begin here, in this order.
  void add(std::list<LoggedConnection>& opened);
  void end(const LoggedConnection& connection);
  // Passes on all that have ended, in whichever order: there may be nothing more for a while.
  void pass_on_ended();

  // Where notes go; nowhere, unless that is said. Before the first connection.
  void on_note(ConnectionNoteSink sink) { note_sink_ = std::move(sink); }
  void note(const LoggedConnection& connection, ConnectionNote& note) {
    if (note_sink_) note_sink_(connection, note);
  }

  [[nodiscard]] std::uint64_t opened() const { return opened_; }

 private:
  void pass_on(const LoggedConnection& connection);

  Sink sink_;
  ConnectionNoteSink note_sink_;
  LogLimits limits_;
  std::size_t over_ = 0;    // of those that wait
  std::size_t gaps_ = 0;    // listed in those that are over
  std::size_t events_ = 0;  // the same
  std::list<LoggedConnection> waiting_;
  std::uint64_t opened_ = 0;
};

// Where the streams of one pool get their summaries.
class ConnectionLog {
 public:
  using Sink = ConnectionQueue::Sink;

  explicit ConnectionLog(Sink sink, ConnectionOrder order = ConnectionOrder::as_they_begin,
                         const LogLimits& limits = {})
      : queue_(std::in_place, std::move(sink), order, limits),
        gaps_max_(limits.gaps_max),
        events_max_(limits.events_max) {}
  ConnectionLog(const ConnectionLog&) = delete;
  ConnectionLog& operator=(const ConnectionLog&) = delete;

  // A new connection; the reference is good until close().
  ConnectionSummary& open(const NetFlow& net, TransportFlow transport, std::uint64_t rank = 0);
  void close(ConnectionSummary& summary, EndReason reason);

  // Puts a gap on the list of a direction, as long as there are fewer than the limit.
  void add_gap(DirectionSummary& side, const Gap& gap);

  // Counts an event; puts it on a list too, if all were asked for or it says that copies differ, or could not
  // be compared, and those were, as long as there are fewer than the limit.
  void list_events() { listed_.set(); }
  void list_conflicts();
  void add_event(DirectionSummary& side, const Event& event);

  // Where notes go. Of a log that is not one of ConnectionLogs; before the first packet.
  void on_note(ConnectionNoteSink sink) {
    if (queue_) queue_->on_note(std::move(sink));
  }

  // Passes a note on, at once or, of ConnectionLogs, in the order of packets. Requires: open(), and not
  // close().
  void note(const ConnectionSummary& summary, std::unique_ptr<ConnectionNote> note);

  // A packet has come: what happens until the next one happens because of it.
  void note_packet(std::uint64_t rank) { now_ = rank; }
  // Whether packets are noted.
  [[nodiscard]] bool notes_packets() const { return now_ != 0; }

  [[nodiscard]] std::uint64_t opened() const { return queue_ ? queue_->opened() : 0; }

 private:
  friend class ConnectionLogs;
  // That a connection ended, or a note of it.
  struct Happening {
    std::uint64_t rank;  // of the packet it happened at
    const LoggedConnection* connection;
    std::uint64_t number = 0;                        // of the connection, once it has one
    std::unique_ptr<ConnectionNote> note = nullptr;  // no ending, but this
  };

  ConnectionLog(unsigned shards, const LogLimits& limits)  // of ConnectionLogs
      : gaps_max_(limits.gaps_max / shards), events_max_(limits.events_max / shards) {}

  std::optional<ConnectionQueue> queue_;  // else the following wait for ConnectionLogs
  std::list<LoggedConnection> opened_;    // never moves what is in it
  std::vector<Happening> happened_;
  std::uint64_t now_ = 0;
  std::bitset<event_kind_count> listed_;
  std::size_t gaps_ = 0;  // listed in open connections
  std::size_t gaps_max_;
  std::size_t events_ = 0;  // the same
  std::size_t events_max_;
};

// The logs of several pools that are fed at the same time, made one again: connections are numbered and
// passed on as if one pool had seen all packets, whatever the threads do. For an Engine, whose listener
// passes part_done() and chunk_done() on.
class ConnectionLogs {
 public:
  explicit ConnectionLogs(unsigned shards, ConnectionQueue::Sink sink,
                          ConnectionOrder order = ConnectionOrder::as_they_begin,
                          const LogLimits& limits = {});

  // As in a ConnectionQueue; the sink is called where that of summaries is. Before the first packet.
  void on_note(ConnectionNoteSink sink) { queue_.on_note(std::move(sink)); }

  // How many chunks there may be between part_done() and chunk_done(). Before the first of these.
  void set_slots(std::size_t slots) { parts_.resize(slots * logs_.size()); }

  // As in a ConnectionLog. Before the first packet.
  void list_events();

  [[nodiscard]] unsigned shards() const { return static_cast<unsigned>(logs_.size()); }
  [[nodiscard]] ConnectionLog& log(unsigned shard) { return *logs_[shard]; }

  // Puts what a shard noted aside. The thread of that shard.
  void part_done(unsigned shard, std::size_t slot);
  // Numbers and passes on what all shards noted of a chunk. One thread at a time, chunks in order.
  void chunk_done(std::size_t slot);
  // As in a ConnectionQueue; where chunk_done() is called.
  void pass_on_ended() { queue_.pass_on_ended(); }

  [[nodiscard]] std::uint64_t opened() const { return queue_.opened(); }

 private:
  struct Part {
    std::list<LoggedConnection> opened;
    std::vector<ConnectionLog::Happening> happened;
  };

  Part& part(unsigned shard, std::size_t slot) { return parts_[slot * logs_.size() + shard]; }

  ConnectionQueue queue_;
  std::vector<std::unique_ptr<ConnectionLog>> logs_;  // by shard
  std::vector<Part> parts_;                           // by slot and shard
  std::vector<ConnectionLog::Happening> happenings_;  // scratch
};

// A stream, for BasicAssembler, that takes notes and lets the bytes go.
class SummaryStream {
 public:
  SummaryStream(ConnectionLog& log, ConnectionSummary& summary) : log_(&log), summary_(&summary) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context);
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context);
  bool reassembly_complete(AssemblerContext* context, EndReason reason);
  void on_event(const Event& event);

  [[nodiscard]] const NetFlow& net() const { return summary_->net; }

  // As of the last packet, which takes writing; for each packet, ask for less.
  [[nodiscard]] ConnectionSummary& summary() {
    write_tallies();
    return *summary_;
  }

 private:
  // What each packet changes of a DirectionSummary lies here until somebody asks: a summary is some 900 bytes
  // anywhere, a stream is beside its connection's number.
  struct Tally {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    Timestamp first_seen;
    Timestamp last_seen;
  };

  void note_first(const CaptureInfo& info, TcpFlowDirection direction);
  void note_origin(TcpFlowDirection direction, const PacketOrigin& origin);
  void write_tallies();

  ConnectionLog* log_;
  ConnectionSummary* summary_;
  std::array<Tally, 2> tallies_{};  // by TcpFlowDirection
};

// Makes streams of type S from (log, summary).
template <class S>
class SummaryFactory {
 public:
  explicit SummaryFactory(ConnectionLog& log) : log_(log) {}

  std::optional<S> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                          AssemblerContext& context) {
    return std::optional<S>(std::in_place, log_, log_.open(net, transport, rank_of(context)));
  }

 private:
  ConnectionLog& log_;
};

}  // namespace restitch
