// TraceStream: how a connection went, packet by packet, in the terms of Zeek's conn.log: states, history,
// sizes by sequence numbers and on the wire, and the service that its first bytes speak. One thread: that of
// the pool.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {

// What an end point did last, as far as its connection is concerned.
enum class EndpointState : std::uint8_t {
  inactive,      // it sent nothing
  syn_sent,      // …
  syn_ack_sent,  // …
  partial,       // it sends, and its SYN was not captured
  established,   // …
  closed,        // it sent a FIN
  reset,         // it sent a RST
};

// What one end point sent.
struct EndpointTrace {
  EndpointState state = EndpointState::inactive;
  std::uint64_t packets = 0;
  std::uint64_t ip_bytes = 0;     // with IP and TCP headers, as long as they were on the wire
  std::uint64_t frame_bytes = 0;  // with all headers, as captured; 0 where only the segments are known
  std::uint64_t size = 0;         // of the payload, by sequence numbers and what the other side acknowledged
  std::uint64_t fresh = 0;        // of it, what came with higher numbers than all before
  bool fin_acked = false;         // its FIN was seen, and all before it acknowledged
  TcpFlags flags;                 // all that were seen
};

struct ConnectionTrace {
  std::array<EndpointTrace, 2> ends;  // by TcpFlowDirection
  // A letter for each thing that happened, upper case of what the client did. S SYN, H SYN with ACK, A bare
  // ACK, D payload, F FIN, R RST, T payload again, W a closed window, G a gap, Q and I flags that exclude
  // each other. A and D stand there once; T, W and G the first, the tenth, the hundredth time, …
  std::string history;
  bool server_began = false;  // the first packet came from the server
  Timestamp first_seen;
  Timestamp last_seen;  // of the last packet before which the connection was open
  std::string service;  // "http", "ssl", "smtp,ssl", … by what was said; empty: not known
  bool joined = false;  // the first packet of an end point was no SYN: Zeek looks into no such stream
  // Of a connection behind whose end more came: what each row of Zeek says, the first one of the connection
  // itself. Empty: that is what the above says.
  std::vector<ConnectionTrace> rows;

  // "SF", "S0", "RSTO", … as Zeek's conn_state.
  [[nodiscard]] std::string_view state() const;
  // The same seen the other way round.
  void swap_roles();
};

// Follows a connection from packet to packet. A value.
class ConnectionTracer {
 public:
  // `frame_size`: of the whole packet; 0: not known. `ip_size`: what its IP header says that the datagram
  // has; 0: not known. Zeek believes it, also where the frame holds less.
  void note_packet(const TcpSegment& tcp, TcpFlowDirection direction, Timestamp time, std::size_t frame_size,
                   std::size_t ip_size = 0);
  void note_gap(TcpFlowDirection direction);
  void swap_roles();

  [[nodiscard]] ConnectionTrace trace() const;

  // How long Zeek waits for what follows the end of a connection: what comes then is of it, too, and what
  // comes later is of another one.
  static constexpr std::int64_t close_delay_ns = 5'000'000'000;
  // Whether the connection had ended so long before.
  [[nodiscard]] bool is_over(Timestamp time) const {
    return finished_ && detail::nanoseconds_between(finished_at_, time) >= close_delay_ns;
  }

 private:
  // A letter that stands in the history the first, the tenth, the hundredth time.
  struct Scaled {
    std::uint32_t count = 0;
    std::uint32_t next = 1;
  };
  struct End {
    EndpointTrace seen;
    EndpointState before = EndpointState::inactive;  // its last state
    Sequence start;                                  // of a SYN, captured or not
    Sequence last;                                   // behind the last byte
    Sequence acked;                                  // by the other side
    std::uint64_t last_offset = 0;                   // the same two from the start, however far
    std::uint64_t acked_offset = 0;
    bool begun = false;
    bool fin = false;
    bool closed = false;       // by its FIN or RST
    std::uint8_t letters = 0;  // of those that stand there once
    Sequence syn_at;
    Sequence fin_at;
    Sequence rst_at;
    Scaled again;
    Scaled closed_windows;
    Scaled gaps;
  };

  void note_history(const TcpSegment& tcp, std::size_t side, std::uint32_t size);
  void note_sequence(const TcpSegment& tcp, std::size_t side, std::uint32_t size);
  void note_state(const TcpSegment& tcp, std::size_t side);
  void note_end(std::size_t side);
  void note_ack(const TcpSegment& tcp, std::size_t side);
  void add(char letter, std::size_t side);
  void add_scaled(char letter, std::size_t side, Scaled& scaled);
  bool add_once(char letter, std::uint8_t bit, std::size_t side);
  void set(End& end, EndpointState state);
  [[nodiscard]] std::uint64_t size_of(const End& end, const End& other) const;

  std::array<End, 2> ends_;  // by TcpFlowDirection
  std::string history_;
  bool server_began_ = false;
  bool joined_ = false;
  bool finished_ = false;  // both ends closed it, or one that resets it, or is the only one
  Timestamp finished_at_;
  Timestamp first_seen_;
  Timestamp last_seen_;
};

// Follows a connection as a ConnectionTracer does, and begins another row where Zeek takes what comes for
// another connection. A value that can be moved.
class RowTracer {
 public:
  // At most so many rows of a connection.
  static constexpr std::size_t rows_max = 16;

  void note_packet(const TcpSegment& tcp, TcpFlowDirection direction, Timestamp time, std::size_t frame_size,
                   std::size_t ip_size);
  // The same for one that came behind the end of the connection, as this library sees it. False: it is of
  // another one, and does not count.
  bool note_tail(const TcpSegment& tcp, TcpFlowDirection direction, Timestamp time, std::size_t ip_size);
  void note_gap(TcpFlowDirection direction);
  void swap_roles();

  // Of all but the tail.
  [[nodiscard]] ConnectionTrace trace() const { return whole_.trace(); }
  // ConnectionTrace::rows, of which one has the service.
  [[nodiscard]] std::vector<ConnectionTrace> rows(const std::string& service) const;

 private:
  ConnectionTracer whole_;
  // Of the row that goes on, where that is not all of it.
  std::unique_ptr<ConnectionTracer> row_;
  std::vector<ConnectionTrace> rows_;  // that are complete
};

// Which protocol two end points speak, by the first bytes of each, in the names of Zeek; empty: not known.
// The ports are not asked: what a server on port 80 says need not be HTTP.
std::string_view identify_service(Bytes client, Bytes server);

// Whether TLS may begin with these bytes of the client.
bool is_client_hello(Bytes bytes);

// What the IP header before a segment says that its datagram has; 0: it is not in this frame.
std::size_t ip_size_of(const TcpSegment& tcp, Bytes frame);

class ConnectionTails;

// A stream, for BasicAssembler, that leaves a trace in its summary.
class TraceStream {
 public:
  // `tails`: where a connection waits that has ended; nullptr: it does not wait.
  TraceStream(ConnectionLog& log, ConnectionSummary& summary, ConnectionTails* tails = nullptr)
      : notes_(log, summary), tails_(tails) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    const Bytes frame = frame_of(context);
    tracer_.note_packet(tcp, direction, info.timestamp, frame.size(), ip_size_of(tcp, frame));
    return notes_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context);
  bool reassembly_complete(AssemblerContext* context, EndReason reason);
  void on_event(const Event& event);
  // Which service it is, if somebody who looked at all of it knows better. Before reassembly_complete().
  void name_service(std::string service) { service_ = std::move(service); }

 private:
  // The first bytes of a direction.
  struct Head {
    static constexpr std::size_t size_max = 96;
    std::array<std::uint8_t, size_max> bytes;
    std::size_t size = 0;
    bool over = false;  // what follows does not follow at once
    bool tls = false;   // later, after something else, a hello came
  };

  static void add(Head& head, const ScatterGather& sg);

  static Bytes frame_of(AssemblerContext& context) {
    PacketContext* const packet = context_of(context);
    if (packet == nullptr) return {};
    packet->note_shown();
    return packet->frame();
  }

  SummaryStream notes_;
  ConnectionTails* tails_;
  RowTracer tracer_;
  std::array<Head, 2> heads_;  // by TcpFlowDirection
  std::string service_;        // as it was named; empty: by the heads
};

}  // namespace restitch
