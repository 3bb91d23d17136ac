// Where a stream starts when a SYN-ACK says something else than what came before it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/client_and_server.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::Not;

class Starts : public ClientAndServer {};

INSTANTIATE_TEST_SUITE_P(Settings, Starts, ::testing::ValuesIn(settings));

TEST_P(Starts, DataAndItsAcknowledgementCountMoreThanASynAck) {
  hosts.send(client_syn(-1)).send(client_acks(7));
  hosts.send(server(0, "answers")).send(server_syn(953)).send(client_acks(7)).end();
  EXPECT_EQ(from_server(), "answers");
}

// The data is set aside, for the acknowledgement comes later.
TEST_P(Starts, AnAcknowledgementFindsDataFarFromASynAck) {
  hosts.send(client_syn(-1)).send(server(0, "answer")).send(server_syn(488'797'150));
  hosts.send(client_acks(6)).end();
  EXPECT_THAT(from_server(), EndsWith("]answer"));
}

TEST_P(Starts, DataCloseBeforeASynAckIsTold) {
  hosts.send(client_syn(-1)).send(server(0, "early")).send(server_syn(999)).end();
  EXPECT_EQ(from_server(), "");
  EXPECT_EQ(hosts.counts().before_start, 5U);
  EXPECT_THAT(hosts.events(), Contains("before_start"));
}

// The client's acknowledgements are captured: it did not follow the server there. They came before the
// SYN-ACK.
TEST_P(Starts, AWildSegmentIsNotDeliveredWhereTheReceiverWasHeard) {
  hosts.send(client(0, "hello").ack(server_number(1))).send(server_syn(-1));
  hosts.send(server(23'597'420, "wild")).end();
  EXPECT_EQ(from_server(), "");
  EXPECT_THAT(hosts.events(), Contains("wild_sequence"));
  EXPECT_THAT(hosts.events(), Not(Contains("resynchronized")));
}

}  // namespace
}  // namespace restitch::testing
