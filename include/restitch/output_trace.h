// TraceStream: how a connection went, packet by packet, in the terms of Zeek's conn.log: states, history,
// sizes by sequence numbers and on the wire, and the service that its first bytes speak. One thread: that of
// the pool.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

  // "SF", "S0", "RSTO", … as Zeek's conn_state.
  [[nodiscard]] std::string_view state() const;
  // The same seen the other way round.
  void swap_roles();
};

// Follows a connection from packet to packet. A value.
class ConnectionTracer {
 public:
  // `frame_size`: of the whole packet; 0: not known.
  void note_packet(const TcpSegment& tcp, TcpFlowDirection direction, Timestamp time, std::size_t frame_size);
  void note_gap(TcpFlowDirection direction);
  void swap_roles();

  [[nodiscard]] ConnectionTrace trace() const;

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
  void note_ack(const TcpSegment& tcp, std::size_t side);
  void add(char letter, std::size_t side);
  void add_scaled(char letter, std::size_t side, Scaled& scaled);
  bool add_once(char letter, std::uint8_t bit, std::size_t side);
  void set(End& end, EndpointState state);
  [[nodiscard]] std::uint64_t size_of(const End& end, const End& other) const;

  std::array<End, 2> ends_;  // by TcpFlowDirection
  std::string history_;
  bool server_began_ = false;
  Timestamp first_seen_;
  Timestamp last_seen_;
};

// Which protocol two end points speak, by the first bytes of each, in the names of Zeek; empty: not known.
// The ports are not asked: what a server on port 80 says need not be HTTP.
std::string_view identify_service(Bytes client, Bytes server);

// Whether TLS may begin with these bytes of the client.
bool is_client_hello(Bytes bytes);

// A stream, for BasicAssembler, that leaves a trace in its summary.
class TraceStream {
 public:
  TraceStream(ConnectionLog& log, ConnectionSummary& summary) : notes_(log, summary) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    const PacketContext* const packet = context_of(context);
    tracer_.note_packet(tcp, direction, info.timestamp, packet == nullptr ? 0 : packet->frame().size());
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

  SummaryStream notes_;
  ConnectionTracer tracer_;
  std::array<Head, 2> heads_;  // by TcpFlowDirection
  std::string service_;        // as it was named; empty: by the heads
};

}  // namespace restitch
