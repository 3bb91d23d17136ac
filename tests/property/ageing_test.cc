// What is told of a connection depends on its own packets and the clock: not on where the hands of the clock
// stand, nor on which other connections are in its pool, nor on when time is told. Random conversations with
// holes, FINs, resets and silences, in a capture whose clock is odd now and then, are played in several ways.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "restitch/basic_assembler.h"
#include "support/test_packet.h"

namespace restitch::testing {
namespace {

constexpr std::int64_t seconds = 1'000'000'000;

// What was told of each connection, by the client's port.
using Tales = std::map<std::uint16_t, std::string>;

class TaleStream {
 public:
  explicit TaleStream(std::string& tale) : tale_(&tale) { *tale_ += "new\n"; }

  bool accept(const TcpSegment& /*tcp*/, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& /*start*/, AssemblerContext& /*context*/) {
    *tale_ += fmt::format("packet {} {} next {}\n", info.packet_number, to_string(direction),
                          next_seq ? next_seq->value() : 0);
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& /*context*/) {
    const ScatterGather::Info& info = sg.info();
    *tale_ += fmt::format("{} @{} skip {}{}{} '", to_string(info.direction), info.offset, info.skip,
                          info.start ? " start" : "", info.end ? " end" : "");
    for (const auto& chunk : sg.chunks()) tale_->append(chunk.bytes.begin(), chunk.bytes.end());
    *tale_ += "'\n";
  }
  bool reassembly_complete(AssemblerContext* /*context*/, EndReason reason) {
    *tale_ += fmt::format("complete {}\n", to_string(reason));
    return true;
  }
  void on_event(const Event& event) {
    *tale_ += fmt::format("event {} {} @{} +{}\n", to_string(event.kind), to_string(event.direction),
                          event.offset, event.size);
  }

 private:
  std::string* tale_;
};

struct TaleFactory {
  Tales* tales;

  std::optional<TaleStream> create(const NetFlow& /*net*/, TransportFlow ports, const TcpSegment& /*tcp*/,
                                   AssemblerContext& /*context*/) {
    return TaleStream((*tales)[ports.source_port == 80 ? ports.destination_port : ports.source_port]);
  }
};

struct TalePool {
  TalePool(Tales& tales, const PoolOptions& options)
      : factory{&tales}, pool(factory, options), assembler(pool) {}

  TaleFactory factory;
  BasicStreamPool<TaleStream, TaleFactory> pool;
  BasicAssembler<TaleStream, TaleFactory> assembler;
};

// A record of the capture: a segment of a connection, or something else that only takes time.
struct Step {
  std::uint16_t port;  // 0: something else
  TestPacket packet;
  Timestamp time;
};

constexpr std::uint16_t first_port = 40'000;

class Capture {
 public:
  explicit Capture(std::uint32_t seed) : random_{std::mt19937(seed)} {
    connections_ = 1 + random_() % 12;
    for (int i = 0; i < 400; ++i) steps_.push_back(next());
  }

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  [[nodiscard]] PoolOptions options() {
    const auto any = [&] {
      return random_() % 3 == 0 ? std::int64_t{0} : (1 + random_() % 60) * seconds / 2;
    };
    PoolOptions options;
    options.ageing = {.hole_ns = any(),
                      .idle_ns = any(),
                      .half_open_ns = any(),
                      .half_closed_ns = any(),
                      .closing_ns = any()};
    const char* const policies[] = {"gopacket", "capture", "linux"};
    options.receiver = find_receiver_policy(policies[random_() % 3]);
    options.tombstones_max = random_() % 2 == 0 ? 0 : 1000;
    return options;
  }

 private:
  Step next() {
    pass();
    const Timestamp time = {now_ + (random_() % 200 == 0 ? far() : 0)};  // one packet alone is elsewhere
    const unsigned which = random_() % (connections_ + 2);
    if (which >= connections_) return {0, client(0), time};
    const auto port = static_cast<std::uint16_t>(first_port + which);
    const bool from_client = random_() % 2 == 0;
    std::uint32_t& at = next_[2 * which + (from_client ? 0 : 1)];
    TestPacket packet = from_client ? client(at) : server(at);
    const unsigned kind = random_() % 16;
    if (kind == 0) {
      packet = from_client ? client(99).syn() : server(99).syn().ack();
      at = 100;
    } else {
      const std::uint32_t place = at + (kind < 6 ? 1 + random_() % 9 : 0) - (kind == 6 && at > 110 ? 5 : 0);
      const std::string text = "0123456789abcdefghij";
      packet = from_client ? client(place, text.substr(0, random_() % 8))
                           : server(place, text.substr(10, random_() % 8));
      packet.ack();
      if (random_() % 3 != 0)
        at = std::max(at, place + static_cast<std::uint32_t>(packet.tcp().payload.size()));
      if (kind == 7) packet.fin();
      if (kind == 8 && random_() % 3 == 0) packet.rst();
    }
    return {port, packet.client_port(port), time};
  }

  void pass() {
    switch (random_() % 24) {
      case 0:
        now_ += (10 + random_() % 20) * seconds;
        break;
      case 1:
        now_ += random_() % 8 == 0 ? far() : 45 * seconds;
        break;
      case 2:
        now_ -= random_() % 2 * seconds;
        break;
      default:
        now_ += random_() % 2'000 * 1'000'000;
    }
  }
  std::int64_t far() { return (random_() % 2 == 0 ? -1 : 1) * 86'400LL * (1 + random_() % 5000) * seconds; }

  struct Random {
    std::mt19937 engine;
    std::uint32_t operator()() { return static_cast<std::uint32_t>(engine()); }
  };
  Random random_;
  unsigned connections_ = 0;
  std::map<unsigned, std::uint32_t> next_{};
  std::int64_t now_ = 1'600'000'000 * seconds;
  std::vector<Step> steps_;
};

class Playing {
 public:
  Playing(const Capture& capture, const PoolOptions& options) : capture_(capture), options_(options) {}

  // As feed() does, in one pool.
  Tales together(bool tells_time) const {
    Tales tales;
    TalePool all(tales, options_);
    CaptureClock clock;
    for (std::size_t i = 0; i < capture_.steps().size(); ++i) {
      play(all, i, clock);
      if (tells_time) all.assembler.advance(clock.elapsed());
    }
    return finish(tales, {&all}, clock);
  }

  // Without a clock but that of the pool.
  Tales by_its_own_clock() const {
    Tales tales;
    TalePool all(tales, options_);
    Elapsed elapsed;
    for (std::size_t i = 0; i < capture_.steps().size(); ++i) {
      const Step& step = capture_.steps()[i];
      elapsed = all.assembler.observe(step.time);
      if (step.port != 0) assemble(all, i, elapsed);
    }
    all.assembler.advance(elapsed);
    all.assembler.flush_all(EndReason::end_of_input);
    return tales;
  }

  // Among so many others that a hand takes long to go round.
  Tales in_a_crowd(std::uint16_t others) const {
    Tales tales;
    TalePool all(tales, options_);
    CaptureClock clock;
    clock.observe(capture_.steps()[0].time);
    for (std::uint16_t port = 1000; port < 1000 + others; ++port) {
      const TestPacket syn = client(100).syn().client_port(port);
      CaptureInfo info = syn.info(0);
      info.timestamp = capture_.steps()[0].time;
      AssemblerContext context(info, clock.elapsed());
      all.assembler.assemble_with_context(syn.net(), syn.tcp(), context);
    }
    for (std::size_t i = 0; i < capture_.steps().size(); ++i) play(all, i, clock);
    finish(tales, {&all}, clock);
    std::erase_if(tales, [](const auto& tale) { return tale.first < first_port; });
    return tales;
  }

  // Each in a pool of its own, as if each fell to another shard; or dealt out to a few.
  Tales dealt(std::uint16_t shards) const {
    Tales tales;
    std::vector<std::unique_ptr<TalePool>> pools;
    std::vector<TalePool*> borrowed;
    for (unsigned i = 0; i < shards; ++i) {
      borrowed.push_back(pools.emplace_back(std::make_unique<TalePool>(tales, options_)).get());
    }
    CaptureClock clock;
    for (std::size_t i = 0; i < capture_.steps().size(); ++i) {
      play(*pools[capture_.steps()[i].port % shards], i, clock);
    }
    return finish(tales, borrowed, clock);
  }

 private:
  void play(TalePool& to, std::size_t i, CaptureClock& clock) const {
    clock.observe(capture_.steps()[i].time);
    if (capture_.steps()[i].port != 0) assemble(to, i, clock.elapsed());
  }
  void assemble(TalePool& to, std::size_t i, Elapsed elapsed) const {
    const Step& step = capture_.steps()[i];
    CaptureInfo info = step.packet.info(i + 1);
    info.timestamp = step.time;
    AssemblerContext context(info, elapsed);
    to.assembler.assemble_with_context(step.packet.net(), step.packet.tcp(), context);
  }
  static Tales finish(Tales& tales, const std::vector<TalePool*>& pools, const CaptureClock& clock) {
    for (TalePool* const pool : pools) {
      pool->assembler.advance(clock.elapsed());
      pool->assembler.flush_all(EndReason::end_of_input);
      EXPECT_TRUE(pool->pool.byte_counts().add_up());
    }
    return tales;
  }

  const Capture& capture_;
  const PoolOptions& options_;
};

TEST(AgeingProperty, WhatIsToldDoesNotDependOnHandsShardsOrNeighbours) {
  std::size_t timeouts = 0;
  std::size_t skipped = 0;
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    Capture capture(seed);
    const PoolOptions options = capture.options();
    const Playing playing(capture, options);
    const Tales one = playing.together(false);
    ASSERT_EQ(playing.together(true), one) << seed;
    ASSERT_EQ(playing.by_its_own_clock(), one) << seed;
    ASSERT_EQ(playing.dealt(13), one) << seed;
    ASSERT_EQ(playing.dealt(3), one) << seed;
    ASSERT_EQ(playing.in_a_crowd(500), one) << seed;
    for (const auto& [port, tale] : one) {
      timeouts += tale.find("complete timeout") != std::string::npos;
      skipped += tale.find("event limit") != std::string::npos;
    }
  }
  EXPECT_GT(timeouts, 500u) << "else there was nothing to see";
  EXPECT_GT(skipped, 500u);
}

}  // namespace
}  // namespace restitch::testing
