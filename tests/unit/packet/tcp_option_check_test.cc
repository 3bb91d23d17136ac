#include "restitch/tcp_helpers.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/frame_builder.h"
#include "unit/packet/plain_segments.h"

namespace restitch {
namespace {

using testing::Frame;
namespace tcp_option = testing::tcp_option;

using testing::ack;
using testing::fin_ack;
using testing::rst;
using testing::segment;
using testing::syn;
using testing::syn_ack;
using testing::to_client;
using testing::to_server;

class OptionCheck : public ::testing::Test {
 protected:
  // Client 100, server 500; both announce the MSS and the scale given.
  void shake_hands(TcpOptionCheck& target, const Frame& client_options, const Frame& server_options) {
    TcpSegment open = segment(syn, 100);
    open.options = client_options;
    EXPECT_TRUE(target.accept(open, to_server, std::nullopt, true).accepted);
    TcpSegment answer = segment(syn_ack, 500, 101);
    answer.options = server_options;
    answer.window = 1000;
    EXPECT_TRUE(target.accept(answer, to_client, std::nullopt, true).accepted);
  }
  static TcpFinding found(TcpOptionCheck& target, const TcpSegment& tcp,
                          TcpFlowDirection direction = to_server,
                          std::optional<Sequence> next = Sequence(101)) {
    return target.accept(tcp, direction, next, false).finding;
  }

  Frame options_of(std::uint16_t mss, std::optional<std::uint8_t> scale) {
    Frame out = tcp_option::mss(mss);
    if (scale) testing::put(out, tcp_option::window_scale(*scale));
    return out;
  }

  TcpOptionCheck check;
};

TEST_F(OptionCheck, LearnsMssAndScaleFromSyns) {
  EXPECT_EQ(check.mss(to_server), std::nullopt);
  shake_hands(check, options_of(1460, 7), options_of(1400, 30));
  EXPECT_EQ(check.mss(to_server), 1460);
  EXPECT_EQ(check.mss(to_client), 1400);
  EXPECT_EQ(check.window_scale(to_server), 7);
  EXPECT_EQ(check.window_scale(to_client), 14) << "RFC 7323 caps the shift";
}

TEST_F(OptionCheck, IgnoresOptionsThatOnlyASynMayCarry) {
  TcpSegment data = segment(ack, 101, 501, 5);
  const Frame options = options_of(100, 3);
  data.options = options;
  EXPECT_EQ(found(check, data), TcpFinding::ok);
  EXPECT_EQ(check.mss(to_server), std::nullopt);
  EXPECT_EQ(check.window_scale(to_server), std::nullopt);
}

// Go's check refuses it and so loses the new bytes.
TEST_F(OptionCheck, AcceptsARetransmissionThatAlsoBringsNewBytes) {
  EXPECT_EQ(check.accept(segment(ack, 101, 501, 20), to_server, Sequence(111), false), TcpCheck{});
  EXPECT_EQ(check.accept(segment(ack, 0xfffffff0, 501, 0x20), to_server, Sequence(0), false), TcpCheck{});
  TcpSegment late_fin = segment(fin_ack, 101, 501, 10);
  EXPECT_EQ(check.accept(late_fin, to_server, Sequence(111), false), TcpCheck{}) << "the FIN is new";
}

TEST_F(OptionCheck, RefusesARetransmissionThatBringsNothing) {
  const TcpCheck refused{TcpFinding::retransmission, false};
  EXPECT_EQ(check.accept(segment(ack, 101, 501, 10), to_server, Sequence(111), false), refused);
  EXPECT_EQ(check.accept(segment(fin_ack, 101, 501, 9), to_server, Sequence(111), false), refused);
  EXPECT_EQ(check.accept(segment(syn, 100), to_server, Sequence(101), false), refused);
  EXPECT_EQ(check.accept(segment(ack, 101, 501, 10), to_server, Sequence(111), true), TcpCheck{})
      << "reassembly is told to begin here";
  EXPECT_EQ(check.accept(segment(ack, 101, 501, 10), to_server, std::nullopt, false), TcpCheck{});
  EXPECT_EQ(check.accept(segment(ack, 50, 501, 0), to_server, Sequence(111), false), TcpCheck{})
      << "an old acknowledgement repeats no bytes";
}

TEST_F(OptionCheck, CountsBytesThatTheSnapLengthCut) {
  TcpSegment cut = segment(ack, 101, 501, 10);
  cut.missing_size = 5;
  EXPECT_EQ(found(check, cut, to_server, Sequence(111)), TcpFinding::ok);
  EXPECT_EQ(found(check, cut, to_server, Sequence(116)), TcpFinding::retransmission);
}

TEST_F(OptionCheck, KnowsKeepAlives) {
  const TcpCheck refused{TcpFinding::keep_alive, false};
  EXPECT_EQ(check.accept(segment(ack, 110, 501, 0), to_server, Sequence(111), false), refused);
  EXPECT_EQ(check.accept(segment(ack, 110, 501, 1), to_server, Sequence(111), false), refused);
  EXPECT_EQ(found(check, segment(fin_ack, 110, 501, 1), to_server, Sequence(111)), TcpFinding::ok);
  EXPECT_EQ(found(check, segment(ack, 0xffffffff, 501, 0), to_server, Sequence(0)), TcpFinding::keep_alive);
}

// Go's check refuses any segment above the MSS; where the host offloads segmentation that is all of them.
TEST_F(OptionCheck, ReportsOffloadedSegmentsButAcceptsThem) {
  shake_hands(check, options_of(1460, 7), options_of(1400, 7));
  EXPECT_EQ(check.accept(segment(ack, 101, 501, 1400), to_server, Sequence(101), false), TcpCheck{});
  const TcpCheck reported{TcpFinding::above_mss, true};
  EXPECT_EQ(check.accept(segment(ack, 101, 501, 1401), to_server, Sequence(101), false), reported);
  EXPECT_EQ(check.accept(segment(ack, 501, 101, 1450), to_client, Sequence(501), false), TcpCheck{})
      << "the MSS that counts is the receiver's";
}

TEST_F(OptionCheck, RefusesSegmentsAboveTheMssWhenToldThatNothingIsOffloaded) {
  TcpOptionCheck tap({.refuse_above_mss = true});
  shake_hands(tap, options_of(1460, 7), options_of(1400, 7));
  const TcpCheck refused{TcpFinding::above_mss, false};
  EXPECT_EQ(tap.accept(segment(ack, 101, 501, 1401), to_server, Sequence(101), false), refused);
}

TEST_F(OptionCheck, HoldsDataAgainstTheWindowTheReceiverOffered) {
  shake_hands(check, options_of(1460, std::nullopt), options_of(1460, std::nullopt));
  // The server has offered 101 up to 1101.
  EXPECT_EQ(found(check, segment(ack, 101, 501, 1000)), TcpFinding::ok);
  EXPECT_EQ(found(check, segment(ack, 1100, 501, 100)), TcpFinding::ok) << "starts inside";
  EXPECT_EQ(found(check, segment(ack, 1101, 501, 1)), TcpFinding::ok) << "a window probe";
  EXPECT_EQ(found(check, segment(ack, 1101, 501, 0)), TcpFinding::ok);
  EXPECT_EQ(found(check, segment(ack, 1101, 501, 2)), TcpFinding::beyond_window);
  EXPECT_EQ(found(check, segment(ack, 1102, 501, 1)), TcpFinding::beyond_window);
  EXPECT_FALSE(check.accept(segment(ack, 5000, 501, 10), to_server, Sequence(101), false).accepted);
}

TEST_F(OptionCheck, ScalesWindowsButNeverThatOfASyn) {
  shake_hands(check, options_of(1460, 2), options_of(1460, 3));
  EXPECT_EQ(found(check, segment(ack, 1102, 501, 10)), TcpFinding::beyond_window);
  TcpSegment update = segment(ack, 501, 101);
  update.window = 1000;  // shifted by the server's own 3
  EXPECT_EQ(found(check, update, to_client, Sequence(501)), TcpFinding::ok);
  EXPECT_EQ(found(check, segment(ack, 8100, 501, 10)), TcpFinding::ok);
  EXPECT_EQ(found(check, segment(ack, 8102, 501, 10)), TcpFinding::beyond_window);
}

TEST_F(OptionCheck, ScalesOnlyWhenBothSidesOfferedTo) {
  shake_hands(check, options_of(1460, std::nullopt), options_of(1460, 3));
  TcpSegment update = segment(ack, 501, 101);
  update.window = 2000;
  EXPECT_EQ(found(check, update, to_client, Sequence(501)), TcpFinding::ok);
  EXPECT_EQ(found(check, segment(ack, 2100, 501, 10)), TcpFinding::ok);
  EXPECT_EQ(found(check, segment(ack, 2102, 501, 10)), TcpFinding::beyond_window);
}

TEST_F(OptionCheck, DoesNotTakeAnOfferBack) {
  shake_hands(check, options_of(1460, std::nullopt), options_of(1460, std::nullopt));
  TcpSegment shrunk = segment(ack, 501, 101);
  shrunk.window = 10;
  EXPECT_EQ(found(check, shrunk, to_client, Sequence(501)), TcpFinding::ok);
  EXPECT_EQ(found(check, segment(ack, 1000, 501, 10)), TcpFinding::ok);
}

TEST_F(OptionCheck, EnforcesNoWindowItCannotKnow) {
  TcpSegment update = segment(ack, 501, 101);
  update.window = 1;  // mid-stream: no scale is known
  EXPECT_EQ(found(check, update, to_client, Sequence(501)), TcpFinding::ok);
  EXPECT_EQ(found(check, segment(ack, 60000, 501, 10)), TcpFinding::ok);
}

TEST_F(OptionCheck, ForgetsTheOffersOfAnEarlierConnection) {
  shake_hands(check, options_of(1460, std::nullopt), options_of(1400, std::nullopt));
  TcpSegment again = segment(syn, 0x40000000);
  EXPECT_EQ(found(check, again, to_server, std::nullopt), TcpFinding::ok);
  EXPECT_EQ(check.mss(to_server), std::nullopt);
  EXPECT_EQ(check.mss(to_client), std::nullopt);
}

TEST_F(OptionCheck, LeavesResetsToOthers) {
  EXPECT_EQ(found(check, segment(rst, 5, 0, 0), to_server, Sequence(100)), TcpFinding::ok);
}

TEST_F(OptionCheck, OnlyReportsWhereToldSo) {
  TcpOptionCheck lenient(
      {.refuse_keep_alive = false, .refuse_retransmission = false, .refuse_beyond_window = false});
  shake_hands(lenient, options_of(1460, std::nullopt), options_of(1460, std::nullopt));
  EXPECT_EQ(lenient.accept(segment(ack, 110, 501, 1), to_server, Sequence(111), false),
            (TcpCheck{TcpFinding::keep_alive, true}));
  EXPECT_EQ(lenient.accept(segment(ack, 101, 501, 5), to_server, Sequence(111), false),
            (TcpCheck{TcpFinding::retransmission, true}));
  EXPECT_EQ(lenient.accept(segment(ack, 9000, 501, 5), to_server, Sequence(111), false),
            (TcpCheck{TcpFinding::beyond_window, true}));
}

}  // namespace
}  // namespace restitch
