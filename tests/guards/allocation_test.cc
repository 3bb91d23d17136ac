// No allocation per packet: operator new of this whole program counts, and after a warm-up an assembler must
// not move the count, whatever the stream's kind and however the packets are handed in.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "restitch/assembler.h"
#include "restitch/basic_assembler.h"

namespace {
std::uint64_t allocations = 0;  // of the whole program; the tests have one thread

void* counted(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  ++allocations;
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* counted_or_throw(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  if (void* memory = counted(size == 0 ? 1 : size, alignment)) return memory;
  throw std::bad_alloc();
}

// Out of line: GCC warns of free() for memory of new when it sees only one of the two bodies.
[[gnu::noinline]] void give_back(void* memory) { std::free(memory); }
}  // namespace

void* operator new(std::size_t size) { return counted_or_throw(size); }
void* operator new[](std::size_t size) { return counted_or_throw(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

namespace restitch {
namespace {

constexpr std::uint16_t connections = 100;
constexpr std::uint32_t payload_size = 1000;
constexpr int rounds = 50;
constexpr std::uint64_t packets_per_run = std::uint64_t{rounds} * 4 * connections;
std::uint64_t received = 0;  // bytes, by all streams
std::size_t keeps = 0;       // of every delivery, the last so many bytes are kept
bool allocates = false;      // a stream that does what a test must notice

void receive(ScatterGather& sg) {
  const auto [available, saved] = sg.lengths();
  received += available - saved;
  if (keeps != 0) sg.keep_from(available - std::min(keeps, available));
  if (allocates) std::string(100, 'x').swap(*std::make_unique<std::string>());
}

struct StaticStream {
  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) {
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) { receive(sg); }
  bool reassembly_complete(AssemblerContext*, EndReason) { return true; }
};
struct StaticFactory {
  std::optional<StaticStream> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return StaticStream{};
  }
};

struct VirtualStream : Stream {
  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) override {
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) override { receive(sg); }
  bool reassembly_complete(AssemblerContext*, EndReason) override { return true; }
};
struct VirtualFactory : StreamFactory {
  std::unique_ptr<Stream> create(const NetFlow&, TransportFlow, const TcpSegment&,
                                 AssemblerContext&) override {
    return std::make_unique<VirtualStream>();
  }
};

struct StaticKind {
  StaticFactory factory;
  BasicStreamPool<StaticStream, StaticFactory> pool{factory};
  BasicAssembler<StaticStream, StaticFactory> assembler{pool};
};
struct VirtualKind {
  VirtualFactory factory;
  StreamPool pool{factory};
  Assembler assembler{pool};
};

// Order of the packets of one connection within a round: in order, or always two the wrong way round.
using Order = std::array<std::uint32_t, 4>;
constexpr Order in_order = {0, 1, 2, 3};
constexpr Order swapped = {1, 0, 3, 2};

template <class Kind>
class NoAllocation : public testing::Test {
 protected:
  void SetUp() override {
    received = 0;
    keeps = 0;
    allocates = false;
    for (std::uint16_t i = 0; i < connections; ++i) {
      AssemblerPacket packet = packet_of(i, 0);
      packet.decoded.tcp.flags = packet.decoded.tcp.flags | TcpFlag::syn;
      packet.decoded.tcp.sequence = Sequence(0xFFFF0000 - 1U);
      packet.decoded.tcp.payload = {};
      kind_.assembler.assemble_with_context(packet.decoded.net, packet.decoded.tcp, context_);
    }
  }

  // Allocations of the second of two equal stretches, in which every byte must have been delivered.
  std::uint64_t steady_allocations(const Order& order, bool batch, bool all_at_once = false) {
    run(order, batch, all_at_once);
    const std::uint64_t received_before = received;
    const std::uint64_t before = allocations;
    run(order, batch, all_at_once);
    const std::uint64_t made = allocations - before;
    EXPECT_EQ(received - received_before, packets_per_run * payload_size);
    return made;
  }

 private:
  AssemblerPacket packet_of(std::uint16_t connection, std::uint32_t number) {
    AssemblerPacket packet;
    packet.decoded.net.source.version = packet.decoded.net.destination.version = 4;
    packet.decoded.net.destination.bytes[3] = 1;
    packet.decoded.tcp.source_port = static_cast<std::uint16_t>(1000 + connection);
    packet.decoded.tcp.destination_port = 80;
    packet.decoded.tcp.flags = TcpFlags{} | TcpFlag::ack;
    packet.decoded.tcp.sequence = Sequence(0xFFFF0000).add(std::int64_t{number} * payload_size);
    packet.decoded.tcp.payload = payload_;
    packet.context = &context_;
    return packet;
  }

  // `all_at_once`: the connections take turns, so that all of them wait at the same time.
  void run(const Order& order, bool batch, bool all_at_once) {
    for (int round = 0; round < rounds; ++round, next_ += 4) {
      for (std::uint16_t i = 0; i < connections; ++i) {
        for (std::size_t turn = 0; turn < order.size(); ++turn) {
          packets_[all_at_once ? turn * connections + i : i * order.size() + turn] =
              packet_of(i, next_ + order.at(turn));
        }
      }
      if (batch) {
        kind_.assembler.assemble(packets_);
      } else {
        for (AssemblerPacket& p : packets_)
          kind_.assembler.assemble_with_context(p.decoded.net, p.decoded.tcp, *p.context);
      }
    }
  }

  Kind kind_;
  AssemblerContext context_{CaptureInfo{}};
  std::vector<std::uint8_t> payload_ = std::vector<std::uint8_t>(payload_size, 'x');
  std::vector<AssemblerPacket> packets_ = std::vector<AssemblerPacket>(std::size_t{4} * connections);
  std::uint32_t next_ = 0;
};

using Kinds = testing::Types<StaticKind, VirtualKind>;
TYPED_TEST_SUITE(NoAllocation, Kinds);

TYPED_TEST(NoAllocation, PerPacketInOrderOneByOne) {
  EXPECT_EQ(this->steady_allocations(in_order, false), 0U);
}

TYPED_TEST(NoAllocation, PerPacketInOrderInBatches) {
  EXPECT_EQ(this->steady_allocations(in_order, true), 0U);
}

TYPED_TEST(NoAllocation, WhenEverySecondPacketComesTooEarly) {
  EXPECT_EQ(this->steady_allocations(swapped, false), 0U);
  EXPECT_EQ(this->steady_allocations(swapped, true), 0U);
}

TYPED_TEST(NoAllocation, WhenOrderComesAndGoes) {
  this->steady_allocations(swapped, true);
  EXPECT_EQ(this->steady_allocations(in_order, true), 0U);
  EXPECT_EQ(this->steady_allocations(swapped, true), 0U);
}

// A queue that breathes by more than a chunk gives memory back each time, and takes it again:
// one chunk for sixteen or more of the waiting packets, which are every second one.
TYPED_TEST(NoAllocation, ButForAChunkWhenAHundredConnectionsWaitAtOnce) {
  EXPECT_LT(this->steady_allocations(swapped, true, true), packets_per_run / 2 / 16);
}

TYPED_TEST(NoAllocation, WhenTheStreamKeepsTheEndOfEveryDelivery) {
  keeps = 10;
  EXPECT_EQ(this->steady_allocations(in_order, false), 0U);
}

// The guard itself: a stream that allocates is seen, once or more for every delivery.
TYPED_TEST(NoAllocation, IsNotClaimedOfAStreamThatAllocates) {
  allocates = true;
  EXPECT_GE(this->steady_allocations(in_order, true), packets_per_run);
}

}  // namespace
}  // namespace restitch
