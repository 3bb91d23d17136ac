// FollowStream: one connection of many as readable text, both directions in the order in which their bytes
// came, in the formats of `tshark -z follow,tcp,FORMAT,N`; or all of them, as they come. One thread.
//
// In ascii, payload stands between lines of ours: how much who said, gaps, notes. A line of payload that
// reads like one of those, or begins with a backslash, gets a backslash in front, and a carriage return
// within a line is a dot like other controls. Below the nodes a line names the connection (output_ids.h). In
// raw, bytes that are missing are left out. All else is tshark's, to the byte.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {

enum class FollowFormat : std::uint8_t {
  ascii,
  hex,
  raw,
  yaml,
  bytes,    // the payload itself, and nothing else
  console,  // as tcpflow -c: the names of both ends, and what was said
};

struct FollowStyle {
  // What the head says is followed: "tcp"; "tls" or "http" of what was found inside. A constant.
  std::string_view protocol = "tcp";
  FollowFormat format = FollowFormat::ascii;
  // Lines that begin with # say which packet brought what follows and how, and what happened: comments, which
  // tshark has not. Not of bytes and console.
  bool notes = false;
  // What the client says in red, what the server says in blue (SGR). Not in yaml and bytes.
  bool coloured = false;
  std::optional<TcpFlowDirection> only{};  // what this side sends, and nothing of the other
  std::uint16_t community_seed = 0;
};

// A connection, as its head names it.
struct FollowHead {
  std::uint64_t number = 0;
  NetFlow net;  // from node 0 to node 1
  TransportFlow transport;
  std::string uid{};  // left out if empty
  std::string community_id{};
  bool server_first = false;  // node 0 is the server
};

// Whose turn it is, where several writers share a sink: a piece of each stands between a head and a foot.
struct FollowTurns {
  std::optional<std::uint64_t> number;  // of the connection
};

// Writes what each of the two nodes said. Node 0 is whoever sent the first packet. `sink` borrows the text.
class FollowWriter {
 public:
  using Sink = std::function<void(std::string_view)>;

  // `turns` are shared with other writers, and outlive this.
  FollowWriter(const FollowStyle& style, Sink sink, FollowTurns* turns = nullptr)
      : style_(style), sink_(std::move(sink)), turns_(turns) {}

  // What stands above the data; with turns, once there is any.
  void begin(const FollowHead& head);
  // Bytes of one packet.
  void data(unsigned node, const CaptureInfo& info, Bytes bytes,
            Transmission transmission = Transmission::first);
  // Bytes that are missing: a line says so in their place, as in tshark. In yaml it is data like the rest,
  // and only a note tells it from payload that says the same; in raw and bytes nothing stands in their place.
  void missing(unsigned node, std::uint64_t packet_number, std::uint64_t size);
  // What happened to what this node sends.
  void event(unsigned node, const EventNote& event);
  void end();
  // After end(): the connection is complete, and nothing more will be written.
  [[nodiscard]] bool ended() const { return ended_; }

  [[nodiscard]] bool notes() const { return style_.notes; }
  [[nodiscard]] std::optional<TcpFlowDirection> only() const { return style_.only; }
  [[nodiscard]] std::uint16_t community_seed() const { return style_.community_seed; }
  // Bytes that were missing, so far.
  [[nodiscard]] std::uint64_t missing_bytes() const { return missing_bytes_; }

 private:
  [[nodiscard]] bool has_foot() const;
  void write(std::string_view text);
  void append_note(unsigned node, const CaptureInfo& info, Transmission transmission);
  void append_data(unsigned node, const CaptureInfo& info, Bytes bytes, std::string_view ascii);
  void append_hex_dump(unsigned node, Bytes bytes);
  void append_base64_lines(Bytes bytes);
  void colour(unsigned node, std::size_t begin);

  FollowStyle style_;
  Sink sink_;
  FollowTurns* turns_;
  std::uint64_t number_ = 0;
  std::string head_;                    // with turns
  std::array<std::string, 2> senders_;  // by node, for the console
  unsigned server_node_ = 1;
  std::string text_;
  bool ended_ = false;
  std::uint64_t missing_bytes_ = 0;
  std::array<std::uint64_t, 2> positions_{};  // by node: offset of the next byte, for the hex dump
};

// A stream for BasicAssembler: with a writer it writes, without one it lets the bytes go. Bytes behind a gap
// are delivered late, perhaps at the very end; so that they stand where they belong in the conversation,
// what the other side says meanwhile is kept back, up to a limit.
class FollowStream {
 public:
  static constexpr std::size_t usual_waiting_max = std::size_t{16} << 20;

  FollowStream(ConnectionLog& log, ConnectionSummary& summary, FollowWriter* writer,
               std::size_t waiting_max = usual_waiting_max)
      : notes_(log, summary), writer_(writer), waiting_max_(waiting_max) {}
  // With a writer of its own, and nothing kept back.
  FollowStream(ConnectionLog& log, ConnectionSummary& summary, std::unique_ptr<FollowWriter> writer)
      : notes_(log, summary), own_writer_(std::move(writer)), writer_(own_writer_.get()), waiting_max_(0) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context);
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context);
  bool reassembly_complete(AssemblerContext* context, EndReason reason);
  void on_event(const Event& event);

 private:
  // A moment of the capture.
  using Moment = std::pair<Timestamp, std::uint64_t>;  // and the packet's number

  // Bytes of one packet, or how many are missing, or what happened.
  struct Piece {
    CaptureInfo info;
    std::uint64_t missing = 0;
    Bytes bytes{};
    Transmission transmission = Transmission::first;
    std::optional<EventNote> event{};
  };
  struct Waiting {
    Moment when;
    unsigned node;
    Piece piece;
    std::vector<std::uint8_t> bytes;
  };
  struct Side {
    bool waits = false;  // bytes up to `waits_until` came, but not all before them
    Sequence waits_until;
    Moment reached;  // when all that was delivered had come
  };

  unsigned node_of(TcpFlowDirection direction) const { return direction == node0_ ? 0 : 1; }
  void begin(const TcpSegment& tcp, TcpFlowDirection direction);
  void note_waiting(Side& side, const TcpSegment& tcp, std::optional<Sequence> next_seq);
  void put(Side& side, const CaptureInfo& came_with, const Piece& piece);
  void write_waiting();
  void write(unsigned node, const Piece& piece);

  SummaryStream notes_;
  std::unique_ptr<FollowWriter> own_writer_;
  FollowWriter* writer_;
  std::size_t waiting_max_;                // of memory, for what waits
  std::optional<TcpFlowDirection> node0_;  // the direction in which node 0 sends
  std::array<Side, 2> sides_;              // by node
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
};

class FollowFactory {
 public:
  // Follows connection `number`, counted from 0 in order of first packet.
  FollowFactory(ConnectionLog& log, FollowWriter& writer, std::uint64_t number,
                std::size_t waiting_max = FollowStream::usual_waiting_max)
      : log_(log), writer_(writer), number_(number), waiting_max_(waiting_max) {}

  std::optional<FollowStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                     AssemblerContext& /*context*/) {
    ConnectionSummary& summary = log_.open(net, transport);
    FollowWriter* const writer = summary.number == number_ ? &writer_ : nullptr;
    return std::optional<FollowStream>(std::in_place, log_, summary, writer, waiting_max_);
  }

 private:
  ConnectionLog& log_;
  FollowWriter& writer_;
  std::uint64_t number_;
  std::size_t waiting_max_;
};

// Follows all connections as their bytes come, or those that are `wanted`, by their numbers and ends.
class FollowAllFactory {
 public:
  using Wanted = std::function<bool(const ConnectionSummary&)>;

  FollowAllFactory(ConnectionLog& log, const FollowStyle& style, FollowWriter::Sink sink, Wanted wanted = {})
      : log_(log), style_(style), sink_(std::move(sink)), wanted_(std::move(wanted)) {}

  std::optional<FollowStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                     AssemblerContext& /*context*/) {
    ConnectionSummary& summary = log_.open(net, transport);
    std::unique_ptr<FollowWriter> writer;
    if (!wanted_ || wanted_(summary)) writer = std::make_unique<FollowWriter>(style_, sink_, &turns_);
    return std::optional<FollowStream>(std::in_place, log_, summary, std::move(writer));
  }

 private:
  ConnectionLog& log_;
  FollowStyle style_;
  FollowWriter::Sink sink_;
  Wanted wanted_;
  FollowTurns turns_;
};

}  // namespace restitch
