// Memory is bounded by what is held, counted in bytes that were really allocated, and is given back.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "restitch/basic_assembler.h"
#include "restitch/detail/block.h"

#if defined(__SANITIZE_ADDRESS__)
// gcc has the function, but not the header that declares it.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace restitch {
namespace {

// Bytes that this program has allocated and not freed: heap and blocks.
std::size_t allocated() {
#if defined(__SANITIZE_ADDRESS__)
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd + detail::blocks_size();
#endif
}

struct QuietStream {
  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) {
    return true;
  }
  void reassembled_sg(ScatterGather&, AssemblerContext&) {}
  bool reassembly_complete(AssemblerContext*, EndReason) { return true; }
};
struct QuietFactory {
  std::optional<QuietStream> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return QuietStream{};
  }
};

class Memory : public testing::Test {
 protected:
  void open(std::uint32_t connection) { send(connection, 0, 0, true); }

  // A segment of `size` bytes that begins `offset` bytes behind the SYN's.
  void send(std::uint32_t connection, std::uint32_t offset, std::size_t size, bool syn = false) {
    NetFlow net;
    net.source.version = net.destination.version = 4;
    net.source.bytes[14] = static_cast<std::uint8_t>(connection >> 22);
    net.source.bytes[15] = static_cast<std::uint8_t>(connection >> 14);
    net.destination.bytes[12] = 9;
    TcpSegment tcp;
    tcp.source_port = static_cast<std::uint16_t>(connection & 0x3FFF);
    tcp.destination_port = 80;
    tcp.flags = syn ? TcpFlags{} | TcpFlag::syn : TcpFlags{} | TcpFlag::ack;
    tcp.sequence = Sequence(0xFFFF0000).add(offset);
    tcp.payload = Bytes(payload_).first(size);
    AssemblerContext context(CaptureInfo{.timestamp = {1}, .packet_number = ++packets_});
    assembler_.assemble_with_context(net, tcp, context);
  }

  static PoolOptions unlimited() {
    PoolOptions options;
    options.limits.connection_bytes_max = options.limits.total_bytes_max = PoolLimits::unlimited;
    return options;
  }

  // Holds `segments` of `size` bytes in each of `connections`, from the end, every second one missing.
  void expect_bound(std::uint32_t connections, std::uint32_t segments, std::size_t size) {
    constexpr std::size_t per_pool = 1 << 20;
    constexpr std::size_t per_connection = 512;
    const std::size_t before = allocated();
    for (std::uint32_t connection = 0; connection < connections; ++connection) open(connection);
    for (std::uint32_t i = segments; i > 0; --i) {
      for (std::uint32_t connection = 0; connection < connections; ++connection) {
        send(connection, 1 + 2 * i * static_cast<std::uint32_t>(size), size);
      }
    }
    const std::size_t held = std::size_t{connections} * segments;
    EXPECT_EQ(pool_.size().held_segments, held);
    EXPECT_LE(allocated() - before,
              held * size * 5 / 4 + held * 80 + connections * per_connection + per_pool);
  }

  QuietFactory factory_;
  BasicStreamPool<QuietStream, QuietFactory> pool_{factory_, unlimited()};
  BasicAssembler<QuietStream, QuietFactory> assembler_{pool_};
  std::vector<std::uint8_t> payload_ = std::vector<std::uint8_t>(65536, 'x');
  std::uint64_t packets_ = 0;
};

TEST_F(Memory, OfOneByteSegmentsFromTheEndIsBounded) { expect_bound(1, 300'000, 1); }
TEST_F(Memory, OfFiveByteSegmentsIsBounded) { expect_bound(1, 300'000, 5); }
TEST_F(Memory, OfHundredByteSegmentsIsBounded) { expect_bound(1, 100'000, 100); }
TEST_F(Memory, OfFullSegmentsIsBounded) { expect_bound(1, 20'000, 1460); }
TEST_F(Memory, OfTheLargestSegmentsIsBounded) { expect_bound(1, 300, 65535); }
TEST_F(Memory, OfManyConnectionsIsBounded) { expect_bound(10'000, 10, 33); }

TEST_F(Memory, IsGivenBackAfterASpikeOfConnectionsAndOfHeldData) {
  for (std::uint32_t connection = 0; connection < 30'000; ++connection) open(connection);
  const std::size_t before = allocated();
  for (std::uint32_t connection = 30'000; connection < 320'000; ++connection) open(connection);
  for (std::uint32_t i = 0; i < 20'000; ++i) send(7, 10 + 2000 * i, 1000);
  const std::size_t spike = allocated();
  EXPECT_GT(spike, before * 5);
  for (std::uint32_t connection = 30'000; connection < 320'000; ++connection) {  // and each ends
    NetFlow net;
    net.source.version = net.destination.version = 4;
    net.source.bytes[14] = static_cast<std::uint8_t>(connection >> 22);
    net.source.bytes[15] = static_cast<std::uint8_t>(connection >> 14);
    net.destination.bytes[12] = 9;
    TcpSegment tcp;
    tcp.source_port = static_cast<std::uint16_t>(connection & 0x3FFF);
    tcp.destination_port = 80;
    AssemblerContext context(CaptureInfo{});
    pool_.remove(*pool_.get_connection(net, true, {}, tcp, context).connection);
  }
  assembler_.flush_with_options({.t = {2}});
  EXPECT_LE(allocated(), before * 6 / 5);
}

}  // namespace
}  // namespace restitch
