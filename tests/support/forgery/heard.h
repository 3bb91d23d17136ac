// Heard: what an assembler made of a captured conversation: each stream with its bytes, where they lie and
// which packet brought them, and its events. hear() feeds the packets and holds calls and accounts to what
// docs/semantics.md promises. Owns copies of all bytes.
#pragma once

#include <fmt/format.h>

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "restitch/basic_assembler.h"
#include "support/forgery/conversation.h"

namespace restitch::forgery {

struct HeardRun {
  std::uint64_t offset = 0;
  std::string bytes;
  std::size_t packet = 0;  // its place in the conversation
};

struct HeardEvent {
  EventKind kind{};
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::optional<std::size_t> packet;
  Refusal refusal = Refusal::count_;
};

struct HeardStream {
  std::vector<HeardRun> runs;
  std::vector<HeardEvent> events;
  std::uint64_t next = 0;  // offset behind the last byte
  std::uint64_t skipped = 0;
  int starts = 0;
  int ends = 0;

  [[nodiscard]] bool told(EventKind kind) const {
    return std::any_of(events.begin(), events.end(), [kind](const HeardEvent& e) { return e.kind == kind; });
  }
};

struct HeardConnection {
  std::array<HeardStream, 2> streams;  // by the side that sent
  std::optional<EndReason> reason;
};

struct Heard {
  std::deque<HeardConnection> connections;
  std::vector<std::size_t> counted;  // packets of no connection, of which an event is counted
  ByteCounts counts;
  std::string wrong;  // the first promise that was not kept; empty: none

  void require(bool holds, const char* promise) {
    if (!holds && wrong.empty()) wrong = promise;
  }
};

// The stream type: writes down what it is told.
class HeardRecorder {
 public:
  HeardRecorder(Heard& heard, Side client) : heard_(&heard), client_(client) {
    connection_ = heard.connections.size();
    heard.connections.emplace_back();
  }

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection, std::optional<Sequence> next,
              bool& start, AssemblerContext& context) {
    heard_->require(context.capture_info() == info, "the context is that of the packet");
    // Not for each: a SYN inside a connection waits for its answer.
    heard_->require(!start || (tcp.syn() && !next), "a start is proposed for a SYN while none is known");
    return true;
  }

  void reassembled_sg(ScatterGather& sg, AssemblerContext&) {
    const ScatterGather::Info& info = sg.info();
    HeardStream& stream = stream_of(info.direction);
    heard_->require(!mine().reason, "nothing is delivered behind the completion");
    stream.starts += info.start ? 1 : 0;
    stream.ends += info.end ? 1 : 0;
    heard_->require(stream.starts <= 1 && stream.ends <= 1, "a stream starts once and ends once");
    if (info.skip > 0) {
      stream.next += static_cast<std::uint64_t>(info.skip);
      stream.skipped += static_cast<std::uint64_t>(info.skip);
    }
    heard_->require(info.offset == stream.next, "bytes are delivered once, in order");
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      stream.runs.push_back({info.offset + chunk.offset, std::string(chunk.bytes.begin(), chunk.bytes.end()),
                             chunk.info->packet_number - 1});
    }
    stream.next += sg.lengths().available;
  }

  bool reassembly_complete(AssemblerContext*, EndReason reason) {
    heard_->require(!mine().reason, "a connection completes once");
    mine().reason = reason;
    for (const HeardStream& stream : mine().streams) {
      std::uint64_t gaps = 0;
      for (const HeardEvent& event : stream.events) gaps += event.kind == EventKind::gap ? event.size : 0;
      heard_->require(gaps == stream.skipped, "each gap is told");
    }
    return true;
  }

  void on_event(const Event& event) {
    if (event.kind == EventKind::roles_swapped) client_ = other(client_);
    HeardEvent noted{event.kind, event.offset, event.size, std::nullopt, event.refusal};
    if (event.info.packet_number != 0) noted.packet = event.info.packet_number - 1;
    stream_of(event.direction).events.push_back(noted);
  }

 private:
  HeardConnection& mine() { return heard_->connections[connection_]; }
  HeardStream& stream_of(TcpFlowDirection direction) {
    const bool from_client = direction == TcpFlowDirection::client_to_server;
    return mine().streams[index(from_client ? client_ : other(client_))];
  }

  Heard* heard_;
  std::size_t connection_ = 0;
  Side client_;
};

class HeardFactory {
 public:
  HeardFactory(Heard& heard, const Endpoints& endpoints) : heard_(heard), endpoints_(endpoints) {}

  std::optional<HeardRecorder> create(const NetFlow&, TransportFlow transport, const TcpSegment&,
                                      AssemblerContext&) {
    return HeardRecorder(heard_, transport.source_port == endpoints_.port_a ? Side::a : Side::b);
  }

 private:
  Heard& heard_;
  const Endpoints& endpoints_;
};

inline CaptureInfo info_of(const CapturedPacket& packet, std::size_t number) {
  constexpr std::int64_t epoch = 1'700'000'000'000'000'000;
  CaptureInfo info;
  info.timestamp.ns = epoch + packet.time * 1000;
  info.packet_number = number + 1;
  info.captured_size = info.original_size = static_cast<std::uint32_t>(packet.frame.size());
  return info;
}

inline Heard hear(const Conversation& conversation, const PoolOptions& options) {
  Heard heard;
  HeardFactory factory(heard, conversation.endpoints);
  BasicStreamPool<HeardRecorder, HeardFactory> pool(factory, options);
  BasicAssembler<HeardRecorder, HeardFactory> assembler(pool);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < conversation.packets.size(); ++i) {
    const CapturedPacket& packet = conversation.packets[i];
    const DecodedPacket decoded = decode(LinkType::raw, packet.frame, packet.frame.size());
    heard.require(decoded.reason == DropReason::none, "each packet is a segment");
    if (decoded.reason != DropReason::none) continue;
    seen += decoded.tcp.payload.size();
    AssemblerContext context(info_of(packet, i));
    const auto refused = [&pool] {
      const EventCounts& counts = pool.event_counts();
      return counts[static_cast<std::size_t>(EventKind::data_after_rst)] +
             counts[static_cast<std::size_t>(EventKind::refused)];
    };
    const std::uint64_t before = refused();
    assembler.assemble_with_context(decoded.net, decoded.tcp, context);
    if (refused() != before) heard.counted.push_back(i);
    for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
      heard.require(pool.byte_counts(direction).add_up(), "bytes add up behind every packet");
    }
    heard.require(pool.byte_counts().seen == seen, "all payload is seen");
  }
  assembler.flush_all();
  heard.counts = pool.byte_counts();
  heard.require(heard.counts.add_up() && heard.counts.held == 0, "nothing is held behind the flush");
  std::uint64_t delivered = 0;
  for (const HeardConnection& connection : heard.connections) {
    heard.require(connection.reason.has_value(), "each connection completes");
    for (const HeardStream& stream : connection.streams) delivered += stream.next - stream.skipped;
  }
  heard.require(delivered == heard.counts.delivered, "delivered is what the streams got");
  return heard;
}

}  // namespace restitch::forgery
