// Copies of bytes that were delivered: compared wherever those came from, with both copies and both packets
// told, and nothing changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "restitch/assembler.h"
#include "support/frame_builder.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PoolOptions remembering(std::string_view receiver = "gopacket", std::size_t size = std::size_t{64} << 10) {
  PoolOptions options;
  options.receiver = find_receiver_policy(receiver);
  options.history_bytes_max = size;
  return options;
}

template <class Api>
class DeliveredConflicts : public ::testing::Test {
 protected:
  DeliveredConflicts() { listen(world); }

  // "2 'abc' 5 'xyz'": the packet of each copy, and the copy; " arrived" where that one is delivered.
  void listen(World<Api>& to) {
    to.on_event = [this](const Event& event) {
      if (event.kind != EventKind::conflict) return;
      copies.push_back(fmt::format("{} '{}' {} '{}'{}", event.held_info.packet_number, to_text(event.held),
                                   event.info.packet_number, to_text(event.arrived),
                                   event.delivered == Winner::arrived ? " arrived" : ""));
    };
  }

  World<Api> world{{}, remembering()};
  std::vector<std::string> copies;
};

using Apis = ::testing::Types<VirtualApi, StaticApi>;
TYPED_TEST_SUITE(DeliveredConflicts, Apis);

TYPED_TEST(DeliveredConflicts, ShowBothCopiesAndBothPackets) {
  this->world.send(client(100).syn(), client(101, "forged"), client(101, "answer"));
  EXPECT_THAT(this->world.events(), ElementsAre("conflict c @0 +6"));
  EXPECT_THAT(this->copies, ElementsAre("2 'forged' 3 'answer'"));
  EXPECT_THAT(this->world.told(), ElementsAre("c @0 '' start", "c @0 'forged'"));
}

TYPED_TEST(DeliveredConflicts, AreNoneWhereCopiesAreEqual) {
  this->world.send(client(100).syn(), client(101, "abc"), client(104, "def"));
  this->world.send(client(101, "abc"), client(102, "bcde"), client(101, "abcdefg"));
  EXPECT_THAT(this->world.events(), IsEmpty());
}

TYPED_TEST(DeliveredConflicts, AreLookedForOnlyOnRequest) {
  World<TypeParam> plain;
  plain.send(client(100).syn(), client(101, "abc"), client(101, "xyz"));
  EXPECT_THAT(plain.events(), IsEmpty());
}

TYPED_TEST(DeliveredConflicts, AreFoundInASegmentThatPartlyRepeatsAndPartlyIsNew) {
  this->world.send(client(100).syn(), client(101, "abc"), client(102, "XYdef"));
  EXPECT_THAT(this->copies, ElementsAre("2 'bc' 3 'XY'"));
  EXPECT_THAT(this->world.told(), ElementsAre("c @0 '' start", "c @0 'abc'", "c @3 'def'"));
}

TYPED_TEST(DeliveredConflicts, AreToldApartByThePacketThatBroughtTheBytes) {
  this->world.send(client(100).syn(), client(101, "ab"), client(103, "cd"), client(105, "ef"));
  this->world.send(client(102, "BcdE"));
  EXPECT_THAT(this->world.events(), ElementsAre("conflict c @1 +1", "conflict c @4 +1"));
  EXPECT_THAT(this->copies, ElementsAre("2 'b' 5 'B'", "4 'e' 5 'E'"));
}

TYPED_TEST(DeliveredConflicts, AreFoundInBytesThatWaitedBefore) {
  this->world.send(client(100).syn(), client(103, "cd"), client(107, "gh"), client(101, "ab"));
  this->world.send(client(101, "abXX"), client(105, "ef"), client(107, "GH"));
  EXPECT_THAT(this->copies, ElementsAre("2 'cd' 5 'XX'", "3 'gh' 7 'GH'"));
}

TYPED_TEST(DeliveredConflicts, AreFoundInBytesThatTheStreamKeeps) {
  this->world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  this->world.send(client(100).syn(), client(101, "ab"), client(103, "cd"), client(101, "aXcd"));
  EXPECT_THAT(this->copies, ElementsAre("2 'ab' 4 'aX'"));
}

TYPED_TEST(DeliveredConflicts, AreFoundInTheDataOfASynAndOfAFin) {
  this->world.send(client(100, "early").syn(), client(106, "last").fin());
  this->world.send(client(100, "eXrly").syn(), client(106, "lXst").fin(), client(106, "laYt"));
  EXPECT_THAT(this->copies, ElementsAre("1 'early' 3 'eXrly'", "2 'last' 4 'lXst'", "2 'last' 5 'laYt'"));
}

TYPED_TEST(DeliveredConflicts, AreFoundInBothDirectionsAndAcrossTheWrap) {
  this->world.send(client(0xFFFFFFFD).syn(), server(0x7FFFFFFD).syn().ack());
  this->world.send(client(0xFFFFFFFE, "abcd"), server(0x7FFFFFFE, "ABCD"));
  this->world.send(client(0xFFFFFFFF, "bcX"), server(0x7FFFFFFF, "BXD"));
  EXPECT_THAT(this->world.events(), ElementsAre("conflict c @1 +3", "conflict s @1 +3"));
  EXPECT_THAT(this->copies, ElementsAre("3 'bcd' 5 'bcX'", "4 'BCD' 6 'BXD'"));
}

TYPED_TEST(DeliveredConflicts, AreFoundBehindAGapAndNotInIt) {
  this->world.send(client(100).syn(), client(101, "ab"), client(106, "fg"));
  this->world.assembler.flush_with_options({second(100), {}});
  this->world.events();
  this->world.send(client(101, "abxxxfX"));
  EXPECT_THAT(this->copies, ElementsAre("3 'fg' 4 'fX'"));
  EXPECT_THAT(this->world.events(), ElementsAre("conflict c @5 +2", "late_data c @2 +3"));
}

TYPED_TEST(DeliveredConflicts, AreFoundInAStreamThatWasJoinedInTheMiddle) {
  this->world.on_accept = [](const TcpSegment&, TcpFlowDirection, std::optional<Sequence>, bool& start) {
    return start = true;
  };
  this->world.send(client(500, "abc"), client(499, "xaXc"));
  EXPECT_THAT(this->world.events(), ElementsAre("before_start c @0 +1", "conflict c @0 +3"));
  EXPECT_THAT(this->copies, ElementsAre("1 'abc' 2 'aXc'"));
}

TYPED_TEST(DeliveredConflicts, AreFoundWhenTheRolesWereGuessedWrong) {
  World<TypeParam> watched({}, remembering());
  this->listen(watched);
  watched.on_accept = [](const TcpSegment&, TcpFlowDirection, std::optional<Sequence>, bool& start) {
    return start = true;
  };
  watched.send(server(501, "answer"), client(100).syn(), server(501, "ANSWER"));
  EXPECT_THAT(watched.events(), ElementsAre("roles_swapped c @0 +0", "conflict s @0 +6"));
  EXPECT_THAT(this->copies, ElementsAre("1 'answer' 3 'ANSWER'"));
}

TYPED_TEST(DeliveredConflicts, AreFoundAfterACallbackThatThrew) {
  bool fails = true;
  this->world.on_sg = [&](ScatterGather& sg, AssemblerContext&) {
    if (sg.lengths().available != 0 && std::exchange(fails, false))
      throw std::runtime_error("a stream fails");
  };
  this->world.send(client(100).syn());
  EXPECT_THROW(this->world.send(client(101, "abc")), std::runtime_error);
  this->world.send(client(101, "abX"));
  EXPECT_THAT(this->copies, ElementsAre("2 'abc' 3 'abX'"));
}

TYPED_TEST(DeliveredConflicts, AreNotSeenInTheByteOfAKeepAlive) {
  this->world.send(client(100).syn(), client(101, "abc"), client(103, std::string(1, '\0')));
  EXPECT_THAT(this->world.events(), ElementsAre("keep_alive c @3 +0"));
  this->world.send(client(103, "X"));
  EXPECT_THAT(this->world.events(), ElementsAre("conflict c @2 +1")) << "one that is not zero may be meant";
}

TYPED_TEST(DeliveredConflicts, EndWithTheConnection) {
  this->world.send(client(100).syn(), client(101, "abc"), client(70000).syn());
  this->world.send(server(500).syn().acknowledges(70001), client(70001, "def"));
  this->world.events();
  this->world.send(client(70001, "dXf"));
  EXPECT_THAT(this->copies, ElementsAre("5 'def' 6 'dXf'"));
}

TYPED_TEST(DeliveredConflicts, AreUndecidedWhereTheBytesAreTooOld) {
  World<TypeParam> watched({}, remembering("gopacket", 8192));
  this->listen(watched);
  watched.send(client(100).syn());
  for (std::uint32_t i = 0; i < 20; ++i) watched.send(client(101 + 1000 * i, std::string(1000, 'a')));
  watched.send(client(101, "abc"));
  EXPECT_THAT(watched.events(), ElementsAre("uncompared c @0 +3"));
  watched.send(client(101, std::string(19'999, 'a') + "X"));
  const auto events = watched.events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_THAT(events[0], ::testing::StartsWith("uncompared c @0 +1"));
  EXPECT_EQ(events[1], "conflict c @19000 +1000");
}

// Delivered is what the receiver acknowledged; what waits for that is settled all the same.
TYPED_TEST(DeliveredConflicts, AreFoundInBytesThatAreNotAcknowledgedYet) {
  PoolOptions options = remembering("capture");
  options.acknowledged_tolerance_ns = 0;
  World<TypeParam> watched({}, options);
  this->listen(watched);
  watched.send(client(100).syn(), server(500).syn().acknowledges(101));
  watched.send(client(101, "abc").acknowledges(501), client(101, "aXc").acknowledges(501));
  EXPECT_THAT(this->copies, ElementsAre("3 'abc' 4 'aXc'"));
}

// A host that refuses what it has read already does not look at it; an observer does.
TYPED_TEST(DeliveredConflicts, AreFoundInSegmentsThatTheReceiverRefuses) {
  World<TypeParam> watched({}, remembering("linux"));
  this->listen(watched);
  watched.send(client(100).syn(), server(500).syn().acknowledges(101).window(1000));
  watched.send(client(101, "abc").acknowledges(501), client(101, "aXc").acknowledges(99'999));
  EXPECT_THAT(watched.events(), ElementsAre("refused c @3 +3", "conflict c @0 +3"));
  EXPECT_THAT(this->copies, ElementsAre("3 'abc' 4 'aXc'"));
}

TYPED_TEST(DeliveredConflicts, AreNotSeenInAByteThatWasReadOutOfBand) {
  PoolOptions options = remembering();
  ReceiverPolicy out_of_band = *find_receiver_policy("gopacket");
  out_of_band.urgent = Urgent::out_of_band;
  options.receiver = &out_of_band;
  World<TypeParam> watched({}, options);
  this->listen(watched);
  AssemblerContext context(client(101, "abcde").info(2));
  watched.send(client(100).syn());
  TestPacket packet = client(101, "abcde");
  TcpSegment urgent = packet.tcp();
  urgent.flags = urgent.flags | TcpFlag::urg;
  urgent.urgent_pointer = 3;
  watched.assembler.assemble_with_context(packet.net(), urgent, context);
  watched.events();
  watched.send(client(101, "abXde"));
  EXPECT_THAT(watched.events(), IsEmpty());
  watched.send(client(101, "abcdX"));
  EXPECT_THAT(watched.events(), ElementsAre("conflict c @2 +2"));
}

// ---- what still waits ------------------------------------------------------------------------------

TYPED_TEST(DeliveredConflicts, SayWhichCopyIsDeliveredOfThoseThatWait) {
  this->world.send(client(100).syn(), client(103, "cd"), client(103, "CD"));
  EXPECT_THAT(this->copies, ElementsAre("2 'cd' 3 'CD' arrived")) << "gopacket: the later copy";
  this->copies.clear();
  World<TypeParam> first({}, remembering("first"));
  this->listen(first);
  first.send(client(100).syn(), client(103, "cd"), client(103, "CD"), client(101, "ab"));
  EXPECT_THAT(this->copies, ElementsAre("2 'cd' 3 'CD'"));
  EXPECT_EQ(first.told().back(), "c @0 'abcd'");
}

TYPED_TEST(DeliveredConflicts, SayWhichCopyIsDeliveredUnderTheExactRuleOfLinux) {
  ReceiverPolicy linux_rule = *find_receiver_policy("linux");
  linux_rule.refusals = {};
  PoolOptions options = remembering();
  options.receiver = &linux_rule;
  const auto play = [&](auto&&... packets) {
    World<TypeParam> watched({}, options);
    this->copies.clear();
    this->listen(watched);
    watched.send(client(100).syn(), packets...);
    watched.told();
    watched.send(client(101, "ab"));
    return watched.told().back();
  };
  EXPECT_EQ(play(client(103, "cdef"), client(104, "XY")), "c @0 'abcdef'");
  EXPECT_THAT(this->copies, ElementsAre("2 'de' 3 'XY'"));
  EXPECT_EQ(play(client(103, "cd"), client(103, "XYZ")), "c @0 'abXYZ'");
  EXPECT_THAT(this->copies, ElementsAre("2 'cd' 3 'XY' arrived"));
  EXPECT_EQ(play(client(104, "de"), client(103, "cXYf")), "c @0 'abcXYf'");
  EXPECT_THAT(this->copies, ElementsAre("2 'de' 3 'XY' arrived"));
}

// A segment that is merged into the block before it used to be compared with none that it reaches over.
TYPED_TEST(DeliveredConflicts, AreFoundWhereAMergedBlockReachesOverTheNext) {
  ReceiverPolicy linux_rule = *find_receiver_policy("linux");
  linux_rule.refusals = {};
  PoolOptions options = remembering();
  options.receiver = &linux_rule;
  World<TypeParam> watched({}, options);
  this->listen(watched);
  watched.send(client(100).syn(), client(107, "gh"), client(103, "cd"), client(105, "efXY"));
  EXPECT_THAT(this->copies, ElementsAre("2 'gh' 4 'XY' arrived"));
  watched.told();
  watched.send(client(101, "ab"));
  EXPECT_THAT(watched.told(), ElementsAre("c @0 'abcdefXY'"));
}

}  // namespace
}  // namespace restitch::testing
