// OracleListener: an assembler that writes down what it thinks the kernel's application reads, for each peer
// by its address and port, to be held against what it read. One thread.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "restitch/assembler.h"
#include "support/frame_builder.h"
#include "support/oracle_case.h"

namespace restitch::testing {

class OracleListener final : private StreamFactory {
 public:
  explicit OracleListener(std::string_view policy) : pool_(*this, options_for(policy)), assembler_(pool_) {}

  void packet(LinkType link_type, Bytes frame, std::size_t original_size, CaptureInfo info) {
    const DecodedPacket decoded = decode(link_type, frame, original_size);
    if (decoded.reason != DropReason::none) return;
    TcpSegment tcp = decoded.tcp;
    tcp.network_ok = decoded.ip_checksum_ok;
    AssemblerContext context(info);
    assembler_.assemble_with_context(decoded.net, tcp, context);
  }

  void packets(std::span<const Frame> frames) {
    for (const Frame& frame : frames) {
      CaptureInfo info;
      info.packet_number = ++packets_;
      info.timestamp = {static_cast<std::int64_t>(1'000'000 * packets_)};
      packet(LinkType::raw, frame, frame.size(), info);
    }
  }

  // Ends the capture, and says what the application read from that peer. Later connections in which nothing
  // ever happened do not count: no application had them.
  Heard heard_from(const std::string& peer) {
    assembler_.flush_all(EndReason::end_of_input);
    Heard heard;
    heard.end = "open";
    const auto& connections = peers_[peer];
    for (std::size_t i = 0; i < connections.size(); ++i) {
      const Connection& connection = *connections[i];
      if (i != 0 && connection.bytes.empty() && connection.end == "open") continue;
      heard.streams.push_back(connection.bytes);
      heard.urgent += connection.urgent;
      heard.end = connection.end;
    }
    if (heard.streams.empty()) heard.streams.emplace_back();
    return heard;
  }

  // All events so far: "conflict", "refused paws", …
  [[nodiscard]] const std::vector<std::string>& events() const { return events_; }

  [[nodiscard]] bool counts_add_up() const {
    const ByteCounts& bytes = pool_.byte_counts();
    return bytes.add_up();
  }

 private:
  struct Connection {
    TcpFlowDirection from_peer;
    std::string bytes;
    std::string urgent;
    std::string end = "open";
    std::uint64_t end_packet = 0;
  };

  class Listening final : public Stream {
   public:
    Listening(std::shared_ptr<Connection> connection, std::vector<std::string>& events)
        : connection_(std::move(connection)), events_(events) {}

    bool accept(const TcpSegment& /*tcp*/, const CaptureInfo& /*info*/, TcpFlowDirection /*direction*/,
                std::optional<Sequence> /*next_seq*/, bool& /*start*/,
                AssemblerContext& /*context*/) override {
      return true;
    }

    void reassembled_sg(ScatterGather& sg, AssemblerContext& context) override {
      if (sg.info().direction != connection_->from_peer) return;
      if (sg.info().skip > 0) connection_->bytes += fmt::format("[gap of {}]", sg.info().skip);
      for (const ScatterGather::Chunk& chunk : sg.chunks()) connection_->bytes += to_text(chunk.bytes);
      if (!sg.info().end) return;
      connection_->end = "eof";
      connection_->end_packet = context.capture_info().packet_number;
    }

    // An end that came with the packet that reset the connection was no FIN.
    bool reassembly_complete(AssemblerContext* context, EndReason reason) override {
      const bool at_once =
          context != nullptr && context->capture_info().packet_number == connection_->end_packet;
      if (reason == EndReason::rst && at_once) connection_->end = "reset";
      return true;
    }

    void on_event(const Event& event) override {
      events_.emplace_back(to_string(event.kind));
      if (event.kind == EventKind::refused) events_.back() += fmt::format(" {}", to_string(event.refusal));
      // The handshake showed that the client is the other one.
      if (event.kind == EventKind::roles_swapped) connection_->from_peer = reverse(connection_->from_peer);
      if (event.kind != EventKind::urgent || event.direction != connection_->from_peer) return;
      connection_->urgent += to_text(event.held);
    }

   private:
    std::shared_ptr<Connection> connection_;
    std::vector<std::string>& events_;
  };

  static PoolOptions options_for(std::string_view policy) {
    PoolOptions options;
    options.receiver = find_receiver_policy(policy);
    options.hash_seed = 1;
    return options;
  }

  static bool is_kernel(const IpAddress& host) {
    static const std::array kernels = {address("10.99.0.1"), address("fd99::1")};
    return host == kernels[0] || host == kernels[1];
  }

  std::unique_ptr<Stream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                 AssemblerContext& /*context*/) override {
    const bool from_peer = is_kernel(net.destination);
    const std::string peer = from_peer ? endpoint_to_string(net.source, transport.source_port)
                                       : endpoint_to_string(net.destination, transport.destination_port);
    auto connection = std::make_shared<Connection>();
    connection->from_peer =
        from_peer ? TcpFlowDirection::client_to_server : TcpFlowDirection::server_to_client;
    peers_[peer].push_back(connection);
    return std::make_unique<Listening>(std::move(connection), events_);
  }

  std::map<std::string, std::vector<std::shared_ptr<Connection>>> peers_;
  std::vector<std::string> events_;
  StreamPool pool_;
  Assembler assembler_;
  std::uint64_t packets_ = 0;
};

}  // namespace restitch::testing
