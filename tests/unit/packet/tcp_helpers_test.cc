// TcpStateMachine; TcpOptionCheck has a file of its own.
#include "restitch/tcp_helpers.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>
#include <vector>

#include "support/frame_builder.h"
#include "unit/packet/plain_segments.h"

namespace restitch {
namespace {

using testing::Frame;

using testing::ack;
using testing::fin_ack;
using testing::rst;
using testing::segment;
using testing::syn;
using testing::syn_ack;
using testing::to_client;
using testing::to_server;

class StateMachine : public ::testing::Test {
 protected:
  // Client 100, server 500.
  void shake_hands() {
    ASSERT_TRUE(fsm.check_state(segment(syn, 100), to_server));
    ASSERT_TRUE(fsm.check_state(segment(syn_ack, 500, 101), to_client));
    ASSERT_TRUE(fsm.check_state(segment(ack, 101, 501), to_server));
    ASSERT_EQ(fsm.state(), TcpState::established);
  }
  void close() {
    ASSERT_TRUE(fsm.check_state(segment(fin_ack, 101, 501), to_server));
    ASSERT_EQ(fsm.state(), TcpState::half_closed);
    ASSERT_TRUE(fsm.check_state(segment(fin_ack, 501, 102), to_client));
    ASSERT_EQ(fsm.state(), TcpState::closing);
    ASSERT_TRUE(fsm.check_state(segment(ack, 102, 502), to_server));
    ASSERT_EQ(fsm.state(), TcpState::time_wait);
  }

  TcpStateMachine fsm;
};

TEST_F(StateMachine, FollowsAHandshakeDataAndBothFins) {
  shake_hands();
  EXPECT_TRUE(fsm.check_state(segment(ack, 101, 501, 0), to_server));
  close();
}

TEST_F(StateMachine, RefusesWhateverComesBeforeASyn) {
  EXPECT_FALSE(fsm.check_state(segment(ack, 1, 1, 10), to_server));
  EXPECT_FALSE(fsm.check_state(segment(syn_ack, 1, 1), to_client));
  EXPECT_FALSE(fsm.check_state(segment(fin_ack, 1, 1), to_client));
  EXPECT_FALSE(fsm.check_state(segment(rst, 1), to_client));
  EXPECT_EQ(fsm.state(), TcpState::closed);
}

TEST_F(StateMachine, RefusesDataThatOvertakesTheHandshake) {
  ASSERT_TRUE(fsm.check_state(segment(syn, 100), to_server));
  EXPECT_FALSE(fsm.check_state(segment(ack, 101, 501, 10), to_server));
  EXPECT_FALSE(fsm.check_state(segment(ack, 501, 101, 10), to_client));
  EXPECT_EQ(fsm.state(), TcpState::syn_sent);
}

// Go's machine knows no state for this and refuses the second SYN.
TEST_F(StateMachine, FollowsASimultaneousOpen) {
  EXPECT_TRUE(fsm.check_state(segment(syn, 100), to_server));
  EXPECT_TRUE(fsm.check_state(segment(syn, 500), to_client));
  EXPECT_EQ(fsm.state(), TcpState::syn_crossed);
  EXPECT_TRUE(fsm.check_state(segment(syn_ack, 100, 501), to_server));
  EXPECT_EQ(fsm.state(), TcpState::syn_received);
  EXPECT_TRUE(fsm.check_state(segment(syn_ack, 500, 101), to_client));
  EXPECT_EQ(fsm.state(), TcpState::established);
  close();
}

TEST_F(StateMachine, CompletesASimultaneousOpenByPlainAcks) {
  EXPECT_TRUE(fsm.check_state(segment(syn, 100), to_server));
  EXPECT_TRUE(fsm.check_state(segment(syn, 500), to_client));
  EXPECT_TRUE(fsm.check_state(segment(ack, 101, 501), to_server));
  EXPECT_EQ(fsm.state(), TcpState::established);
}

TEST_F(StateMachine, RefusesASimultaneousOpenWithOtherNumbers) {
  EXPECT_TRUE(fsm.check_state(segment(syn, 100), to_server));
  EXPECT_TRUE(fsm.check_state(segment(syn, 500), to_client));
  EXPECT_FALSE(fsm.check_state(segment(syn_ack, 777, 101), to_client));
  EXPECT_FALSE(fsm.check_state(segment(syn_ack, 500, 100), to_client));
  EXPECT_EQ(fsm.state(), TcpState::syn_crossed);
}

TEST_F(StateMachine, TakesRepeatedSynsForWhatTheyAre) {
  EXPECT_TRUE(fsm.check_state(segment(syn, 100), to_server));
  EXPECT_TRUE(fsm.check_state(segment(syn, 100), to_server));
  EXPECT_TRUE(fsm.check_state(segment(syn_ack, 500, 101), to_client));
  EXPECT_TRUE(fsm.check_state(segment(syn_ack, 500, 101), to_client));
  EXPECT_TRUE(fsm.check_state(segment(ack, 101, 501), to_server));
  EXPECT_TRUE(fsm.check_state(segment(syn_ack, 500, 101), to_client));
  EXPECT_EQ(fsm.state(), TcpState::established);
  EXPECT_FALSE(fsm.check_state(segment(syn, 4000), to_server));
  EXPECT_EQ(fsm.state(), TcpState::established);
}

TEST_F(StateMachine, TakesASecondAttemptWithAnotherNumber) {
  EXPECT_TRUE(fsm.check_state(segment(syn, 100), to_server));
  EXPECT_TRUE(fsm.check_state(segment(syn, 9000), to_server));
  EXPECT_FALSE(fsm.check_state(segment(syn_ack, 500, 101), to_client)) << "answers the first attempt";
  EXPECT_TRUE(fsm.check_state(segment(syn_ack, 500, 9001), to_client));
}

TEST_F(StateMachine, LetsOneSideGoOnSendingAfterTheOtherHasFinished) {
  shake_hands();
  EXPECT_TRUE(fsm.check_state(segment(fin_ack, 101, 501), to_server));
  EXPECT_TRUE(fsm.check_state(segment(ack, 501, 102, 1000), to_client));
  EXPECT_TRUE(fsm.check_state(segment(ack, 102, 1501), to_server));
  EXPECT_FALSE(fsm.check_state(segment(ack, 102, 1501, 1), to_server)) << "a byte behind its own FIN";
  EXPECT_EQ(fsm.state(), TcpState::half_closed);
}

TEST_F(StateMachine, AcceptsOnlyRepetitionsWhenAllIsOver) {
  shake_hands();
  close();
  EXPECT_TRUE(fsm.check_state(segment(fin_ack, 501, 102), to_client));
  EXPECT_TRUE(fsm.check_state(segment(ack, 102, 502), to_server));
  EXPECT_FALSE(fsm.check_state(segment(ack, 102, 502, 5), to_server));
  EXPECT_FALSE(fsm.check_state(segment(syn, 100), to_server)) << "the old SYN, late";
  EXPECT_EQ(fsm.state(), TcpState::time_wait);
}

TEST_F(StateMachine, StartsAnewWhenThePortIsReused) {
  shake_hands();
  close();
  EXPECT_TRUE(fsm.check_state(segment(syn, 70000), to_server));
  EXPECT_EQ(fsm.state(), TcpState::syn_sent);
  EXPECT_TRUE(fsm.check_state(segment(syn_ack, 90000, 70001), to_client));
  EXPECT_TRUE(fsm.check_state(segment(ack, 70001, 90001), to_server));
  EXPECT_EQ(fsm.state(), TcpState::established);
}

TEST_F(StateMachine, EndsWithAReset) {
  shake_hands();
  EXPECT_TRUE(fsm.check_state(segment(rst, 501), to_client));
  EXPECT_EQ(fsm.state(), TcpState::reset);
  EXPECT_TRUE(fsm.check_state(segment(rst, 501), to_client));
  EXPECT_FALSE(fsm.check_state(segment(ack, 101, 501, 5), to_server));
  EXPECT_TRUE(fsm.check_state(segment(syn, 3000), to_server));
  EXPECT_EQ(fsm.state(), TcpState::syn_sent);
}

TEST_F(StateMachine, CountsFinsAcrossTheWrapOfSequenceNumbers) {
  EXPECT_TRUE(fsm.check_state(segment(syn, 0xfffffffe), to_server));
  EXPECT_TRUE(fsm.check_state(segment(syn_ack, 0xffffffff, 0xffffffff), to_client));
  EXPECT_TRUE(fsm.check_state(segment(ack, 0xffffffff, 0), to_server));
  EXPECT_TRUE(fsm.check_state(segment(fin_ack, 0xffffffff, 0, 3), to_server));  // ends at 3
  EXPECT_TRUE(fsm.check_state(segment(fin_ack, 0, 2), to_client));
  EXPECT_EQ(fsm.state(), TcpState::closing);
  EXPECT_TRUE(fsm.check_state(segment(ack, 1, 3), to_client));
  EXPECT_TRUE(fsm.check_state(segment(ack, 3, 1), to_server));
  EXPECT_EQ(fsm.state(), TcpState::time_wait);
}

TEST(StateMachineMidStream, JoinsAConnectionItDidNotSeeOpen) {
  TcpStateMachine fsm({.missing_establishment = true});
  EXPECT_FALSE(fsm.check_state(segment(rst, 1), to_server)) << "there is nothing to reset";
  EXPECT_TRUE(fsm.check_state(segment(ack, 1000, 1, 10), to_client));
  EXPECT_EQ(fsm.state(), TcpState::established);
}

TEST(StateMachineMidStream, TakesASynAckForTheHandshake) {
  TcpStateMachine fsm({.missing_establishment = true});
  EXPECT_TRUE(fsm.check_state(segment(syn_ack, 500, 101), to_client));
  EXPECT_EQ(fsm.state(), TcpState::syn_received);
  EXPECT_TRUE(fsm.check_state(segment(syn, 100), to_server)) << "two taps: the SYN comes late";
  EXPECT_TRUE(fsm.check_state(segment(ack, 101, 501), to_server));
  EXPECT_EQ(fsm.state(), TcpState::established);
}

TEST(StateMachineMidStream, DoesNotWaitForASynAckThatWasNotCaptured) {
  TcpStateMachine fsm({.missing_establishment = true});
  EXPECT_TRUE(fsm.check_state(segment(syn, 100), to_server));
  EXPECT_TRUE(fsm.check_state(segment(ack, 101, 501, 20), to_server));
  EXPECT_EQ(fsm.state(), TcpState::established);
}

TEST(TcpState, HasNames) {
  EXPECT_EQ(to_string(TcpState::closed), "closed");
  EXPECT_EQ(to_string(TcpState::syn_crossed), "syn_crossed");
  EXPECT_EQ(to_string(TcpState::time_wait), "time_wait");
  std::set<std::string_view> names;
  for (const auto state : {TcpState::closed, TcpState::syn_sent, TcpState::syn_crossed,
                           TcpState::syn_received, TcpState::established, TcpState::half_closed,
                           TcpState::closing, TcpState::time_wait, TcpState::reset}) {
    names.insert(to_string(state));
  }
  EXPECT_EQ(names.size(), 9u);
  EXPECT_EQ(names.count("unknown"), 0u);
}

TEST(TcpFinding, HasNames) {
  EXPECT_EQ(to_string(TcpFinding::ok), "ok");
  EXPECT_EQ(to_string(TcpFinding::keep_alive), "keep_alive");
  EXPECT_EQ(to_string(TcpFinding::retransmission), "retransmission");
  EXPECT_EQ(to_string(TcpFinding::above_mss), "above_mss");
  EXPECT_EQ(to_string(TcpFinding::beyond_window), "beyond_window");
}

}  // namespace
}  // namespace restitch
