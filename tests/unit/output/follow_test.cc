#include <gtest/gtest.h>

#include "output/text.h"
#include "output_world.h"

namespace restitch {
namespace {

using testing::client;
using testing::server;
using testing::TestPacket;

std::string follow(std::uint64_t number, const std::vector<TestPacket>& packets) {
  std::string out;
  FollowWriter writer({}, [&](std::string_view text) { out += text; });
  ConnectionLog log([](const ConnectionSummary&) {});
  FollowFactory factory(log, writer, number);
  testing::play<FollowStream>(factory, packets);
  // Without what stands above and below the data, which has a test of its own.
  const std::size_t begin = out.find('\n', out.find("Uid: "));
  return begin == std::string::npos ? out : out.substr(begin + 1, out.find("====", begin) - begin - 1);
}

TEST(FollowStream, ShowsBothSidesInTheOrderOfTheConversation) {
  EXPECT_EQ(follow(0, {client(99).syn(), server(299).syn().ack(), client(100, "ask").ack(),
                       server(300, "answer").ack(), client(103, "more").ack()}),
            "3\nask\n\t6\nanswer\n4\nmore\n");
}

TEST(FollowStream, PutsALateSegmentWhereItBelongs) {
  EXPECT_EQ(follow(0, {client(99).syn(), server(299).syn().ack(), client(103, "def").ack(),
                       client(100, "abc").ack(), server(300, "answer").ack()}),
            "3\nabc\n3\ndef\n\t6\nanswer\n");
}

TEST(FollowStream, ShowsWhatComesBehindAGapInItsPlaceInTheConversation) {
  EXPECT_EQ(follow(0, {client(99).syn().at(1), server(299).syn().ack().at(1), client(105, "late").ack().at(2),
                       server(300, "answer").ack().at(3), client(109, "bye").ack().at(4)}),
            std::string("34\n[5 bytes missing in capture file].\n4\nlate\n\t6\nanswer\n3\nbye\n"));
}

TEST(FollowStream, ShowsAConversationJoinedInTheMiddleInItsOrder) {
  EXPECT_EQ(follow(0, {client(5000, "one").ack().at(1), server(9000, "two").ack().at(2),
                       client(5003, "three").ack().at(3)}),
            "3\none\n\t3\ntwo\n5\nthree\n");
}

TEST(FollowStream, ShowsOnlyTheConnectionOfThatNumber) {
  const std::vector<TestPacket> packets = {client(99).syn(), client(99).syn().client_port(7),
                                           client(100, "zero").ack(),
                                           client(100, "one").ack().client_port(7)};
  EXPECT_EQ(follow(0, packets), "4\nzero\n");
  EXPECT_EQ(follow(1, packets), "3\none\n");
  EXPECT_EQ(follow(2, packets), "");
}

TEST(FollowStream, CallsTheSenderOfTheFirstPacketNodeZeroAlsoWhenItIsTheServer) {
  EXPECT_EQ(follow(0, {server(299).syn().ack(), client(100, "ask").ack(), server(300, "answer").ack()}),
            "\t3\nask\n6\nanswer\n");
}

}  // namespace
}  // namespace restitch
