// What a Linux host lets count for nothing, rule by rule, on real packets: the segment under test is refused
// with its rule, or passes, and the good copy that follows shows what the stream is. That these are a real
// kernel's answers is shown by tests/oracle/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/oracle_listener.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint32_t peer_first = 1001;  // number of the first byte
constexpr std::uint32_t host_first = 5001;
constexpr std::uint32_t clock_start = 1000;

// A peer and a Linux host that agreed on timestamps, SACK and a window of 1,000 bytes (until told otherwise).
class Talk {
 public:
  explicit Talk(const char* policy = "linux") : listener_(policy) {}

  // Packets of the peer at a stream offset, and of the host that acknowledges up to an offset.
  static FrameBuilder peer(std::int64_t offset, std::string_view text = {},
                           std::uint32_t clock = clock_start) {
    FrameBuilder packet;
    packet.raw().ip("10.99.1.2", "10.99.0.1").tcp(10000, 80);
    packet.seq(peer_first + static_cast<std::uint32_t>(offset)).payload(text).ack(host_first);
    return packet.option({1, 1}).option(tcp_option::timestamps(clock, 1));
  }
  static FrameBuilder host(std::uint32_t acknowledged, std::uint16_t window = 1000,
                           std::string_view text = {}) {
    FrameBuilder packet;
    packet.raw().ip("10.99.0.1", "10.99.1.2").tcp(80, 10000);
    packet.seq(host_first).payload(text).ack(peer_first + acknowledged).window(window);
    return packet.option({1, 1}).option(tcp_option::timestamps(1, clock_start));
  }

  Talk& syn(std::string_view data = {}) {
    FrameBuilder packet = peer(-1, data).ack(0).flags(TcpFlag::syn).option(tcp_option::sack_permitted());
    return send(packet);
  }
  Talk& syn_ack(std::uint32_t acknowledged = 0) {
    FrameBuilder packet = host(acknowledged).seq(host_first - 1).flags(TcpFlag::syn | TcpFlag::ack);
    return send(packet.option(tcp_option::sack_permitted()));
  }
  Talk& open() { return syn().syn_ack().send(peer(0)); }

  Talk& send(const FrameBuilder& packet) {
    const std::vector<Frame> frames{packet.build()};
    listener_.packets(frames);
    EXPECT_TRUE(listener_.counts_add_up());
    return *this;
  }

  Heard heard() { return listener_.heard_from("10.99.1.2:10000"); }
  std::string text() { return heard().streams.at(0); }
  [[nodiscard]] const std::vector<std::string>& events() const { return listener_.events(); }

 private:
  OracleListener listener_;
};

// ---- one segment, refused, then the good copy ------------------------------------------------------

struct Wrong {
  const char* rule;
  const char* what;
  FrameBuilder packet;
};

FrameBuilder md5(FrameBuilder packet) {
  Frame option{19, 18};
  put(option, Frame(16, 0x5a));
  return packet.option({1, 1}).option(option);
}

std::vector<Wrong> wrong_segments() {
  const FrameBuilder bad = Talk::peer(0, "xxx");
  const auto with = [&](TcpFlags flags) { return FrameBuilder(bad).flags(flags); };
  const TcpFlags none;
  return {
      {"checksum", "a wrong TCP checksum", FrameBuilder(bad).bad_checksum()},
      {"checksum", "a wrong IPv4 header checksum", FrameBuilder(bad).bad_ip_checksum()},
      {"md5", "an MD5 option without a key", md5(bad)},
      {"no_flags", "no flag at all", with(none)},
      {"no_flags", "FIN without ACK", with(none | TcpFlag::fin)},
      {"paws", "a timestamp two below the last", Talk::peer(0, "xxx", clock_start - 2)},
      {"paws", "a timestamp half the circle away", Talk::peer(0, "xxx", clock_start + 0x80000005)},
      {"old_sequence", "wholly before the stream", Talk::peer(-20, "xxx")},
      {"beyond_window", "at the right edge of the window", Talk::peer(1000, "xxx")},
      {"beyond_window", "far beyond the window", Talk::peer(1 << 24, "xxx")},
      {"rst_not_exact", "a RST inside the window", Talk::peer(3).flags(TcpFlag::rst)},
      {"syn", "a SYN inside the connection", Talk::peer(-1, "xxx").flags(TcpFlag::syn)},
      {"syn", "a SYN-ACK inside the connection", with(TcpFlag::syn | TcpFlag::ack)},
      {"ack_unsent", "an ACK one above what was sent", FrameBuilder(bad).ack(host_first + 1)},
      {"ack_too_old", "an ACK one below the first byte", FrameBuilder(bad).ack(host_first - 1)},
  };
}

TEST(ReceiverState, RefusesASegmentByItsRuleAndReadsTheGoodCopy) {
  for (const Wrong& wrong : wrong_segments()) {
    Talk talk;
    talk.open().send(wrong.packet).send(Talk::peer(0, "good"));
    EXPECT_EQ(talk.text(), "good") << wrong.what;
    EXPECT_THAT(talk.events(), Contains(std::string("refused ") + wrong.rule)) << wrong.what;
  }
}

TEST(ReceiverState, RefusesDataThatHasOnlyPshSet) {
  Talk talk;
  talk.open().send(Talk::peer(0, "xxx").flags(TcpFlag::psh)).send(Talk::peer(0, "good"));
  EXPECT_EQ(talk.text(), "good");
  EXPECT_THAT(talk.events(), Contains(HasSubstr("refused no_")));
}

TEST(ReceiverState, UnderTheLibrarysDefaultNothingIsRefused) {
  for (const Wrong& wrong : wrong_segments()) {
    Talk talk("gopacket");
    talk.open().send(wrong.packet);
    EXPECT_THAT(talk.events(), Each(Not(HasSubstr("refused")))) << wrong.what;
  }
}

// ---- what passes -----------------------------------------------------------------------------------

TEST(ReceiverState, TakesATimestampOneBelowTheLastOrNone) {
  EXPECT_EQ(Talk().open().send(Talk::peer(0, "good", clock_start - 1)).text(), "good");
  FrameBuilder without;
  without.raw().ip("10.99.1.2", "10.99.0.1").tcp(10000, 80).seq(peer_first).ack(host_first).payload("good");
  EXPECT_EQ(Talk().open().send(without).text(), "good");
}

TEST(ReceiverState, AHeldSegmentDoesNotMoveTheTimestamp) {
  Talk talk;
  talk.open().send(Talk::peer(4, "more", clock_start + 5000)).send(Talk::peer(0, "good", clock_start + 10));
  EXPECT_EQ(talk.text(), "goodmore");
  EXPECT_THAT(talk.events(), Each(Not(HasSubstr("paws"))));
}

TEST(ReceiverState, ALaterTimestampInOrderMakesTheOldOnesOld) {
  Talk talk;
  talk.open().send(Talk::peer(0, "good", clock_start + 1000)).send(Talk::host(4));
  talk.send(Talk::peer(4, "xxxx", clock_start + 500)).send(Talk::peer(4, "more", clock_start + 1000));
  EXPECT_EQ(talk.text(), "goodmore");
}

TEST(ReceiverState, AReceiverThatReadEverythingTakesWhatReachesOverTheWindow) {
  EXPECT_EQ(Talk().open().send(Talk::peer(0, std::string(1001, 'x'))).text().size(), 1001u);
}

TEST(ReceiverState, AReceiverWithUnreadDataDoesNot) {
  Talk talk;
  talk.open().send(Talk::peer(0, std::string(500, 'a'))).send(Talk::host(500, 500));  // the edge stayed
  talk.send(Talk::peer(500, std::string(501, 'x'))).send(Talk::peer(500, std::string(500, 'b')));
  EXPECT_EQ(talk.text(), std::string(500, 'a') + std::string(500, 'b'));
}

TEST(ReceiverState, AZeroWindowProbeIsNotTaken) {
  Talk talk;
  talk.open().send(Talk::peer(0, std::string(1000, 'a'))).send(Talk::host(1000, 0));
  talk.send(Talk::peer(1000, "x")).send(Talk::host(1000, 0));
  talk.send(Talk::host(1000, 1000)).send(Talk::peer(1000, "b"));
  EXPECT_EQ(talk.text(), std::string(1000, 'a') + "b");
}

TEST(ReceiverState, AnAcknowledgementALittleBelowTheLastIsFine) {
  Talk talk;
  talk.open().send(Talk::host(0, 1000, "hello")).send(Talk::peer(0, "good").ack(host_first + 5));
  EXPECT_EQ(talk.send(Talk::peer(4, "more").ack(host_first + 2)).text(), "goodmore");
}

// ---- RST -------------------------------------------------------------------------------------------

TEST(ReceiverState, ARstAtTheNextNumberResetsAndItsPayloadIsNoData) {
  Talk talk;
  talk.open().send(Talk::peer(0, "good")).send(Talk::peer(4, "x").flags(TcpFlag::rst));
  talk.send(Talk::peer(4, "more"));
  EXPECT_EQ(describe(talk.heard()), "'good' reset");
}

TEST(ReceiverState, ARstAtTheRightEdgeOfTheHighestHeldBlockResetsWhereSackIsInUse) {
  Talk talk;
  talk.open()
      .send(Talk::peer(0, "good"))
      .send(Talk::peer(8, "held"))
      .send(Talk::peer(12).flags(TcpFlag::rst));
  EXPECT_EQ(describe(talk.heard()), "'good' reset");
}

TEST(ReceiverState, ARstAtAnotherEdgeDoesNot) {
  for (const std::int64_t edge : {3, 5, 8, 16, 20}) {
    Talk talk;
    talk.open().send(Talk::peer(0, "good")).send(Talk::peer(12, "held"));
    talk.send(Talk::peer(20, "high")).send(Talk::peer(edge).flags(TcpFlag::rst));
    EXPECT_EQ(talk.send(Talk::peer(4, "more")).text(), "goodmore") << edge;
  }
}

// ---- the handshake ---------------------------------------------------------------------------------

TEST(ReceiverState, DataInASynCountsAsFarAsTheSynAckAcknowledgesIt) {
  EXPECT_EQ(Talk().syn("fast").syn_ack(4).send(Talk::peer(4, "more")).text(), "fastmore");
  EXPECT_EQ(Talk().syn("fast").syn_ack(2).send(Talk::peer(2, "ce")).text(), "face");
  EXPECT_EQ(Talk().syn("fast").syn_ack(0).send(Talk::peer(0, "slow")).text(), "slow");
}

TEST(ReceiverState, DataMayEndTheHandshakeButNotWithAWrongAcknowledgement) {
  EXPECT_EQ(Talk().syn().syn_ack().send(Talk::peer(0, "good")).text(), "good");
  Talk talk;
  talk.syn().syn_ack().send(Talk::peer(0, "xxxx").ack(host_first + 5)).send(Talk::peer(0, "good"));
  EXPECT_EQ(talk.text(), "good");
  EXPECT_THAT(talk.events(), Contains("refused handshake"));
}

TEST(ReceiverState, ARstThatDoesNotAcknowledgeTheSynLeavesItWaiting) {
  Talk talk;
  talk.syn().send(Talk::host(7).flags(TcpFlag::rst | TcpFlag::ack));
  EXPECT_THAT(talk.events(), Contains("refused rst_not_exact"));
  EXPECT_EQ(talk.syn_ack().send(Talk::peer(0)).send(Talk::peer(0, "abc")).text(), "abc");
}

TEST(ReceiverState, AListenerForgetsARequestThatARstEnded) {
  Talk talk;
  talk.syn().syn_ack().send(Talk::peer(0).flags(TcpFlag::rst)).send(Talk::peer(0, "xxxx"));
  EXPECT_EQ(describe(talk.heard()), "'' open");
}

// ---- what was not captured -------------------------------------------------------------------------

TEST(ReceiverState, WithOneDirectionOnlyWhatCannotBeCheckedCounts) {
  Talk talk;
  talk.syn().send(Talk::peer(0, "good").ack(host_first + 77));       // no idea what the host sent
  talk.send(Talk::peer(4, std::string(5000, 'm')).ack(host_first));  // nor what window it offered
  EXPECT_EQ(talk.text(), "good" + std::string(5000, 'm'));
}

TEST(ReceiverState, InTheMiddleOfAConnectionTheFirstSegmentsCount) {
  Talk talk;
  talk.send(Talk::peer(0, "good")).send(Talk::host(4)).send(Talk::peer(4, "more")).send(Talk::host(8));
  EXPECT_EQ(talk.text(), "goodmore");
  EXPECT_THAT(talk.events(), Each(Not(HasSubstr("refused"))));
}

TEST(ReceiverState, ASegmentCutByTheSnapLengthHasNoChecksumToCheck) {
  OracleListener listener("linux");
  const Frame syn = Talk::peer(-1).ack(0).flags(TcpFlag::syn).build();
  const Frame whole = Talk::peer(0, "goodxxxx").build();
  listener.packets(std::array{syn});
  listener.packet(LinkType::raw, Bytes(whole).first(whole.size() - 4), whole.size(), {});
  EXPECT_EQ(listener.heard_from("10.99.1.2:10000").streams.at(0), "good");
}

}  // namespace
}  // namespace restitch::testing
