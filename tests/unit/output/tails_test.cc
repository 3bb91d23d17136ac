#include "restitch/output_tails.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "output_world.h"

namespace restitch {
namespace {

using testing::client;
using ::testing::ElementsAre;
using testing::server;
using testing::TestPacket;

// As an Engine does it: packets in batches, and how much time has passed. Answers for each connection, as
// they are told, how many packets the rows of Zeek count.
class Told {
 public:
  void play(const std::vector<TestPacket>& packets, std::size_t batch_size) {
    for (std::size_t at = 0; at < packets.size(); at += batch_size) {
      std::vector<AssemblerPacket> batch(std::min(batch_size, packets.size() - at));
      std::vector<PacketContext> contexts;
      contexts.reserve(batch.size());
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const CaptureInfo info = packets[at + i].info(at + i + 1);
        batch[i].decoded.reason = DropReason::none;
        batch[i].decoded.net = packets[at + i].net();
        batch[i].decoded.tcp = packets[at + i].tcp();
        elapsed_ = Elapsed::of_ns(info.timestamp.ns);
        contexts.emplace_back(info, batch[i].decoded, LinkType::raw, Bytes(), at + i + 1, elapsed_);
        batch[i].context = &contexts.back();
      }
      assembler_.assemble(batch);
      factory_.look_at(batch);
      factory_.advance(elapsed_);
    }
  }
  void pass(std::int64_t seconds) {
    elapsed_.ticks += Elapsed::of_ns(seconds * 1'000'000'000).ticks;
    factory_.advance(elapsed_);
  }
  std::vector<std::string> finish() {
    assembler_.flush_all(EndReason::end_of_input);
    factory_.finish();
    return rows;
  }

  std::vector<std::string> rows;
  bool stalled = false;

 private:
  static PoolOptions options() {
    PoolOptions options;
    options.receiver = find_receiver_policy("capture");
    return options;
  }
  void note(const ConnectionSummary& summary) {
    const ConnectionTrace& trace = summary.trace->rows.empty() ? *summary.trace : summary.trace->rows[0];
    rows.push_back(fmt::format("{} {} {}+{}", summary.packets(), trace.history, trace.ends[0].packets,
                               trace.ends[1].packets));
  }

  Elapsed elapsed_{0};
  ConnectionLog log_{[this](const ConnectionSummary& summary) { note(summary); }};
  TailedTraceFactory factory_{log_, [this] { return stalled; }};
  BasicStreamPool<TraceStream, TailedTraceFactory> pool_{factory_, options()};
  BasicAssembler<TraceStream, TailedTraceFactory> assembler_{pool_};
};

std::vector<TestPacket> closed(std::uint16_t port = 40000) {
  std::vector<TestPacket> packets = {client(99).syn().at(1), server(299).syn().acknowledges(100).at(1),
                                     client(100).acknowledges(300).fin().at(2),
                                     server(300).acknowledges(101).fin().at(2),
                                     client(101).acknowledges(301).at(3)};
  for (TestPacket& packet : packets) packet.client_port(port).window(9);
  return packets;
}

std::vector<TestPacket> and_then(std::vector<TestPacket> packets, std::vector<TestPacket> more) {
  for (TestPacket& packet : more) packets.push_back(packet.client_port(40000).window(9));
  return packets;
}

TEST(ConnectionTails, CountWhatTheDeadConnectionRepeats) {
  const auto packets =
      and_then(closed(), {client(100).acknowledges(301).fin().at(4), server(301).acknowledges(101).at(5)});
  for (const std::size_t batch : {1U, 2U, 3U, 64U}) {
    Told told;
    told.play(packets, batch);
    EXPECT_THAT(told.finish(), ElementsAre("5 ShFfAa 4+3")) << batch;
  }
}

TEST(ConnectionTails, LetGoOfWhatComesLater) {
  const auto packets =
      and_then(closed(), {server(301).acknowledges(101).at(4), server(301).acknowledges(101).at(8)});
  for (const std::size_t batch : {1U, 64U}) {
    Told told;
    told.play(packets, batch);
    EXPECT_THAT(told.finish(), ElementsAre("5 ShFfAa 3+3")) << batch;
  }
}

TEST(ConnectionTails, TellAConnectionOnceNothingCanFollow) {
  Told told;
  told.play(closed(), 1);
  EXPECT_THAT(told.rows, ElementsAre());
  told.pass(6);
  EXPECT_THAT(told.rows, ElementsAre());
  told.pass(6);
  EXPECT_THAT(told.rows, ElementsAre("5 ShFfA 3+2"));
  EXPECT_THAT(told.finish(), ElementsAre("5 ShFfA 3+2"));
}

TEST(ConnectionTails, WaitNoLongerWhereNothingComes) {
  Told told;
  told.play(closed(), 1);
  told.stalled = true;
  told.pass(0);
  EXPECT_THAT(told.rows, ElementsAre("5 ShFfA 3+2"));
}

TEST(ConnectionTails, KeepConnectionsOfTheSameEndsApart) {
  auto packets = and_then(closed(), {server(301).acknowledges(101).at(3)});
  for (TestPacket packet : {client(5000).syn(), server(7000).syn().acknowledges(5001),
                            client(5001).acknowledges(7001).rst(), client(5001).rst()}) {
    packets.push_back(packet.at(4).client_port(40000).window(9));
  }
  for (const std::size_t batch : {1U, 5U, 64U}) {
    Told told;
    told.play(packets, batch);
    const auto rows = told.finish();
    ASSERT_EQ(rows.size(), 2u) << batch;
    EXPECT_EQ(rows[0], "5 ShFfAa 3+3") << batch;
  }
}

TEST(ConnectionTails, AreNoMoreThanTheyMayBe) {
  Told told;
  std::vector<TestPacket> packets;
  for (std::size_t i = 0; i <= ConnectionTails::waiting_max; ++i) {
    for (const TestPacket& packet : closed(static_cast<std::uint16_t>(1000 + i))) packets.push_back(packet);
  }
  told.play(packets, 64);
  EXPECT_EQ(told.rows.size(), 1u);
  EXPECT_EQ(told.finish().size(), ConnectionTails::waiting_max + 1);
}

}  // namespace
}  // namespace restitch
