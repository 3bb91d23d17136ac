// What is worth telling about connections when the bytes themselves went elsewhere: ConnectionSummary,
// the ConnectionLog that hands the summaries out in order of first packet, and SummaryStream, which
// fills them. The streams of output_digest.h, output_files.h and output_follow.h are built on it.
//
// A ConnectionLog owns the summaries and must outlive the pool whose streams fill them; its sink borrows
// a summary for the call. One thread: that of the pool.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "restitch/stream.h"

namespace restitch {

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
  // The first bytes of both copies, at most shown_max.
  std::vector<std::uint8_t> held;
  std::vector<std::uint8_t> arrived;

  static constexpr std::size_t shown_max = 64;
  static EventNote of(const Event& event);
};

// One direction of a connection.
struct DirectionSummary {
  std::uint64_t bytes = 0;    // delivered; gaps are not counted
  std::uint64_t packets = 0;  // all of this direction, also those without payload
  std::uint64_t copies = 0;   // of those, that the capture holds a second time (mirror_copies.h)
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
};

struct ConnectionSummary {
  std::uint64_t number = 0;  // in order of first packet, from 0
  NetFlow net;               // client to server
  TransportFlow transport;   // client to server
  // Whether a SYN says who the client is; else it is taken for whoever sent the first packet.
  bool client_known = false;
  bool ended = false;  // `end` means something
  EndReason end = EndReason::end_of_input;
  std::array<DirectionSummary, 2> directions;  // by TcpFlowDirection

  [[nodiscard]] DirectionSummary& direction(TcpFlowDirection which) {
    return directions[static_cast<std::size_t>(which)];
  }
  [[nodiscard]] const DirectionSummary& direction(TcpFlowDirection which) const {
    return directions[static_cast<std::size_t>(which)];
  }
  // "192.0.2.1:80": who sends in this direction.
  [[nodiscard]] std::string sender(TcpFlowDirection which) const;
  // EventKind::roles_swapped: the client turned out to be the other one.
  void swap_roles();
  // From its first packet to its last one; 0 when the times are not known.
  [[nodiscard]] std::int64_t duration_ns() const;
};

// In which order a ConnectionLog hands connections out.
enum class ConnectionOrder {
  as_they_begin,  // once all earlier ones have ended too: what comes out does not depend on when they end
  as_they_end,    // at once: for a capture that has no end
};

// Numbers connections and passes each on once it has ended. What waits costs some 900 bytes each; one that
// lasts for ever does not make all others wait for ever: once `waiting_max` wait, what ends goes on at once.
class ConnectionLog {
 public:
  using Sink = std::function<void(const ConnectionSummary&)>;
  static constexpr std::size_t usual_waiting_max = 65'536;

  explicit ConnectionLog(Sink sink, ConnectionOrder order = ConnectionOrder::as_they_begin,
                         std::size_t waiting_max = usual_waiting_max)
      : sink_(std::move(sink)), waiting_max_(order == ConnectionOrder::as_they_end ? 0 : waiting_max) {}
  ConnectionLog(const ConnectionLog&) = delete;
  ConnectionLog& operator=(const ConnectionLog&) = delete;

  // A new connection; the reference is good until close().
  ConnectionSummary& open(const NetFlow& net, TransportFlow transport);
  void close(ConnectionSummary& summary, EndReason reason);

  // Puts a gap on the list of a direction. A million gaps are listed at a time; those beyond are counted.
  void add_gap(DirectionSummary& side, const Gap& gap);

  // Puts the events themselves on lists, and not only their counts: a hundred thousand at a time.
  void list_events() { lists_events_ = true; }
  void add_event(DirectionSummary& side, const Event& event);

  [[nodiscard]] std::uint64_t opened() const { return opened_; }

 private:
  static constexpr std::size_t gaps_max = 1'000'000;

  static constexpr std::size_t events_max = 100'000;

  void pass_on(const ConnectionSummary& summary);

  struct Entry : ConnectionSummary {
    std::list<Entry>::iterator self;
  };

  Sink sink_;
  std::size_t waiting_max_;
  std::size_t ended_ = 0;   // of those that wait
  std::size_t gaps_ = 0;    // listed in those that wait
  std::size_t events_ = 0;  // the same
  bool lists_events_ = false;
  std::list<Entry> waiting_;  // never moves what is in it
  std::uint64_t opened_ = 0;
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

  [[nodiscard]] ConnectionSummary& summary() { return *summary_; }
  [[nodiscard]] const ConnectionSummary& summary() const { return *summary_; }

 private:
  ConnectionLog* log_;
  ConnectionSummary* summary_;
};

// Makes streams of type S from (log, summary).
template <class S>
class SummaryFactory {
 public:
  explicit SummaryFactory(ConnectionLog& log) : log_(log) {}

  std::optional<S> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                          AssemblerContext& /*context*/) {
    return std::optional<S>(std::in_place, log_, log_.open(net, transport));
  }

 private:
  ConnectionLog& log_;
};

}  // namespace restitch
