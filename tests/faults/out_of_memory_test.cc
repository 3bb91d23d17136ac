// Out of memory, at every point (failing_memory.h). Whatever fails, the pool stays usable, all bytes are
// accounted for, and no byte comes twice or in the wrong place: in a flush, at a limit and where a receiver
// is chosen, too.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "faults/failing_memory.h"
#include "restitch/basic_assembler.h"

namespace restitch::testing {
namespace {

// The byte that stands at an offset of a connection's stream, in either direction.
std::uint8_t byte_at(std::uint64_t offset) { return static_cast<std::uint8_t>(offset * 7 + offset / 256); }

// Checks what it gets, and counts it even when looking at it fails. Allocates nothing of its own. (What is in
// a stream that began in the middle, because memory or a limit had ended the one before it, is only counted.)
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
    if (sg.info().skip < 0) from_the_middle_[direction] = true;
    in_place_ = in_place_ && sg.info().offset + saved == next_[direction];
    next_[direction] += available - saved;
    delivered += available - saved;
    if (keeps) sg.keep_from(available / 2);
    check(in_place_, "bytes come once and in order");
    const Bytes some = sg.fetch(available / 2);
    const Bytes all = sg.fetch(available);
    check(std::equal(some.begin(), some.end(), all.begin()), "what was fetched stays");
    if (from_the_middle_[direction]) return;
    std::uint64_t at = sg.info().offset;
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      for (const std::uint8_t byte : chunk.bytes) right_ = right_ && byte == byte_at(at++);
    }
    check(right_, "each byte is in its place");
  }
  bool reassembly_complete(AssemblerContext*, EndReason) {
    ++completed;
    return true;
  }

  static inline std::uint64_t delivered = 0;
  static inline std::uint64_t made = 0;
  static inline std::uint64_t completed = 0;
  static inline bool keeps = false;

 private:
  static void check(bool holds, const char* what) {
    if (!holds) fail_never();  // to tell it takes memory
    EXPECT_TRUE(holds) << what;
  }

  std::array<std::uint64_t, 2> next_{};
  std::array<bool, 2> from_the_middle_{};
  bool right_ = true;
  bool in_place_ = true;
};

struct SinkFactory {
  std::optional<Sink> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    ++Sink::made;
    return Sink();
  }
};

constexpr TcpFlags syn = TcpFlags{} | TcpFlag::syn;
constexpr TcpFlags fin = TcpFlags{} | TcpFlag::fin;
constexpr TcpFlags rst = TcpFlags{} | TcpFlag::rst;
constexpr TcpFlags urg = TcpFlags{} | TcpFlag::urg;

// What a run is about, and the limit that acts in it, if any.
struct Case {
  PoolOptions pool;
  AssemblerOptions assembler{};
  std::optional<Limit> limit{};
  std::uint16_t connections = 60;
  bool chooses = false;  // a receiver policy of its own for each direction of each connection
};

// Many connections that do all that needs memory: reorder, overlap, keep, end, come back, are watched,
// flushed.
class Scenario {
 public:
  explicit Scenario(const Case& of)
      : connections_(of.connections), pool_(factory_, options_of(of)), assembler_(pool_, of.assembler) {
    policies_.fill(*of.pool.receiver);
  }

  void run() {
    for (std::uint16_t port = 1; port <= connections_; ++port) {
      segment(port, true, 0, 0, syn);
      segment(port, false, 0, 0, syn | TcpFlag::ack);
      segment(port, true, 0, 100, {});
      segment(port, true, 3000, 900, {});
      segment(port, true, 2500, 700, {});
      segment(port, false, 40, port % 60U, {});
    }
    for (std::uint16_t port = 1; port <= connections_ && !HasFailure(); ++port) {
      for (std::uint32_t at = 0; at < 12; ++at) segment(port, true, 2400 - at * 100, 1U << at % 8, {});
      segment(port, false, 0, 200, {});
      segment(port, true, 100, 1500, urg);
      segment(port, true, 3900, 10, fin);
      if (port % 3 == 0) segment(port, false, 200, 0, rst);
      if (port % 3 == 1) segment(port, false, 200, 5, fin);
      if (port % 3 == 2) segment(port, false, 300, 50, fin);
    }
    // Half of what waits; then all the rest.
    guarded([&] {
      const FlushResult result = assembler_.flush_with_options({now(-250), now(-150)});
      flushed_ += result.flushed;
      closed_ += result.closed;
    });
    guarded([&] { closed_by_all_ += assembler_.flush_all(); });
  }

  // Memory is back: what is left comes out.
  void finish() {
    guarded([&] { assembler_.flush_all(); });
    const PoolSize size = pool_.size();
    EXPECT_EQ(size.connections + size.tombstones + size.held_segments + size.pages, 0u);
    EXPECT_EQ(pool_.byte_counts().held, 0u);
    EXPECT_EQ(Sink::completed, Sink::made) << "a stream that was made is completed";
  }

  // With memory enough it did what it is about.
  void expect_all_of(const Case& of) const {
    EXPECT_EQ(failures_, 0u);
    EXPECT_EQ(asked_ > 0, of.chooses);
    EXPECT_GT(pool_.byte_counts().delivered, connections_ * (of.limit ? 20u : 500u));
    if (of.limit) {
      EXPECT_GT(pool_.limit_counts()[static_cast<std::size_t>(*of.limit)], 3u);
    } else {
      EXPECT_GT(flushed_, 3u);
      EXPECT_GT(closed_, 3u);
      EXPECT_GT(closed_by_all_, 3u);
    }
  }

  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  static bool HasFailure() { return ::testing::Test::HasFailure(); }

  PoolOptions options_of(const Case& of) {
    PoolOptions options = of.pool;
    if (of.chooses) {
      options.choose_receiver = [this](const NetFlow&, TransportFlow) {
        return &policies_[asked_++ % policies_.size()];
      };
    }
    return options;
  }

  [[nodiscard]] Timestamp now(int packets) const {
    return {(static_cast<std::int64_t>(packets_) + packets) * 1'000'000};
  }

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
    AssemblerContext context(CaptureInfo{.timestamp = now(0), .packet_number = packets_});
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
    const bool right = counts.add_up() && counts.seen == seen_ && counts.delivered == Sink::delivered;
    if (!right) fail_never();  // to tell it takes memory
    ASSERT_TRUE(counts.add_up()) << "packet " << packets_ << " seen " << counts.seen << " delivered "
                                 << counts.delivered << " duplicate " << counts.duplicate << " refused "
                                 << counts.refused << " dropped " << counts.dropped << " held "
                                 << counts.held;
    ASSERT_EQ(counts.seen, seen_);
    ASSERT_EQ(counts.delivered, Sink::delivered);
  }

  std::uint16_t connections_;
  SinkFactory factory_;
  std::array<ReceiverPolicy, 200> policies_;
  std::size_t asked_ = 0;
  BasicStreamPool<Sink, SinkFactory> pool_;
  BasicAssembler<Sink, SinkFactory> assembler_;
  std::uint64_t packets_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t failures_ = 0;
  std::size_t flushed_ = 0;
  std::size_t closed_ = 0;
  std::size_t closed_by_all_ = 0;
};

Case case_of(const char* policy) {
  Case made;
  made.pool.receiver = find_receiver_policy(policy);
  made.pool.hash_seed = 1;
  made.pool.tombstones_max = 50;
  return made;
}

// Runs it with memory running out at the n-th allocation, for each n there is.
void run_out_everywhere(const Case& of, bool once) {
  Sink::delivered = Sink::made = Sink::completed = 0;
  std::uint64_t all = 0;
  {
    Scenario scenario(of);
    const std::uint64_t before = allocations();
    scenario.run();
    all = allocations() - before;
    scenario.expect_all_of(of);
    scenario.finish();
  }
  ASSERT_GT(all, 10u);
  std::uint64_t thrown = 0;
  for (std::uint64_t n = 0; n < all && !::testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("allocation " + std::to_string(n) + " of " + std::to_string(all));
    Sink::delivered = Sink::made = Sink::completed = 0;
    Scenario scenario(of);
    fail_after(n, once);
    scenario.run();
    fail_never();
    thrown += scenario.failures();
    scenario.finish();
  }
  ::testing::Test::RecordProperty("allocations", std::to_string(all));
  ::testing::Test::RecordProperty("thrown", std::to_string(thrown));
}

class OutOfMemory : public ::testing::TestWithParam<const char*> {
 protected:
  void TearDown() override {
    fail_never();
    Sink::keeps = false;
  }
};

TEST_P(OutOfMemory, OneFailureCostsNoMoreThanWhatNeededIt) { run_out_everywhere(case_of(GetParam()), true); }

TEST_P(OutOfMemory, NoMemoryFromThereOnIsSurvived) {
  Case ageing = case_of(GetParam());
  ageing.pool.ageing = {1'000'000'000, 2'000'000'000, 1'000'000'000, 1'000'000'000};
  run_out_everywhere(ageing, false);
}

// With few connections, so that it does not take long.
void run_out_once_and_for_good(Case of) {
  of.connections = 24;
  run_out_everywhere(of, true);
  run_out_everywhere(of, false);
}

TEST_P(OutOfMemory, NorDoesItHarmWhatStreamsKeep) {
  Sink::keeps = true;
  run_out_once_and_for_good(case_of(GetParam()));
}

TEST_P(OutOfMemory, NorThePoliciesThatAreChosen) {
  Case choosing = case_of(GetParam());
  choosing.chooses = true;
  run_out_once_and_for_good(choosing);
}

TEST_P(OutOfMemory, NorWhatGivesWayAtALimitOfPages) {
  Case of_one = case_of(GetParam());
  of_one.assembler.max_buffered_pages_per_connection(4);
  of_one.limit = Limit::connection_pages;
  run_out_once_and_for_good(of_one);
  Case of_all = case_of(GetParam());
  of_all.assembler.max_buffered_pages_total(20);
  of_all.limit = Limit::total_pages;
  run_out_once_and_for_good(of_all);
}

TEST_P(OutOfMemory, NorWhatGivesWayAtALimitOfBytes) {
  Sink::keeps = true;
  Case of_one = case_of(GetParam());
  of_one.pool.limits.connection_bytes_max = 2'000;
  of_one.limit = Limit::connection_bytes;
  run_out_once_and_for_good(of_one);
  Sink::keeps = false;
  for (const LimitPolicy policy :
       {LimitPolicy::skip_greediest, LimitPolicy::evict_idlest, LimitPolicy::ignore_new}) {
    SCOPED_TRACE(to_string(policy));
    Case of_all = case_of(GetParam());
    of_all.pool.limits.total_bytes_max = 30'000;
    of_all.pool.limits.at_total_bytes = policy;
    of_all.limit = Limit::total_bytes;
    run_out_once_and_for_good(of_all);
  }
}

TEST_P(OutOfMemory, NorWhoGivesWayAtALimitOfConnections) {
  Case limited = case_of(GetParam());
  limited.pool.limits.connections_max = 12;
  limited.limit = Limit::connections;
  run_out_once_and_for_good(limited);
}

// Keeps all that it gets, and looks at none of it.
class Keeper {
 public:
  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) {
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
    sg.keep_from(0);
    offered = sg.lengths().available;
    packet = context.capture_info().packet_number;
  }
  bool reassembly_complete(AssemblerContext*, EndReason) { return true; }

  static inline std::size_t offered = 0;
  static inline std::uint64_t packet = 0;
};

struct KeeperFactory {
  std::optional<Keeper> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return Keeper();
  }
};

TEST(OutOfMemoryInAFlush, KeptBytesAreOfferedForTheLastTimeAllTheSame) {
  constexpr std::uint32_t packets = 100;
  const std::array<std::uint8_t, 10> payload{};
  KeeperFactory factory;
  BasicStreamPool<Keeper, KeeperFactory> pool(factory);
  BasicAssembler<Keeper, KeeperFactory> assembler(pool);
  TcpSegment tcp;
  tcp.flags = syn;
  for (std::uint32_t i = 0; i <= packets; ++i) {
    AssemblerContext context(CaptureInfo{.timestamp = {}, .packet_number = 7 + i});
    assembler.assemble_with_context({}, tcp, context);
    tcp.flags = TcpFlags{} | TcpFlag::ack;
    tcp.sequence = Sequence(1 + i * 10);
    tcp.payload = payload;
  }
  ASSERT_EQ(Keeper::offered, packets * 10);
  Keeper::offered = 0;
  fail_after(0, false);
  std::size_t closed = 0;
  EXPECT_NO_THROW(closed = assembler.flush_all());
  fail_never();
  EXPECT_EQ(closed, 1u);
  EXPECT_EQ(Keeper::offered, packets * 10);
  EXPECT_EQ(Keeper::packet, 8u) << "the context is that of the packet which brought the first byte";
}

INSTANTIATE_TEST_SUITE_P(Policies, OutOfMemory, ::testing::Values("gopacket", "capture", "linux-oobinline"),
                         [](const auto& tested) {
                           const std::string name = tested.param;
                           return name.substr(0, name.find('-'));
                         });

}  // namespace
}  // namespace restitch::testing
