// Callbacks that throw or call back in: an exception passes through and leaves the pool usable, with
// nothing lost and nothing repeated; entering the pool from a callback ends the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "restitch/assembler.h"
#include "support/recording_stream.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAre;

struct Thrown : std::runtime_error {
  Thrown() : std::runtime_error("a callback's own") {}
};

template <class Api>
struct AssemblerExceptions : ::testing::Test {
  World<Api> world_;

  // Sends a packet whose delivery throws.
  void send_throwing(const TestPacket& packet) {
    world_.on_sg = [](ScatterGather&, AssemblerContext&) { throw Thrown(); };
    EXPECT_THROW(world_.send(packet), Thrown);
    world_.on_sg = nullptr;
  }
};
using Apis = ::testing::Types<VirtualApi, StaticApi>;
TYPED_TEST_SUITE(AssemblerExceptions, Apis);

TYPED_TEST(AssemblerExceptions, OneFromCreateLeavesNoConnection) {
  auto& world = this->world_;
  world.on_create = [](const NetFlow&, TransportFlow) -> bool { throw Thrown(); };
  EXPECT_THROW(world.send(client(100).syn()), Thrown);
  EXPECT_EQ(world.pool.size().connections + world.pool.size().tombstones, 0u);
  world.on_create = nullptr;
  world.send(client(100).syn());
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start"));
}

TYPED_TEST(AssemblerExceptions, OneFromChooseReceiverLeavesNoConnection) {
  bool throws = true;
  PoolOptions options;
  options.choose_receiver = [&](const NetFlow&, TransportFlow) -> const ReceiverPolicy* {
    if (throws) throw Thrown();
    return nullptr;
  };
  World<TypeParam> world({}, options);
  EXPECT_THROW(world.send(client(100).syn()), Thrown);
  EXPECT_EQ(world.pool.size().connections + world.pool.size().tombstones, 0u);
  throws = false;
  world.send(client(100).syn(), client(101, "abc"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abc'"))
      << "no stream was made for the connection that was not";
}

// A stream that is known at compile time is moved to its place.
class UnwillingStream : public StaticStream {
 public:
  UnwillingStream(Recorder& recorder, int id) : StaticStream(recorder, id) {}
  UnwillingStream(const UnwillingStream&) = delete;
  UnwillingStream& operator=(const UnwillingStream&) = delete;
  UnwillingStream(UnwillingStream&& other) : StaticStream(other) {
    if (throws) throw Thrown();
  }
  ~UnwillingStream() = default;

  static inline bool throws = false;
};

class UnwillingFactory {
 public:
  explicit UnwillingFactory(Recorder& recorder) : recorder_(recorder) {}
  std::optional<UnwillingStream> create(const NetFlow& net, TransportFlow transport,
                                        const TcpSegment& /*tcp*/, AssemblerContext& /*context*/) {
    return std::optional<UnwillingStream>(std::in_place, recorder_, *recorder_.create(net, transport));
  }

 private:
  Recorder& recorder_;
};

struct UnwillingApi {
  using Factory = UnwillingFactory;
  using Pool = BasicStreamPool<UnwillingStream, UnwillingFactory>;
  using Assembler = BasicAssembler<UnwillingStream, UnwillingFactory>;
};

TEST(AssemblerExceptionsOfAStream, OneFromItsMoveLeavesNoConnection) {
  World<UnwillingApi> world;
  UnwillingStream::throws = true;
  EXPECT_THROW(world.send(client(100).syn()), Thrown);
  EXPECT_THROW(world.send(client(101, "abc")), Thrown);
  EXPECT_THROW(world.connection(client(101, "abc"), false), Thrown);
  UnwillingStream::throws = false;
  EXPECT_EQ(world.pool.size().connections + world.pool.size().tombstones, 0u);
  EXPECT_TRUE(world.counts_add_up());
  world.assembler.flush_all();
  world.send(client(100).syn(), client(101, "abc"));
  EXPECT_THAT(world.told(), ElementsAre("#4 c @0 '' start", "#4 c @0 'abc'"));
}

TYPED_TEST(AssemblerExceptions, OneFromCreateOrAcceptLeavesTheByteCountsRight) {
  auto& world = this->world_;
  world.on_create = [](const NetFlow&, TransportFlow) -> bool { throw Thrown(); };
  EXPECT_THROW(world.send(client(101, "abc")), Thrown);
  EXPECT_TRUE(world.counts_add_up());
  world.on_create = nullptr;
  world.on_accept = [](const TcpSegment&, TcpFlowDirection, auto, bool&) -> bool { throw Thrown(); };
  EXPECT_THROW(world.send(client(101, "abc")), Thrown);
  EXPECT_TRUE(world.counts_add_up());
}

// Of a delivery in portions the others wait: for the next packet, or for a flush.
TYPED_TEST(AssemblerExceptions, OneFromADeliveryInPortionsLosesAndRepeatsNothing) {
  for (const bool flushed : {false, true}) {
    World<TypeParam> world({}, {.delivery_segments_max = 2});
    world.send(client(100).syn(), client(107, "g"), client(106, "f"), client(105, "e"), client(104, "d"),
               client(103, "c"), client(102, "b"));
    world.told();
    int calls = 0;
    world.on_sg = [&](ScatterGather&, AssemblerContext&) {
      if (++calls == 2) throw Thrown();
    };
    EXPECT_THROW(world.send(client(101, "a")), Thrown);
    EXPECT_THAT(world.told(), ElementsAre("c @0 'ab'", "c @2 'cd'"));
    if (flushed) {
      EXPECT_EQ(world.assembler.flush_with_options({.t = {1'000'000'000'000}}).closed, 0u);
    } else {
      world.send(client(109, "i"));
    }
    EXPECT_THAT(world.told(), ElementsAre("c @4 'ef'", "c @6 'g'"));
  }
}

// A hole of the other direction is given up by what a packet acknowledges, or one of its own before it is put
// in.
TYPED_TEST(AssemblerExceptions, OneFromADeliveryBeforeThePacketsOwnDropsThePacket) {
  PoolOptions options;
  options.ageing.hole_acked_ns = 2'000'000'000;
  for (const bool own : {false, true}) {
    World<TypeParam> world({}, options);
    world.send(client(100).syn(), server(500).syn().acknowledges(101), client(101).acknowledges(501));
    if (own) {
      world.send(client(104, "def").acknowledges(501), server(501).acknowledges(107).at(2),
                 server(501).acknowledges(107).at(3));
    } else {
      world.send(server(504, "def").acknowledges(101), client(101).acknowledges(507).at(2),
                 client(101).acknowledges(507).at(3));
    }
    world.told();
    world.on_sg = [](ScatterGather&, AssemblerContext&) { throw Thrown(); };
    EXPECT_THROW(world.send(client(own ? 110 : 101, "abc").acknowledges(own ? 501 : 507).at(5)), Thrown);
    world.on_sg = nullptr;
    EXPECT_THAT(world.told(), ElementsAre(own ? "c @3 'def' skip 3" : "s @3 'def' skip 3"));
    EXPECT_TRUE(world.counts_add_up());
    EXPECT_EQ(world.pool.byte_counts().dropped, 3u);
  }
}

TYPED_TEST(AssemblerExceptions, OneFromTheEventOfAnotherNetworkDropsThePacket) {
  auto& world = this->world_;
  world.send(client(100).syn());
  const TestPacket packet = client(101, "abc");
  NetFlow net = packet.net();
  net.network_tag = 7;
  AssemblerContext context(packet.info(2));
  world.on_event = [](const Event&) { throw Thrown(); };
  EXPECT_THROW(world.assembler.assemble_with_context(net, packet.tcp(), context), Thrown);
  world.on_event = nullptr;
  EXPECT_TRUE(world.counts_add_up());
  EXPECT_EQ(world.pool.byte_counts().dropped, 3u);
}

TYPED_TEST(AssemblerExceptions, OneFromAcceptHasNoEffect) {
  auto& world = this->world_;
  world.send(client(100).syn());
  world.on_accept = [](const TcpSegment&, TcpFlowDirection, auto, bool&) -> bool { throw Thrown(); };
  EXPECT_THROW(world.send(client(101, "abc")), Thrown);
  world.on_accept = nullptr;
  world.send(client(101, "abc"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 '' start", "c @0 'abc'"));
}

TYPED_TEST(AssemblerExceptions, OneFromADeliveryInOrderDoesNotRepeatIt) {
  auto& world = this->world_;
  world.send(client(100).syn());
  this->send_throwing(client(101, "abc"));
  world.told();
  world.send(client(101, "abc"), client(104, "def"));
  EXPECT_THAT(world.told(), ElementsAre("c @3 'def'"));
  EXPECT_TRUE(world.counts_add_up());
}

TYPED_TEST(AssemblerExceptions, OneFromADeliveryOutOfOrderDoesNotRepeatIt) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(104, "def"));
  this->send_throwing(client(101, "abc"));
  world.told();
  world.send(client(107, "ghi"));
  EXPECT_THAT(world.told(), ElementsAre("c @6 'ghi'"));
  EXPECT_EQ(world.pool.size().held_segments, 0u);
}

TYPED_TEST(AssemblerExceptions, WhatWasToBeKeptBeforeTheThrowIsKept) {
  auto& world = this->world_;
  world.send(client(100).syn());
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) {
    sg.keep_from(1);
    throw Thrown();
  };
  EXPECT_THROW(world.send(client(101, "abc")), Thrown);
  world.on_sg = nullptr;
  world.told();
  world.send(client(104, "d"));
  EXPECT_THAT(world.told(), ElementsAre("c @1 'bc|d'"));
}

TYPED_TEST(AssemblerExceptions, OneFromAnEventDoesNotLoseTheBytesThatFollow) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(104, "def"), client(108, "hij"));
  world.told();
  world.on_event = [](const Event&) { throw Thrown(); };
  EXPECT_THROW(world.send(client(101, "abcDEF")), Thrown) << "a conflict, and in order";
  world.on_event = nullptr;
  world.send(client(107, "g"));
  EXPECT_THAT(world.told(), ElementsAre("c @0 'abcDEFghij'"));
  EXPECT_TRUE(world.counts_add_up());
}

TYPED_TEST(AssemblerExceptions, OneFromTheEndOfOneHalfDoesNotHoldUpTheConnection) {
  auto& world = this->world_;
  world.send(client(100).syn(), server(500).syn().ack(), client(101).fin());
  this->send_throwing(server(501).fin());
  world.told();
  world.send(client(102).ack());
  EXPECT_THAT(world.told(), ElementsAre("complete fin"));
}

TYPED_TEST(AssemblerExceptions, OneFromTheCompletionIsNotAnsweredWithASecondCompletion) {
  auto& world = this->world_;
  world.on_complete = [](AssemblerContext*, EndReason) -> bool { throw Thrown(); };
  world.send(client(100).syn());
  EXPECT_THROW(world.send(client(101).rst()), Thrown);
  world.on_complete = nullptr;
  world.told();
  world.send(client(102, "late"));
  world.assembler.flush_all();
  EXPECT_THAT(world.told(), ::testing::IsEmpty());
  EXPECT_EQ(world.pool.size().connections, 0u);
}

TYPED_TEST(AssemblerExceptions, OneInAFlushLeavesTheRestForTheNextFlush) {
  auto& world = this->world_;
  world.send(client(100).syn(), client(103, "c"), client(105, "e"), client(107, "g"));
  world.send(client(100).syn().client_port(40001));
  world.told();
  world.on_sg = [](ScatterGather&, AssemblerContext&) { throw Thrown(); };
  EXPECT_THROW(world.assembler.flush_all(), Thrown);
  world.on_sg = nullptr;
  EXPECT_EQ(world.assembler.flush_all(), 2u);
  EXPECT_THAT(world.told(), ElementsAre("c @2 'c' skip 2", "c @4 'e' skip 1", "c @6 'g' skip 1",
                                        "complete flush no packet", "#2 complete flush no packet"));
}

TYPED_TEST(AssemblerExceptions, OneFromTheLastOfferBeforeAGapLosesNothingBehindIt) {
  auto& world = this->world_;
  world.on_sg = [](ScatterGather& sg, AssemblerContext&) { sg.keep_from(0); };
  world.send(client(100).syn(), client(101, "ab"), client(105, "e"), client(107, "g"));
  world.told();
  world.on_sg = [](ScatterGather&, AssemblerContext&) { throw Thrown(); };
  EXPECT_THROW(world.assembler.flush_all(), Thrown);
  world.on_sg = nullptr;
  world.assembler.flush_all();
  EXPECT_THAT(world.told(),
              ElementsAre("c @0 'ab|'", "c @4 'e' skip 2", "c @6 'g' skip 1", "complete flush no packet"));
  EXPECT_TRUE(world.counts_add_up());
}

// Enters the pool from one callback after the other.
template <class Api>
struct AssemblerReentryDeathTest : ::testing::Test {
  World<Api> world_;
  void enter() { world_.send(client(1)); }
};
TYPED_TEST_SUITE(AssemblerReentryDeathTest, Apis);

TYPED_TEST(AssemblerReentryDeathTest, FromCreateEndsTheProgram) {
  this->world_.on_create = [&](const NetFlow&, TransportFlow) {
    this->world_.on_create = nullptr;
    this->enter();
    return true;
  };
  EXPECT_DEATH(this->world_.send(client(100).syn()), "must not enter");
}

TYPED_TEST(AssemblerReentryDeathTest, FromAcceptEndsTheProgram) {
  this->world_.on_accept = [&](const TcpSegment&, TcpFlowDirection, auto, bool&) {
    this->world_.on_accept = nullptr;
    this->enter();
    return true;
  };
  EXPECT_DEATH(this->world_.send(client(100).syn()), "must not enter");
}

TYPED_TEST(AssemblerReentryDeathTest, FromADeliveryEndsTheProgram) {
  this->world_.on_sg = [&](ScatterGather&, AssemblerContext&) { this->enter(); };
  EXPECT_DEATH(this->world_.send(client(100).syn()), "must not enter");
}

TYPED_TEST(AssemblerReentryDeathTest, FromACompletionEndsTheProgram) {
  this->world_.on_complete = [&](AssemblerContext*, EndReason) {
    this->enter();
    return true;
  };
  this->world_.send(client(100).syn());
  EXPECT_DEATH(this->world_.assembler.flush_all(), "must not enter");
}

TYPED_TEST(AssemblerReentryDeathTest, FromTheCompletionOfAPortReuseEndsTheProgram) {
  this->world_.on_complete = [&](AssemblerContext*, EndReason) {
    this->world_.on_complete = nullptr;
    this->enter();
    return true;
  };
  this->world_.send(client(100).syn(), client(101, "ab"), client(7'000'000).syn());
  EXPECT_DEATH(this->world_.send(server(500).syn().acknowledges(7'000'001)), "must not enter");
}

TYPED_TEST(AssemblerReentryDeathTest, ByAFlushEndsTheProgram) {
  this->world_.on_sg = [&](ScatterGather&, AssemblerContext&) { this->world_.assembler.flush_all(); };
  EXPECT_DEATH(this->world_.send(client(100).syn()), "must not enter");
}

TYPED_TEST(AssemblerReentryDeathTest, ByRemovingItsOwnConnectionEndsTheProgram) {
  this->world_.on_sg = [&](ScatterGather&, AssemblerContext&) {
    this->world_.pool.remove(*this->world_.connection(client(100)).connection);
  };
  EXPECT_DEATH(this->world_.send(client(100).syn()), "must not enter");
}

TYPED_TEST(AssemblerReentryDeathTest, FromTheFactoryThatAPoolAsksByItselfEndsTheProgram) {
  this->world_.on_create = [&](const NetFlow&, TransportFlow) {
    this->world_.on_create = nullptr;
    this->enter();
    return true;
  };
  EXPECT_DEATH(this->world_.connection(client(100).syn(), false), "must not enter");
}

// ---- other errors of the caller ----------------------------------------------------------------------

template <class Api>
struct AssemblerMisuseDeathTest : ::testing::Test {
  World<Api> world_;
};
TYPED_TEST_SUITE(AssemblerMisuseDeathTest, Apis);

TYPED_TEST(AssemblerMisuseDeathTest, APacketWithoutContextEndsTheProgram) {
  AssemblerContext context(client(1).info(1));
  const AssemblerPacket packets[] = {{client(100).syn().decoded(), &context},
                                     {client(101).decoded(), nullptr}};
  EXPECT_DEATH(this->world_.assembler.assemble(packets), "^restitch: a packet must come with a context\n$");
}

TYPED_TEST(AssemblerMisuseDeathTest, RemovingAConnectionTwiceEndsTheProgram) {
  this->world_.send(client(100).syn(), client(100).syn().client_port(40001));
  const auto ref = this->world_.connection(client(100));
  this->world_.pool.remove(*ref.connection);
  EXPECT_DEATH(this->world_.pool.remove(*ref.connection), "remove\\(\\) needs a connection");
}

TYPED_TEST(AssemblerMisuseDeathTest, TheStreamOfNoConnectionEndsTheProgram) {
  EXPECT_DEATH(this->world_.pool.stream(this->world_.connection(client(100))),
               "stream\\(\\) needs a connection");
}

TYPED_TEST(AssemblerMisuseDeathTest, APoolWithoutAReceiverEndsTheProgram) {
  PoolOptions options;
  options.receiver = nullptr;
  EXPECT_DEATH(World<TypeParam>({}, options), "PoolOptions::receiver must not be null");
}

}  // namespace
}  // namespace restitch::testing
