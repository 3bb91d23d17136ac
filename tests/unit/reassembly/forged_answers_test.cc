// A SYN was forged into a connection, and then something that seems to answer it, or to end the connection:
// the connection goes on all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/client_and_server.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::SizeIs;

class ForgedAnswers : public ClientAndServer {};

INSTANTIATE_TEST_SUITE_P(Settings, ForgedAnswers, ::testing::ValuesIn(settings));

// What it acknowledges is what the connection itself has sent, so only its number speaks for the SYN.
TEST_P(ForgedAnswers, ASegmentFromAnywhereAnswersNothing) {
  hosts.open().send(client_syn(-2208)).send(server(711'157'210, "wild"));
  hosts.send(client(0, "hello")).send(server_acks(5)).end();
  EXPECT_EQ(from_client(), "hello");
  EXPECT_THAT(hosts.ends(), SizeIs(1));
}

// The server is far away since an outage, and the client follows it there: that is no answer to the SYN.
TEST_P(ForgedAnswers, AnOutageIsNoAnswer) {
  constexpr std::int64_t far = 3'909'582'000;
  hosts.open().send(client_syn(-4586)).send(server(far, "behind the"));
  hosts.send(client_acks(far + 10)).send(client(0, "he")).send(server(far + 10, " outage"));
  hosts.send(client_acks(far + 17, 2)).send(client(2, "llo")).end();
  EXPECT_EQ(from_client(), "hello");
  EXPECT_THAT(hosts.ends(), SizeIs(1));
}

// FINs that nobody acknowledged end nothing, so that a SYN that comes again is no other connection.
TEST_P(ForgedAnswers, TheHandshakeComesAgainBehindForgedEnds) {
  constexpr TcpFlags fin = TcpFlag::fin | TcpFlag::ack;
  hosts.open().send(client(0, "forged").flags(fin)).send(server(0).flags(fin));
  hosts.send(client_syn(-1)).send(server_syn(-1)).send(client(0, "hello!")).send(client(6, " you")).end();
  EXPECT_EQ(from_client(), "forged you");
  EXPECT_THAT(hosts.events(), Not(Contains("port_reuse")));
}

// A reset that may be forged: what comes behind it and is close to the connection is of it.
TEST_P(ForgedAnswers, DataBehindAResetDoesNotWaitForTheSyn) {
  hosts.open().send(client_syn(-3027)).send(client(119).flags(TcpFlag::rst | TcpFlag::ack));
  hosts.send(client(7, " world")).send(client(0, "hello, "));
  EXPECT_EQ(from_client(), "hello,  world");
  EXPECT_THAT(hosts.events(), Not(Contains("wild_sequence")));
}

// Where the server is not captured, data decides: it belongs to the SYN that it is closest to.
TEST_P(ForgedAnswers, OfTwoSynsTheCloserOneCounts) {
  constexpr std::int64_t far = 5'000'000;
  hosts.send(client_syn(-1)).send(client(0, "old"));
  hosts.send(client_syn(far - 1)).send(client_syn(far - 3001)).send(client(far, "new")).end();
  EXPECT_EQ(from_client(), "oldnew");
}

}  // namespace
}  // namespace restitch::testing
