// A bulk transfer without incident, as real packets, has no event of any kind, whoever reads it and however
// closely it is watched.
//
//   RESTITCH_BULK_BYTES=1073741824 build/release/tests/core_tests --gtest_filter='*CleanTransfer*'
//
// sends 1 GB; without it some MB are sent, so that a build with sanitizers is done soon.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "restitch/assembler.h"
#include "support/frame_builder.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

std::uint64_t bulk_bytes() {
  const char* const wanted = std::getenv("RESTITCH_BULK_BYTES");
  return wanted == nullptr ? std::uint64_t{4} << 20 : std::strtoull(wanted, nullptr, 10);
}

// 10.0.0.1 sends to 10.0.0.2, which acknowledges every second segment.
class Transfer {
 public:
  explicit Transfer(const std::string& policy) : pool_(factory_, options(policy)), assembler_(pool_) {}

  void run(std::uint64_t size) {
    send(packet(true, 1000).flags(TcpFlag::syn).option(tcp_option::sack_permitted()));
    send(packet(false, 5000)
             .flags(TcpFlag::syn | TcpFlag::ack)
             .ack(1001)
             .option(tcp_option::sack_permitted()));
    const std::string text(1448, 'x');
    for (std::uint64_t sent = 0, i = 0; sent < size; ++i) {
      const auto seq = static_cast<std::uint32_t>(1001 + sent);
      sent += text.size();
      send(packet(true, seq).ack(5001).payload(text));
      if (i % 2 == 1) send(packet(false, 5001).ack(static_cast<std::uint32_t>(1001 + sent)));
      delivered_ = sent;
    }
    const auto last = static_cast<std::uint32_t>(1001 + delivered_);
    send(packet(true, last).flags(TcpFlag::fin | TcpFlag::ack).ack(5001));
    send(packet(false, 5001).flags(TcpFlag::fin | TcpFlag::ack).ack(last + 1));
    send(packet(true, last + 1).ack(5002));
    assembler_.flush_all();
  }

  [[nodiscard]] std::uint64_t sent() const { return delivered_; }
  [[nodiscard]] const StreamPool& pool() const { return pool_; }

 private:
  struct Deaf : Stream {
    bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
                AssemblerContext&) override {
      return true;
    }
    void reassembled_sg(ScatterGather&, AssemblerContext&) override {}
    bool reassembly_complete(AssemblerContext*, EndReason) override { return true; }
  };
  struct Factory : StreamFactory {
    std::unique_ptr<Stream> create(const NetFlow&, TransportFlow, const TcpSegment&,
                                   AssemblerContext&) override {
      return std::make_unique<Deaf>();
    }
  };

  static PoolOptions options(const std::string& policy) {
    PoolOptions options;
    options.receiver = find_receiver_policy(policy);
    options.observe = true;
    options.tell_copies = true;
    options.ageing = Ageing::usual();
    return options;
  }
  static FrameBuilder packet(bool ahead, std::uint32_t seq) {
    FrameBuilder packet;
    packet.raw().ip(ahead ? "10.0.0.1" : "10.0.0.2", ahead ? "10.0.0.2" : "10.0.0.1");
    packet.tcp(ahead ? 40000 : 80, ahead ? 80 : 40000).seq(seq).window(60000);
    return packet;
  }
  void send(const FrameBuilder& packet) {
    const Frame frame = packet.build();
    const DecodedPacket decoded = decode(LinkType::raw, frame, frame.size());
    ASSERT_EQ(decoded.reason, DropReason::none);
    ++packets_;
    AssemblerContext context(
        CaptureInfo{.timestamp = {static_cast<std::int64_t>(packets_ * 10'000)}, .packet_number = packets_});
    assembler_.assemble_with_context(decoded.net, decoded.tcp, context);
  }

  Factory factory_;
  StreamPool pool_;
  Assembler assembler_;
  std::uint64_t packets_ = 0;
  std::uint64_t delivered_ = 0;
};

TEST(CleanTransfer, HasNoEvent) {
  for (const char* policy : {"linux", "capture"}) {
    Transfer transfer(policy);
    transfer.run(bulk_bytes());
    EXPECT_EQ(transfer.pool().byte_counts().delivered, transfer.sent()) << policy;
    for (std::size_t i = 0; i < event_kind_count; ++i) {
      EXPECT_EQ(transfer.pool().event_counts()[i], 0u)
          << policy << ", " << to_string(static_cast<EventKind>(i));
    }
  }
}

}  // namespace
}  // namespace restitch::testing
