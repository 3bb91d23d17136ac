// Two connections on the same ports of which the capture has little: what shows that the second one is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/client_and_server.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;

class ReusedPorts : public ClientAndServer {
 protected:
  static constexpr std::int64_t far = 100'000;
};

INSTANTIATE_TEST_SUITE_P(Settings, ReusedPorts, ::testing::ValuesIn(settings));

// The window would allow it, but nobody leaves out so much, right where a SYN said that another stream
// starts.
TEST_P(ReusedPorts, DataBehindASynAndFarFromTheOldStreamIsOfTheNewOne) {
  hosts.send(client(0, "old")).send(client_syn(4 * far - 1));
  hosts.send(client(4 * far + 9, "new").ack(server_number(far))).end();
  EXPECT_EQ(from_client(), "old[9]new");
  EXPECT_THAT(hosts.events(), Contains("port_reuse"));
}

TEST_P(ReusedPorts, BothSidesGoOnFarFromWhereTheyWere) {
  hosts.send(server(240, "old").ack(client_number(3))).send(client_syn(2 * far - 1));
  hosts.send(client(2 * far, "new").ack(server_number(far)));
  hosts.send(server(far + 60, "answer").ack(client_number(2 * far + 3))).end();
  EXPECT_EQ(from_client(), "new");
  EXPECT_EQ(from_server(), "oldanswer");
}

TEST_P(ReusedPorts, ASynBehindAFinIsAnotherConnectionWithTheSameNumberToo) {
  hosts.send(client(0, "first").flags(TcpFlag::fin | TcpFlag::ack)).send(client_syn(-1));
  hosts.send(client(180, "second").ack(server_number(far))).end();
  EXPECT_EQ(from_client(), "first[180]second");
}

// The SYN names the number that the old connection began with, too; its answer names another one.
TEST_P(ReusedPorts, AnAnswerFarFromWhereTheServerWasBeginsAnother) {
  hosts.send(server(1347, "old").ack(client_number(37))).send(client_syn(-1)).send(server_syn(far - 1));
  hosts.send(client(0, "new").ack(server_number(far)));
  hosts.send(server(far, "answer").ack(client_number(3))).end();
  EXPECT_EQ(from_client(), "new");
  EXPECT_EQ(from_server(), "oldanswer");
}

TEST_P(ReusedPorts, AnAnswerThatContradictsWhatTheClientAcknowledgedBeginsAnother) {
  hosts.send(client(260, "old").ack(server_number(8400))).send(client_syn(-1)).send(server_syn(far - 1));
  hosts.send(client(0, "new").ack(server_number(far))).end();
  EXPECT_EQ(from_client(), "[260]oldnew");
}

// Of two taps, the answer may come before the SYN.
TEST_P(ReusedPorts, TheAnswerMayComeBeforeTheSyn) {
  const auto answer = [&](std::int64_t at) { return server_syn(at - 1).ack(client_number(10)); };
  hosts.send(answer(0)).send(client(390, "old").flags(TcpFlag::fin | TcpFlag::ack));
  hosts.send(answer(far)).send(client_syn(9)).send(client(50, "new").ack(server_number(far)));
  hosts.send(answer(2 * far)).send(client_syn(9));
  hosts.send(client(570, "newest").ack(server_number(2 * far))).end();
  EXPECT_THAT(from_client(), EndsWith("old[40]new[560]newest"));
}

// A forged FIN moved the end of the dead connection; what the host sends once more is a repetition all the
// same.
TEST_P(ReusedPorts, ARepetitionWithAFinInsideADeadConnectionBeginsNothing) {
  constexpr TcpFlags fin = TcpFlag::fin | TcpFlag::ack;
  hosts.open().send(client(100, "forged").flags(fin)).send(client(0, "hello").flags(fin));
  hosts.send(server_acks(6)).send(server(0).flags(fin)).send(client_acks(1, 6));
  EXPECT_EQ(hosts.size().connections, 0U);
  hosts.send(client(0, "hello").flags(fin));
  EXPECT_EQ(hosts.size().connections, 0U);
}

}  // namespace
}  // namespace restitch::testing
