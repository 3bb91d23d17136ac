// The same packets read by several receivers: what is reported is where they differ, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "restitch/output_diff.h"
#include "support/frame_builder.h"
#include "support/test_packet.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Diff : public ::testing::Test {
 protected:
  // What a DiffAssembler says of these packets, a text for each connection.
  std::vector<std::string> diff(const std::vector<TestPacket>& packets, const DiffOptions& options = {}) {
    std::vector<const ReceiverPolicy*> policies;
    for (const std::string_view name : names_) policies.push_back(find_receiver_policy(name));
    std::vector<std::string> texts;
    json_.clear();
    DiffAssembler assembler(
        policies,
        [&](const ConnectionDiff& found) {
          append_diff_text(texts.emplace_back(), found, names_);
          append_diff_json(json_, found, names_);
        },
        options);
    std::uint64_t number = 0;
    for (const TestPacket& packet : packets) {
      AssemblerContext context(packet.info(++number));
      AssemblerPacket one{packet.decoded(), &context};
      one.decoded.tcp = segment(packet);
      assembler.assemble(std::span(&one, 1));
    }
    assembler.flush_all(EndReason::end_of_input);
    counts_ = assembler.counts();
    return texts;
  }

  TcpSegment segment(const TestPacket& packet) const {
    TcpSegment tcp = packet.tcp();
    if (tcp.urg()) tcp.urgent_pointer = 1;
    return tcp;
  }

  std::vector<std::string_view> names_{"first", "last"};
  std::string json_;
  DiffCounts counts_;
};

TEST_F(Diff, SaysNothingWhereAllAgree) {
  EXPECT_THAT(
      diff({client(100).syn(), client(103, "cd"), client(103, "cd"), client(101, "ab"), server(500, "x")}),
      IsEmpty());
  EXPECT_EQ(counts_.connections, 1u);
  EXPECT_EQ(counts_.differing, 0u);
}

TEST_F(Diff, ReportsTheRangesInWhichTheyDifferWithBytesAndPackets) {
  const auto found = diff({client(100).syn(), client(103, "cdef"), client(103, "cDEf"), client(101, "ab")});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0],
            "connection 0: 10.0.0.1:40000 -> 10.0.0.2:80\n"
            "  from 10.0.0.1:40000\n"
            "  offset 3, 2 bytes\n"
            "    first: 6465  \"de\"  (packet 2)\n"
            "    last: 4445  \"DE\"  (packet 3)\n");
  EXPECT_THAT(json_, HasSubstr(R"("differences":[{"offset":3,"size":2,"versions":[{"receivers":["first"],)"
                               R"("kind":"bytes","hex":"6465","packet":2,"time":1.000000000},)"));
  EXPECT_EQ(json_.back(), '\n');
}

TEST_F(Diff, ReceiversThatAgreeStandTogether) {
  names_ = {"first", "last", "bsd", "solaris"};
  const auto found = diff({client(100).syn(), client(104, "defg"), client(102, "BCDE"), client(101, "a")});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0], HasSubstr("  offset 3, 2 bytes\n"
                                  "    first, solaris: 6465  \"de\"  (packet 2)\n"
                                  "    last, bsd: 4445  \"DE\"  (packet 3)\n"));
}

// The host refuses what has no ACK flag, and waits for the bytes.
TEST_F(Diff, BytesThatOnlySomeReadAndEndsAreDifferences) {
  names_ = {"first", "linux"};
  const auto found =
      diff({client(100).syn(), server(500).syn().ack(), client(101, "ab").ack(), client(103, "cd"),
            client(105, "ef").ack(), server(501).ack(), client(107).fin().ack(), server(501).fin().ack()});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0], HasSubstr("  offset 2, 2 bytes\n"
                                  "    first: 6364  \"cd\"  (packet 4)\n"
                                  "    linux: missing\n"));
  EXPECT_THAT(found[0], HasSubstr("  refused bytes\n    first: 0\n    linux: 2\n"));
  EXPECT_THAT(found[0], HasSubstr("  end\n    first: fin\n    linux: end_of_input\n"));
}

TEST_F(Diff, AConnectionThatOnlySomeHaveIsADifference) {
  names_ = {"first", "linux"};  // which does not let a SYN into a connection
  const auto found =
      diff({client(100).syn(), client(101, "ab"), client(2'000'000'000).syn(), client(2'000'000'001, "new")});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_THAT(found[0], HasSubstr("  length\n    first: 2\n    linux: "));
  EXPECT_THAT(found[1], HasSubstr("    first: 6e6577  \"new\"  (packet 4)\n    linux: nothing\n"));
  EXPECT_THAT(found[1], HasSubstr("    linux: no such connection\n"));
}

TEST_F(Diff, AByteReadOutOfBandKeepsItsPlace) {
  names_ = {"linux", "linux-oobinline"};
  const auto found = diff({client(100).syn(), server(500).syn().ack(), client(101, "ab").ack(),
                           client(103, "!cd").ack().flag(TcpFlag::urg), client(106, "ef").ack()});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0],
            "connection 0: 10.0.0.1:40000 -> 10.0.0.2:80\n"
            "  from 10.0.0.1:40000\n"
            "  offset 2, 1 bytes\n"
            "    linux: out of band  (packet 4)\n"
            "    linux-oobinline: 21  \"!\"  (packet 4)\n");
}

// One receiver waits for a byte, the other goes on.
TEST_F(Diff, BeyondItsBudgetItOnlyKnowsWhetherAllIsTheSame) {
  names_ = {"first", "linux"};
  DiffOptions options;
  options.undecided_max = 2000;
  std::vector<TestPacket> packets = {client(100).syn(), server(500).syn().ack(), client(101, "a")};
  for (std::uint32_t i = 0; i < 50; ++i)
    packets.push_back(client(102 + 100 * i, std::string(100, 'x')).ack());
  auto found = diff(packets, options);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0], HasSubstr("  from offset 0 on compared by digest only: they differ\n"));
  packets.push_back(client(101, "a").ack());
  EXPECT_THAT(diff(packets, options), IsEmpty()) << "the host read it all in the end";
  packets.back() = client(101, "A").ack();
  found = diff(packets, options);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0], HasSubstr("they differ"));
  EXPECT_THAT(diff(packets), ElementsAre(HasSubstr("  offset 0, 1 bytes\n"))) << "within it, it knows where";
}

TEST_F(Diff, ListsNoMoreRangesThanAllowed) {
  DiffOptions options;
  options.differences_max = 3;
  options.shown_max = 2;
  std::vector<TestPacket> packets = {client(100).syn()};
  for (std::uint32_t i = 0; i < 5; ++i) {
    packets.push_back(client(102 + 10 * i, "aaa"));
    packets.push_back(client(102 + 10 * i, "bbb"));
    packets.push_back(client(105 + 10 * i, "same..."));
  }
  packets.push_back(client(101, "a"));
  const auto found = diff(packets, options);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0], HasSubstr("first: 6161...  \"aa\""));
  EXPECT_THAT(found[0], HasSubstr("  and 2 more ranges, of 6 bytes\n"));
}

}  // namespace
}  // namespace restitch::testing
