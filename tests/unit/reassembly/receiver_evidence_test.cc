// The receiver has the last word on what it refused: what it acknowledges it took in. One forged packet may
// lead the rules astray, and the next acknowledgement leads them back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/two_hosts.h"

namespace restitch::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t second_ms = 1000;

class ReceiverEvidence : public ::testing::TestWithParam<Setting> {
 protected:
  static PoolOptions doubting() {
    PoolOptions options = TwoHosts::with("linux");
    options.reset_doubt_ns = second(30).ns;
    return options;
  }

  // A sends `count` pieces of text from `offset` on, and B acknowledges each.
  static std::string exchange(TwoHosts& hosts, int count, std::int64_t offset = 0) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      const std::string piece = fmt::format("piece {:03}.", i);
      hosts.send(hosts.a(offset + static_cast<std::int64_t>(text.size()), piece));
      text += piece;
      hosts.send(hosts.b_acks(offset + static_cast<std::int64_t>(text.size())));
    }
    return text;
  }
};

INSTANTIATE_TEST_SUITE_P(Settings, ReceiverEvidence, ::testing::ValuesIn(settings));

// ---- forged packets that make the receiver seem to refuse --------------------------------------------

TEST_P(ReceiverEvidence, AForgedZeroWindowHidesNothing) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.b(0).window(0));
  const std::string text = exchange(hosts, 100);
  EXPECT_EQ(hosts.from_a(), text);
  EXPECT_THAT(hosts.events(), Contains("refused beyond_window").Times(1));
  EXPECT_THAT(hosts.events(), Contains("refusal_disproved").Times(1));
}

TEST_P(ReceiverEvidence, AForgedZeroWindowOfEachHostHidesNothing) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.b(0).window(0)).send(hosts.a(0).window(0));
  std::string text;
  for (int i = 0; i < 20; ++i) {  // each segment has data, and acknowledges those of the other host
    hosts.send(hosts.a(4 * i, "data")).send(hosts.b_acks(4 * i + 4, 4 * i).payload("back"));
    hosts.a_acks(4 * i + 4);
  }
  hosts.send(hosts.a(80));
  EXPECT_EQ(hosts.from_a().size(), 80U);
  EXPECT_EQ(hosts.from_b().size(), 80U);
}

TEST_P(ReceiverEvidence, AForgedTimestampHidesNothing) {
  TwoHosts hosts(GetParam());
  const auto timed = [](FrameBuilder packet, std::uint32_t clock) {
    return packet.option({1, 1}).option(tcp_option::timestamps(clock, 1));
  };
  const bool a_opens = GetParam().a_is_client;
  hosts.send(timed((a_opens ? hosts.a(-1) : hosts.b(-1)).ack(0).flags(TcpFlag::syn), 100));
  hosts.send(timed((a_opens ? hosts.b(-1) : hosts.a(-1)).flags(TcpFlag::syn | TcpFlag::ack), 100));
  hosts.send(timed(a_opens ? hosts.a(0) : hosts.b(0), 100));
  hosts.send(timed(hosts.a(0), 1'000'000));
  for (int i = 0; i < 20; ++i) {
    hosts.send(timed(hosts.a(4 * i, "data"), 101)).send(timed(hosts.b_acks(4 * i + 4), 101));
  }
  EXPECT_EQ(hosts.from_a().size(), 80U);
  EXPECT_THAT(hosts.events(), Contains("refused paws").Times(1));
}

// The host seems to have acknowledged more than it did, so its own acknowledgements look too old.
TEST_P(ReceiverEvidence, AForgedAcknowledgementHidesNothing) {
  TwoHosts hosts(GetParam());
  hosts.open();
  for (int i = 0; i < 20; ++i) {
    hosts.send(hosts.b(100 * i, std::string(100, 'b'))).send(hosts.a(0).ack(hosts.b_number(100 * i + 100)));
  }
  const std::string text = exchange(hosts, 20);
  EXPECT_EQ(hosts.from_a(), text);
}

TEST_P(ReceiverEvidence, AReceiverThatTookAPartAcknowledgesAPart) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.b(0).window(0)).send(hosts.a(0, "abcdefgh"));
  hosts.send(hosts.b_acks(3));
  EXPECT_EQ(hosts.from_a(), "abc");
  hosts.send(hosts.b_acks(8));
  EXPECT_EQ(hosts.from_a(), "abcdefgh");
}

TEST_P(ReceiverEvidence, AFinThatWasAcknowledgedWasNotRefusedEither) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.b(0).window(0));
  hosts.send(hosts.a(0, "abc")).send(hosts.a(3, "def").flags(TcpFlag::fin | TcpFlag::ack));
  hosts.send(hosts.b_acks(7)).send(hosts.b(0).flags(TcpFlag::fin | TcpFlag::ack)).send(hosts.a_acks(1, 7));
  EXPECT_EQ(hosts.from_a(), "abcdef");
  EXPECT_THAT(hosts.ends(), ElementsAre("fin"));
}

TEST_P(ReceiverEvidence, SegmentsThatCameInAnyOrderAreTakenInTheRightOne) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.b(0).window(0));
  hosts.send(hosts.a(6, "gh")).send(hosts.a(2, "cd")).send(hosts.a(4, "efgh")).send(hosts.a(0, "abcd"));
  hosts.send(hosts.b_acks(8));
  EXPECT_EQ(hosts.from_a(), "abcdefgh");
}

// ---- what proves nothing -----------------------------------------------------------------------------

TEST_P(ReceiverEvidence, WhatWasNeverAcknowledgedStaysRefused) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.a(0, "abc")).send(hosts.b_acks(3).window(0));
  hosts.send(hosts.a(3, "d")).send(hosts.b(0).window(0)).send(hosts.a(3, "defg")).send(hosts.b(0).window(0));
  EXPECT_EQ(hosts.end().from_a(), "abc");
  EXPECT_EQ(hosts.counts().refused, 5U);
}

TEST_P(ReceiverEvidence, TheCopyThatWasTakenInWinsOverTheOneThatWasRefused) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.a(0, "xxxx").ack(hosts.b_number(77)));  // acknowledges what was never sent
  hosts.send(hosts.a(0, "good")).send(hosts.b_acks(4));
  EXPECT_EQ(hosts.end().from_a(), "good");
  EXPECT_THAT(hosts.events(), Not(Contains("refusal_disproved")));
}

TEST_P(ReceiverEvidence, AnAcknowledgementThatIsOutOfPlaceProvesNothing) {
  const auto attempts = {
      +[](const TwoHosts& hosts) { return hosts.b(0).ack(hosts.a_number(4)).bad_checksum(); },
      +[](const TwoHosts& hosts) { return hosts.b(1 << 20).ack(hosts.a_number(4)); },
      +[](const TwoHosts& hosts) {
        return hosts.b(0).ack(hosts.a_number(4)).flags(TcpFlag::rst | TcpFlag::ack);
      },
      +[](const TwoHosts& hosts) { return hosts.b(0).ack(hosts.a_number(1 << 20)); },
  };
  for (const auto& forged : attempts) {
    TwoHosts hosts(GetParam());
    hosts.open().send(hosts.a(0, "xxxx").ack(hosts.b_number(77))).send(forged(hosts));
    hosts.send(hosts.a(0, "good")).send(hosts.b_acks(4));
    EXPECT_THAT(hosts.events(), Not(Contains("refusal_disproved")));
  }
}

TEST_P(ReceiverEvidence, AWrongChecksumIsWrongAlsoWhereAnAcknowledgementIsAheadOfItsData) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.a(0, "xxxx").bad_checksum()).send(hosts.b_acks(4)).send(hosts.a(0, "good"));
  EXPECT_EQ(hosts.end().from_a(), "good");
}

TEST_P(ReceiverEvidence, WhatWasRefusedLongAgoIsNotKept) {
  PoolOptions options = TwoHosts::with("linux");
  options.refused_ns = second(2).ns;
  TwoHosts hosts(GetParam(), options);
  hosts.open().send(hosts.b(0).window(0)).send(hosts.a(0, "abcd"));
  hosts.wait_ms(5 * second_ms).send(hosts.b_acks(4)).send(hosts.a(4, "efgh")).send(hosts.b_acks(8));
  EXPECT_EQ(hosts.end().from_a(), "[4]efgh");
}

TEST_P(ReceiverEvidence, NoMoreIsKeptThanTheLimitSays) {
  PoolOptions options = TwoHosts::with("linux");
  options.refused_bytes_max = 20'000;
  TwoHosts hosts(GetParam(), options);
  hosts.open().send(hosts.b(0).window(0));
  for (int i = 0; i < 1000; ++i) hosts.send(hosts.a(i, std::string(900, 'a')));
  EXPECT_LT(hosts.size().held_segments, 20U);
  EXPECT_GT(hosts.size().held_segments, 10U);
  hosts.end();
  EXPECT_EQ(hosts.size().held_segments, 0U);
}

// ---- resets ------------------------------------------------------------------------------------------

TEST_P(ReceiverEvidence, AForgedResetEndsNothingWhileBothHostsGoOn) {
  TwoHosts hosts(GetParam(), doubting());
  hosts.open();
  std::string text = exchange(hosts, 3);
  hosts.send(hosts.a(static_cast<std::int64_t>(text.size())).flags(TcpFlag::rst));
  text += exchange(hosts, 100, static_cast<std::int64_t>(text.size()));
  const auto at = static_cast<std::int64_t>(text.size());
  hosts.send(hosts.a(at).flags(TcpFlag::fin | TcpFlag::ack)).send(hosts.b_acks(at + 1));
  hosts.send(hosts.b(0).flags(TcpFlag::fin | TcpFlag::ack)).send(hosts.a_acks(1, at + 1));
  EXPECT_EQ(hosts.from_a(), text);
  EXPECT_THAT(hosts.events(), Contains("reset_disproved").Times(1));
  EXPECT_THAT(hosts.ends(), ElementsAre("fin"));
}

TEST_P(ReceiverEvidence, AForgedResetOfTheReceiverEndsNothingEither) {
  TwoHosts hosts(GetParam(), doubting());
  hosts.open();
  std::string text = exchange(hosts, 3);
  hosts.send(hosts.b(0).flags(TcpFlag::rst | TcpFlag::ack));
  text += exchange(hosts, 100, static_cast<std::int64_t>(text.size()));
  EXPECT_EQ(hosts.end().from_a(), text);
  EXPECT_THAT(hosts.ends(), ElementsAre("end_of_input"));
}

TEST_P(ReceiverEvidence, WhatWaitedBehindAHoleAtAForgedResetIsReadWhenTheHoleIsFilled) {
  TwoHosts hosts(GetParam(), doubting());
  hosts.open().send(hosts.a(4, "efgh")).send(hosts.a(0).flags(TcpFlag::rst));
  hosts.send(hosts.a(0, "abcd")).send(hosts.b_acks(8));
  EXPECT_EQ(hosts.from_a(), "abcdefgh");
}

TEST_P(ReceiverEvidence, AResetThatNothingDisprovesEndsTheConnection) {
  TwoHosts hosts(GetParam(), doubting());
  hosts.open().send(hosts.a(0, "abcd")).send(hosts.b_acks(4)).send(hosts.a(4).flags(TcpFlag::rst));
  hosts.send(hosts.a(4, "more")).send(hosts.b(0, "more"));
  EXPECT_THAT(hosts.ends(), ElementsAre());
  // Another connection, so that time goes on.
  for (int i = 0; i < 50; ++i) {
    hosts.wait_ms(second_ms).send(FrameBuilder(hosts.a(0)).tcp(50000, 50001));
  }
  EXPECT_THAT(hosts.ends(), ElementsAre("rst"));
  EXPECT_EQ(hosts.from_a(), "abcd");
  EXPECT_EQ(hosts.from_b(), "");
}

TEST_P(ReceiverEvidence, AResetThatNothingDisprovesHasEndedTheConnectionAtTheEnd) {
  TwoHosts hosts(GetParam(), doubting());
  hosts.open().send(hosts.a(0, "abcd")).send(hosts.a(8, "held")).send(hosts.a(4).flags(TcpFlag::rst));
  EXPECT_EQ(hosts.end().from_a(), "abcd");
  EXPECT_THAT(hosts.ends(), ElementsAre("rst"));
}

TEST_P(ReceiverEvidence, ASynAfterAResetBeginsAnotherConnection) {
  TwoHosts hosts(GetParam(), doubting());
  hosts.open().send(hosts.a(0, "abcd")).send(hosts.b_acks(4)).send(hosts.a(4).flags(TcpFlag::rst));
  hosts.send(hosts.a(99'999).ack(0).flags(TcpFlag::syn));
  EXPECT_THAT(hosts.ends(), ElementsAre("rst"));
  hosts.send(hosts.b(70'000).ack(hosts.a_number(100'000)).flags(TcpFlag::syn | TcpFlag::ack));
  hosts.send(hosts.a(100'000, "new").ack(hosts.b_number(70'001)));
  EXPECT_EQ(hosts.from_a(), "abcdnew");
}

TEST_P(ReceiverEvidence, WithoutADoubtAResetEndsTheConnectionAtOnce) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.a(0, "abcd")).send(hosts.b_acks(4)).send(hosts.a(4).flags(TcpFlag::rst));
  EXPECT_THAT(hosts.ends(), ElementsAre("rst"));
}

// ---- handshakes --------------------------------------------------------------------------------------

class ForgedHandshake : public ReceiverEvidence {
 protected:
  // The same for both hosts: the one that opens, and the one that answers.
  struct Side {
    TwoHosts& hosts;
    bool is_a;
    [[nodiscard]] FrameBuilder packet(std::int64_t offset, std::string_view text = {}) const {
      return is_a ? hosts.a(offset, text) : hosts.b(offset, text);
    }
    [[nodiscard]] std::uint32_t number(std::int64_t offset) const {
      return is_a ? hosts.a_number(offset) : hosts.b_number(offset);
    }
  };

  // A handshake into which something is forged before each of its packets, or behind it; then data both ways.
  void expect_all(
      const std::vector<std::function<FrameBuilder(const Side& client, const Side& server)>>& forged) {
    for (std::size_t at = 0; at < 4; ++at) {
      for (std::size_t which = 0; which < forged.size(); ++which) {
        SCOPED_TRACE(fmt::format("forged packet {} before packet {}", which, at));
        TwoHosts hosts(GetParam(), doubting());
        const Side client{hosts, GetParam().a_is_client};
        const Side server{hosts, !GetParam().a_is_client};
        const std::array handshake = {client.packet(-1).ack(0).flags(TcpFlag::syn),
                                      server.packet(-1).flags(TcpFlag::syn | TcpFlag::ack), client.packet(0)};
        for (std::size_t i = 0; i < handshake.size(); ++i) {
          if (i == at) hosts.send(forged[which](client, server));
          hosts.send(handshake[i]);
        }
        if (at == handshake.size()) hosts.send(forged[which](client, server));
        const std::string text = exchange(hosts, 20);
        for (int i = 0; i < 20; ++i) {
          hosts.send(hosts.b(4 * i, "back"))
              .send(hosts.a_acks(4 * i + 4, static_cast<std::int64_t>(text.size())));
        }
        EXPECT_THAT(hosts.end().from_a(), ::testing::EndsWith(text));
        EXPECT_THAT(hosts.from_b(), ::testing::EndsWith(std::string("backbackbackback")));
        EXPECT_GE(hosts.from_b().size(), 80U);
      }
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Settings, ForgedHandshake, ::testing::ValuesIn(settings));

TEST_P(ForgedHandshake, AnotherSynHidesNothing) {
  expect_all(
      {[](const Side& client, const Side&) { return client.packet(777'777).ack(0).flags(TcpFlag::syn); },
       [](const Side& client, const Side&) { return client.packet(-777'777).ack(0).flags(TcpFlag::syn); }});
}

TEST_P(ForgedHandshake, AnotherSynAckHidesNothing) {
  expect_all({[](const Side&, const Side& server) {
                return server.packet(777'777).flags(TcpFlag::syn | TcpFlag::ack);
              },
              [](const Side&, const Side& server) {
                return server.packet(-777'777).flags(TcpFlag::syn | TcpFlag::ack);
              }});
}

TEST_P(ForgedHandshake, AResetHidesNothing) {
  expect_all(
      {[](const Side& client, const Side&) { return client.packet(0).flags(TcpFlag::rst); },
       [](const Side&, const Side& server) { return server.packet(0).flags(TcpFlag::rst | TcpFlag::ack); },
       [](const Side&, const Side& server) {
         return server.packet(-1).ack(0).flags(TcpFlag::rst | TcpFlag::ack);
       }});
}

TEST_P(ForgedHandshake, DataHidesNothing) {
  expect_all({[](const Side& client, const Side&) { return client.packet(500'000'000, "forged"); },
              [](const Side&, const Side& server) { return server.packet(500'000'000, "forged"); },
              [](const Side& client, const Side&) { return client.packet(0, "f").ack(99).bad_checksum(); },
              [](const Side&, const Side& server) { return server.packet(2000); }});
}

// ---- taps that run behind, and hosts that capture themselves -----------------------------------------

TEST_P(ReceiverEvidence, SegmentsThatAcknowledgeWhatIsCapturedLaterWereNotRefused) {
  TwoHosts hosts(GetParam());
  hosts.open();
  // What A sends is captured late: B answers requests that nobody has seen.
  hosts.send(hosts.b_acks(8, 0).payload("answer 1")).send(hosts.b_acks(16, 8).payload("answer 2"));
  hosts.send(hosts.a(0, "request1")).send(hosts.a(8, "request2")).send(hosts.a_acks(16, 16));
  EXPECT_EQ(hosts.from_a(), "request1request2");
  EXPECT_EQ(hosts.from_b(), "answer 1answer 2");
}

TEST_P(ReceiverEvidence, DataThatIsCapturedBehindItsAcknowledgementsIsNotBeyondTheirWindow) {
  TwoHosts hosts(GetParam());
  hosts.open();
  std::string text;
  for (int i = 0; i < 200; ++i) {  // B is always 700 bytes ahead of what was captured, in a window of 1,000
    hosts.send(hosts.b_acks(100 * i + 700));
    const std::string piece(100, static_cast<char>('a' + i % 26));
    hosts.send(hosts.a(100 * i, piece));
    text += piece;
  }
  EXPECT_EQ(hosts.end().from_a(), text);
}

TEST_P(ReceiverEvidence, AHostWhoseChecksumsAreAlwaysWrongIsReadByItsAcknowledgements) {
  TwoHosts hosts(GetParam());
  std::string text;
  for (int i = 0; i < 50; ++i) {
    hosts.send(hosts.a(4 * i, "data").bad_checksum()).send(hosts.b_acks(4 * i + 4));
    text += "data";
  }
  EXPECT_EQ(hosts.end().from_a(), text);
}

// ---- acknowledged delivery ---------------------------------------------------------------------------

TEST_P(ReceiverEvidence, AnAcknowledgementThatIsOutOfPlaceHidesNothingOfAcknowledgedDelivery) {
  const auto attempts = {
      +[](const TwoHosts& hosts) { return hosts.b(0).ack(hosts.a_number(500)).bad_checksum(); },
      +[](const TwoHosts& hosts) { return hosts.b(0).ack(hosts.a_number(1 << 20)); },
      +[](const TwoHosts& hosts) { return hosts.b(0).ack(hosts.a_number(0x7FFFFFF0)); },
      +[](const TwoHosts& hosts) { return hosts.b(0).ack(hosts.a_number(-0x7FFFFFF0)); },
      +[](const TwoHosts& hosts) { return hosts.b(1 << 20).ack(hosts.a_number(500)); },
      +[](const TwoHosts& hosts) {
        return hosts.b(7777).ack(hosts.a_number(500)).flags(TcpFlag::syn | TcpFlag::ack);
      },
  };
  for (const char* policy : {"capture", "gopacket", "linux"}) {
    for (const auto& forged : attempts) {
      PoolOptions options = TwoHosts::with(policy);
      options.acknowledged_tolerance_ns = 0;
      TwoHosts hosts(GetParam(), options);
      hosts.open();
      std::string text = exchange(hosts, 3);
      hosts.send(forged(hosts));
      text += exchange(hosts, 30, static_cast<std::int64_t>(text.size()));
      EXPECT_EQ(hosts.from_a(), text) << policy;
    }
  }
}

TEST_P(ReceiverEvidence, AfterAnOutageOfTheCaptureAcknowledgementsThatAgreeCountAgain) {
  PoolOptions options = TwoHosts::with("capture");
  options.acknowledged_tolerance_ns = 0;
  TwoHosts hosts(GetParam(), options);
  hosts.open();
  const std::string before = exchange(hosts, 3);
  const std::int64_t after = 5'000'000;
  std::string text = exchange(hosts, 20, after);
  EXPECT_EQ(hosts.from_a(),
            before + fmt::format("[{}]", after - static_cast<std::int64_t>(before.size())) + text);
}

// ---- accounts ----------------------------------------------------------------------------------------

TEST_P(ReceiverEvidence, EachByteIsCountedOnceWhenACallbackThrows) {
  TwoHosts hosts(GetParam());
  hosts.open().send(hosts.b(0).window(0)).send(hosts.a(0, "abcd")).send(hosts.a(4, "efgh"));
  hosts.fails = true;
  EXPECT_THROW(hosts.send(hosts.b_acks(8, 0).payload("x")), std::runtime_error);
  hosts.fails = false;
  hosts.send(hosts.b_acks(8, 0).payload("x"));
  EXPECT_EQ(hosts.end().from_a(), "abcdefgh");
  EXPECT_TRUE(hosts.counts().add_up());
}

}  // namespace
}  // namespace restitch::testing
