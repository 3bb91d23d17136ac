// Out of memory, at every point: operator new and the blocks of restitch in this whole program count, and
// fail when they are told to. Whatever fails, the pool stays usable, all bytes are accounted for, and no byte
// comes twice or in the wrong place.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "restitch/basic_assembler.h"
#include "restitch/detail/block.h"
#include "restitch/detail/block_source.h"

namespace {

// Allocations to go until one fails; then all do, until told otherwise, or only that one.
constexpr std::uint64_t never = ~std::uint64_t{0};
std::uint64_t to_go = never;
bool only_once = false;
std::uint64_t allocations = 0;

bool fails_now() {
  ++allocations;
  if (to_go == never) return false;
  if (to_go != 0) {
    --to_go;
    return false;
  }
  if (only_once) to_go = never;
  return true;
}

void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  if (fails_now()) return nullptr;
  return std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  if (void* memory = allocate(size, alignment)) return memory;
  throw std::bad_alloc();
}

// Out of line: GCC warns of free() for memory of new when it sees only one of the two bodies.
[[gnu::noinline]] void give_back(void* memory) { std::free(memory); }

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

namespace restitch::detail {

// In place of src/base/block.cc.
void* allocate_block(std::size_t size, bool) noexcept { return fails_now() ? nullptr : std::calloc(1, size); }
void release_block(void* block, std::size_t) noexcept { std::free(block); }
void* allocate_aligned_block(std::size_t size) noexcept {
  if (fails_now()) return nullptr;
  void* const block = std::aligned_alloc(size, size);
  return block == nullptr ? nullptr : std::memset(block, 0, size);
}
void discard_pages(void* part, std::size_t size) noexcept { std::memset(part, 0, size); }
void reuse_pages(std::size_t) noexcept {}
std::size_t blocks_size() noexcept { return 0; }

}  // namespace restitch::detail

namespace restitch {
namespace {

// The byte that stands at an offset of a connection's stream, in either direction.
std::uint8_t byte_at(std::uint64_t offset) { return static_cast<std::uint8_t>(offset * 7 + offset / 256); }

// Checks what it gets, and counts it even when looking at it fails. Allocates nothing of its own.
class Sink {
 public:
  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) {
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) {
    const auto [available, saved] = sg.lengths();
    const auto direction = static_cast<std::size_t>(sg.info().direction);
    if (sg.info().skip > 0) next_[direction] += static_cast<std::uint64_t>(sg.info().skip);
    in_place_ = in_place_ && sg.info().offset + saved == next_[direction];
    next_[direction] += available - saved;
    delivered += available - saved;
    if (keeps) sg.keep_from(available / 2);
    std::uint64_t at = sg.info().offset;
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      for (const std::uint8_t byte : chunk.bytes) right_ = right_ && byte == byte_at(at++);
    }
    EXPECT_TRUE(right_ && in_place_);
  }
  bool reassembly_complete(AssemblerContext*, EndReason) { return true; }

  static inline std::uint64_t delivered = 0;
  static inline bool keeps = false;

 private:
  std::array<std::uint64_t, 2> next_{};
  bool right_ = true;
  bool in_place_ = true;
};

struct SinkFactory {
  std::optional<Sink> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return Sink();
  }
};

constexpr TcpFlags syn = TcpFlags{} | TcpFlag::syn;
constexpr TcpFlags fin = TcpFlags{} | TcpFlag::fin;
constexpr TcpFlags rst = TcpFlags{} | TcpFlag::rst;
constexpr TcpFlags urg = TcpFlags{} | TcpFlag::urg;

// Many connections that do all that needs memory: reorder, overlap, keep, end, come back, are watched.
class Scenario {
 public:
  explicit Scenario(const PoolOptions& options) : pool_(factory_, options), assembler_(pool_) {}

  void run() {
    constexpr std::uint16_t connections = 60;
    for (std::uint16_t port = 1; port <= connections; ++port) {
      segment(port, true, 0, 0, syn);
      segment(port, false, 0, 0, syn | TcpFlag::ack);
      segment(port, true, 0, 100, {});
      segment(port, true, 3000, 900, {});
      segment(port, true, 2500, 700, {});
      segment(port, false, 40, port % 60U, {});
    }
    for (std::uint16_t port = 1; port <= connections && !::testing::Test::HasFailure(); ++port) {
      for (std::uint32_t at = 0; at < 12; ++at) segment(port, true, 2400 - at * 100, 1U << at % 8, {});
      segment(port, false, 0, 200, {});
      segment(port, true, 100, 1500, urg);
      segment(port, true, 3900, 10, fin);
      if (port % 3 == 0) segment(port, false, 200, 0, rst);
      if (port % 3 == 1) segment(port, false, 200, 5, fin);
    }
    guarded([&] { assembler_.flush_with_options({Timestamp{1}, Timestamp{2}}); });
  }

  // Memory is back: what is left comes out.
  void finish() {
    guarded([&] { assembler_.flush_all(); });
    const PoolSize size = pool_.size();
    EXPECT_EQ(size.connections + size.tombstones + size.held_segments + size.pages, 0u);
    EXPECT_EQ(pool_.byte_counts().held, 0u);
  }

  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] ByteCounts counts() const { return pool_.byte_counts(); }

 private:
  void segment(std::uint16_t port, bool from_client, std::uint32_t at, std::uint32_t size, TcpFlags flags) {
    std::array<std::uint8_t, 4096> payload;
    for (std::uint32_t i = 0; i < size; ++i) payload[i] = byte_at(at + i);
    NetFlow net;
    net.source.version = net.destination.version = 4;
    (from_client ? net.destination : net.source).bytes[15] = 1;
    TcpSegment tcp;
    tcp.source_port = from_client ? port : std::uint16_t{9};
    tcp.destination_port = from_client ? std::uint16_t{9} : port;
    tcp.flags = flags.has(TcpFlag::syn) ? flags : flags | TcpFlag::ack;
    tcp.sequence = Sequence(0xfffff000).add(at + (flags.has(TcpFlag::syn) ? 0 : 1));
    tcp.acknowledgment = Sequence(0xfffff001);
    tcp.window = 65535;
    tcp.payload = Bytes(payload.data(), size);
    ++packets_;
    AssemblerContext context(CaptureInfo{.timestamp = {static_cast<std::int64_t>(packets_) * 1'000'000},
                                         .packet_number = packets_});
    seen_ += size;
    guarded([&] { assembler_.assemble_with_context(net, tcp, context); });
  }

  template <class Function>
  void guarded(Function&& function) {
    try {
      function();
    } catch (const std::bad_alloc&) {
      ++failures_;
    }
    const ByteCounts counts = pool_.byte_counts();
    ASSERT_TRUE(counts.add_up());
    ASSERT_EQ(counts.seen, seen_);
    ASSERT_EQ(counts.delivered, Sink::delivered);
  }

  SinkFactory factory_;
  BasicStreamPool<Sink, SinkFactory> pool_;
  BasicAssembler<Sink, SinkFactory> assembler_;
  std::uint64_t packets_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t failures_ = 0;
};

PoolOptions options_of(const char* policy, bool ageing) {
  PoolOptions options;
  options.receiver = find_receiver_policy(policy);
  options.hash_seed = 1;
  options.tombstones_max = 50;
  if (ageing) options.ageing = {1'000'000'000, 2'000'000'000, 1'000'000'000, 1'000'000'000};
  return options;
}

// Runs it with memory running out at the n-th allocation, for each n there is.
void run_out_everywhere(const PoolOptions& options, bool once) {
  Sink::delivered = 0;
  std::uint64_t all = 0;
  {
    Scenario scenario(options);
    const std::uint64_t before = allocations;
    scenario.run();
    all = allocations - before;
    scenario.finish();
    ASSERT_GT(scenario.counts().delivered, 50'000u);
  }
  ASSERT_GT(all, 10u);
  std::uint64_t thrown = 0;
  for (std::uint64_t n = 0; n < all && !::testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("allocation " + std::to_string(n) + " of " + std::to_string(all));
    Sink::delivered = 0;
    Scenario scenario(options);
    only_once = once;
    to_go = n;
    scenario.run();
    to_go = never;
    thrown += scenario.failures();
    scenario.finish();
  }
  ::testing::Test::RecordProperty("allocations", std::to_string(all));
  ::testing::Test::RecordProperty("thrown", std::to_string(thrown));
}

class OutOfMemory : public ::testing::TestWithParam<const char*> {
 protected:
  void TearDown() override {
    to_go = never;
    Sink::keeps = false;
  }
};

TEST_P(OutOfMemory, OneFailureCostsNoMoreThanWhatNeededIt) {
  run_out_everywhere(options_of(GetParam(), false), true);
}

TEST_P(OutOfMemory, NoMemoryFromThereOnIsSurvived) {
  run_out_everywhere(options_of(GetParam(), true), false);
}

TEST_P(OutOfMemory, NorDoesItHarmWhatStreamsKeep) {
  Sink::keeps = true;
  run_out_everywhere(options_of(GetParam(), false), true);
  run_out_everywhere(options_of(GetParam(), false), false);
}

// Pieces come and go, and now and then there is no memory for them, or to write down where there is room.
TEST(OutOfMemoryOfABlockSource, LeavesPiecesAsTheyAreAndNoneBehind) {
  constexpr std::size_t size = std::size_t{16} * 1024;
  constexpr std::size_t pieces_max = 300;
  detail::BlockSource source(100 * size);
  std::vector<std::uint8_t*> taken;
  taken.reserve(pieces_max);
  std::mt19937 dice(11);
  std::uint64_t failed = 0;
  const auto has_only = [](const std::uint8_t* piece, std::uint8_t byte) {
    return std::all_of(piece, piece + size, [byte](std::uint8_t one) { return one == byte; });
  };
  // What is in a piece tells it from the others, nearly always.
  const auto mark_of = [](const std::uint8_t* piece) {
    return static_cast<std::uint8_t>(1 + reinterpret_cast<std::uintptr_t>(piece) / size % 255);
  };
  for (int step = 0; step < 20'000; ++step) {
    const bool grows = step / 1000 % 2 == 0;
    only_once = dice() % 2 == 0;
    to_go = dice() % 2 == 0 ? dice() % 2 : never;
    if (taken.empty() || (taken.size() < pieces_max && dice() % 3 != (grows ? 0U : 1U))) {
      auto* const piece = static_cast<std::uint8_t*>(source.allocate(size));
      to_go = never;
      if (piece == nullptr) {
        ++failed;
        continue;
      }
      ASSERT_TRUE(has_only(piece, 0));
      std::memset(piece, mark_of(piece), size);
      taken.push_back(piece);
    } else {
      std::swap(taken[dice() % taken.size()], taken.back());
      ASSERT_TRUE(has_only(taken.back(), mark_of(taken.back())));
      source.release(taken.back(), size);
      taken.pop_back();
    }
    to_go = never;
  }
  EXPECT_GT(failed, 10U);
  for (std::uint8_t* const piece : taken) source.release(piece, size);
  EXPECT_EQ(source.regions_size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Policies, OutOfMemory, ::testing::Values("gopacket", "capture", "linux-oobinline"),
                         [](const auto& tested) {
                           const std::string name = tested.param;
                           return name.substr(0, name.find('-'));
                         });

}  // namespace
}  // namespace restitch
