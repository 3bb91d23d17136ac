// Live capture by itself, in a network namespace of its own: both back ends see what is sent, with its
// VLAN tag and its true size; filters, stops, drops, vanishing interfaces and privileges behave.
#include "restitch/capture_live.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "restitch/packet.h"

namespace restitch::testing {
namespace {

using std::chrono::steady_clock;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The two ends of a cable, in a namespace that this process enters, and leaves at its end.
class Cable : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (::unshare(CLONE_NEWNET) != 0) return;
    ready_ =
        run("ip link add left type veth peer name right && ip link set lo up && "
            "ip link set left up addrgenmode none && ip link set right up addrgenmode none");
  }
  void SetUp() override {
    if (!ready_) GTEST_SKIP() << "network namespaces or veth interfaces are not permitted here";
  }
  static bool run(const std::string& command) { return std::system((command + " 2>/dev/null").c_str()) == 0; }

  // Puts a frame on the cable, from its left end.
  static void send(const std::string& frame, const char* interface = "left") {
    static const int fd = ::socket(AF_PACKET, SOCK_RAW, 0);
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
    const auto* const address = reinterpret_cast<const sockaddr*>(&to);
    EXPECT_EQ(::sendto(fd, frame.data(), frame.size(), 0, address, sizeof to),
              static_cast<ssize_t>(frame.size()));
  }

  static inline bool ready_ = false;
};

const std::string macs = "\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x01";
// An ethertype for experiments, so that nothing else looks like it.
std::string frame_of(const std::string& text) { return macs + "\x88\xb5" + text; }

struct Seen {
  std::vector<std::string> frames;
  std::vector<CaptureInfo> infos;
};

// Reads until `count` frames of ours have come, or for five seconds.
Seen read_some(CaptureReader& reader, std::size_t count) {
  Seen seen;
  const auto end = steady_clock::now() + std::chrono::seconds(5);
  while (seen.frames.size() < count && !reader.finished() && steady_clock::now() < end) {
    for (const Record& record : reader.next_batch()) {
      if (record.frame.size() < 14) continue;
      seen.frames.emplace_back(record.frame.begin(), record.frame.end());
      seen.infos.push_back(record.info);
    }
  }
  return seen;
}

// Reads on, also behind a batch that is empty for now, until done() or for ten seconds: the kernel hands over
// a block when it is full or its time is up, and a busy machine takes its time.
template <class Done>
std::size_t read_until(CaptureReader& reader, Done done) {
  std::size_t seen = 0;
  const auto end = steady_clock::now() + std::chrono::seconds(10);
  while (!done(seen) && !reader.finished() && steady_clock::now() < end) seen += reader.next_batch().size();
  return seen;
}

class LiveReaderTest : public Cable, public ::testing::WithParamInterface<LiveBackend> {
 protected:
  static LiveOptions options(const std::string& filter = "ether proto 0x88b5 or vlan") {
    LiveOptions result;
    result.interface = "right";
    result.backend = GetParam();
    result.filter = filter;
    return result;
  }
  static std::unique_ptr<CaptureReader> open(const LiveOptions& how) {
    auto opened = open_live(how);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
};

INSTANTIATE_TEST_SUITE_P(BackEnds, LiveReaderTest, ::testing::Values(LiveBackend::libpcap, LiveBackend::ring),
                         [](const auto& which) {
                           return which.param == LiveBackend::ring ? "ring" : "libpcap";
                         });

TEST_P(LiveReaderTest, WhatIsSentIsSeenOnceInOrderWithTheTimeOfTheKernel) {
  const auto reader = open(options());
  ASSERT_TRUE(reader);
  for (int i = 0; i < 1000; ++i) send(frame_of(std::to_string(i)));
  const Seen seen = read_some(*reader, 1000);
  ASSERT_THAT(seen.frames, SizeIs(1000));
  const std::int64_t now = std::chrono::system_clock::now().time_since_epoch().count();
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(seen.frames[i], frame_of(std::to_string(i)));
    EXPECT_EQ(seen.infos[i].packet_number, i + 1);
    EXPECT_LT(std::abs(now - seen.infos[i].timestamp.ns), 60'000'000'000);
  }
  EXPECT_THAT(reader->next_batch(), IsEmpty());
  EXPECT_FALSE(reader->finished());
  EXPECT_EQ(reader->metadata().interfaces.at(0).received, 1000U);
  EXPECT_EQ(reader->metadata().interfaces.at(0).os_dropped, 0U);
  EXPECT_EQ(reader->metadata().interfaces.at(0).name, "right");
}

TEST_P(LiveReaderTest, AVlanTagIsWhereItWasOnTheWire) {
  const auto reader = open(options());
  ASSERT_TRUE(reader);
  const std::string tagged = macs + std::string("\x81\x00\x20\x2a\x88\xb5tagged", 12);
  send(tagged);
  const Seen seen = read_some(*reader, 1);
  ASSERT_THAT(seen.frames, SizeIs(1));
  EXPECT_EQ(seen.frames[0], tagged);
  EXPECT_EQ(seen.infos[0].original_size, tagged.size());
}

TEST_P(LiveReaderTest, TheSnapLengthCutsAndTheTrueSizeIsKept) {
  LiveOptions how = options();
  how.snap_size = 64;
  const auto reader = open(how);
  ASSERT_TRUE(reader);
  send(frame_of(std::string(1000, 'x')));
  const Seen seen = read_some(*reader, 1);
  ASSERT_THAT(seen.frames, SizeIs(1));
  EXPECT_EQ(seen.infos[0].captured_size, 64U);
  EXPECT_EQ(seen.infos[0].original_size, 1014U);
}

TEST_P(LiveReaderTest, WithoutAFilterTheSnapLengthCutsToo) {
  LiveOptions how = options("");
  how.snap_size = 64;
  const auto reader = open(how);
  ASSERT_TRUE(reader);
  send(frame_of(std::string(1000, 'x')));
  const Seen seen = read_some(*reader, 1);
  ASSERT_FALSE(seen.frames.empty());
  EXPECT_THAT(seen.infos, Each(Field(&CaptureInfo::captured_size, ::testing::Le(64U))));
}

TEST_P(LiveReaderTest, TheFilterWorksInTheKernel) {
  const auto reader = open(options("ether proto 0x88b5 and ether[14] = 0x79"));
  ASSERT_TRUE(reader);
  for (int i = 0; i < 10; ++i) send(frame_of(i % 2 == 0 ? "no" : "yes"));
  EXPECT_THAT(read_some(*reader, 5).frames, SizeIs(5));
  EXPECT_EQ(reader->metadata().interfaces.at(0).received, 5U);
}

TEST_P(LiveReaderTest, OnTheLoopbackEachPacketIsSeenOnce) {
  LiveOptions how = options();
  how.interface = "lo";
  const auto reader = open(how);
  ASSERT_TRUE(reader);
  for (int i = 0; i < 5; ++i) send(frame_of("x"), "lo");
  EXPECT_THAT(read_some(*reader, 5).frames, SizeIs(5));
  reader->set_patience_ms(200);
  EXPECT_THAT(reader->next_batch(), IsEmpty());
}

TEST_P(LiveReaderTest, AStopDeliversWhatTheKernelStillHadAndIsNoDamage) {
  std::atomic<bool> stop = false;
  LiveOptions how = options();
  how.stop = &stop;
  const auto reader = open(how);
  ASSERT_TRUE(reader);
  for (int i = 0; i < 700; ++i) send(frame_of("x"));
  stop = true;
  EXPECT_THAT(read_some(*reader, 10'000).frames, SizeIs(700));
  EXPECT_TRUE(reader->finished());
  EXPECT_FALSE(reader->end().damaged) << reader->end().message;
}

TEST_P(LiveReaderTest, NothingForNowComesBackInTime) {
  const auto reader = open(options());
  ASSERT_TRUE(reader);
  const auto begin = steady_clock::now();
  EXPECT_THAT(reader->next_batch(), IsEmpty());
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(2));
  reader->set_patience_ms(0);
  EXPECT_THAT(reader->next_batch(), IsEmpty());
  EXPECT_FALSE(reader->finished());
}

TEST_P(LiveReaderTest, WhatDoesNotFitIntoTheBufferIsCountedAsDropped) {
  LiveOptions how = options();
  how.buffer_size = std::size_t{2} << 20;
  const auto reader = open(how);
  ASSERT_TRUE(reader);
  constexpr std::uint64_t sent = 6000;
  for (std::uint64_t i = 0; i < sent; ++i) send(frame_of(std::string(1400, 'x')));
  const auto dropped = [&] { return reader->metadata().interfaces.at(0).os_dropped.value_or(0); };
  const std::size_t seen =
      read_until(*reader, [&](std::size_t so_far) { return so_far + dropped() == sent; });
  EXPECT_GT(dropped(), 0U);
  EXPECT_EQ(seen + dropped(), sent);
}

TEST_P(LiveReaderTest, AnInterfaceThatVanishesIsTheEndAndSaysSo) {
  ASSERT_TRUE(
      run("ip link add gone type veth peer name other && ip link set gone up && ip link set other up"));
  LiveOptions how = options();
  how.interface = "gone";
  const auto reader = open(how);
  ASSERT_TRUE(reader);
  ASSERT_TRUE(run("ip link del gone"));
  (void)read_some(*reader, 1);
  EXPECT_TRUE(reader->finished());
  EXPECT_TRUE(reader->end().damaged);
  EXPECT_THAT(reader->end().message,
              ::testing::AnyOf(HasSubstr("gone"), HasSubstr("disappeared"), HasSubstr("down")));
}

TEST_P(LiveReaderTest, WhatCannotBeOpenedSaysWhy) {
  LiveOptions how = options();
  how.interface = "nothing0";
  auto opened = open_live(how);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::io);
  EXPECT_THAT(opened.error().message, HasSubstr("nothing0: "));
  opened = open_live(options("tcp prot 80"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(opened.error().message, HasSubstr("syntax error"));
}

using LiveTest = Cable;

TEST_F(LiveTest, ReadersOfOneFanoutGroupSharePacketsAndLoseNone) {
  LiveOptions how;
  how.interface = "right";
  how.filter = "udp";
  auto readers = open_live_fanout(how, 3);
  ASSERT_TRUE(readers) << readers.error().message;
  ASSERT_TRUE(
      run("ip addr add 192.0.2.1/24 dev left && ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev left"));
  ASSERT_TRUE(run("bash -c 'for p in {1..200}; do echo x > /dev/udp/192.0.2.2/$((p+1000)); done'"));
  const auto received = [](const CaptureReader& reader) {
    return reader.metadata().interfaces.at(0).received.value_or(0);
  };
  std::size_t sum = 0;
  std::size_t busy = 0;
  for (const auto& reader : *readers) {
    // Everything was sent, so that the kernel has counted what is this one's.
    const std::size_t seen =
        read_until(*reader, [&](std::size_t so_far) { return so_far == received(*reader); });
    sum += seen;
    busy += seen > 0 ? 1 : 0;
  }
  EXPECT_EQ(sum, 200U);
  EXPECT_GE(busy, 2U);
}

TEST_F(LiveTest, TheRingRefusesWhatIsNotOneInterfaceAndAutomaticTakesLibpcap) {
  LiveOptions how;
  how.interface = "any";
  how.backend = LiveBackend::ring;
  const auto ring = open_live(how);
  ASSERT_FALSE(ring);
  EXPECT_EQ(ring.error().code, ErrorCode::unsupported);
  how.backend = LiveBackend::automatic;
  const auto automatic = open_live(how);
  ASSERT_TRUE(automatic) << automatic.error().message;
  EXPECT_EQ((*automatic)->format_name(), "live, through libpcap");
}

TEST_F(LiveTest, TheInterfacesAreListed) {
  const auto interfaces = live_interfaces();
  ASSERT_TRUE(interfaces) << interfaces.error().message;
  EXPECT_THAT(*interfaces, Contains(Field(&LiveInterface::name, "right")));
  EXPECT_THAT(*interfaces, Contains(Field(&LiveInterface::loopback, true)));
}

// What a child process found, as its exit status.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(LiveTest, AfterDroppingPrivilegesAnOpenReaderReadsOnAndNothingCanBeOpenedAnew) {
  for (const LiveBackend backend : {LiveBackend::libpcap, LiveBackend::ring}) {
    const int status = in_child([&] {
      LiveOptions how;
      how.interface = "right";
      how.backend = backend;
      how.filter = "ether proto 0x88b5";
      auto reader = open_live(how);
      if (!reader) return 1;
      send(frame_of("x"));
      if (!drop_privileges("nobody")) return 2;
      if (::getuid() == 0 || ::geteuid() == 0 || ::getegid() == 0) return 3;
      __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
      __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
      if (::syscall(SYS_capget, &header, data) != 0) return 4;
      if ((data[0].permitted | data[1].permitted | data[0].effective | data[0].inheritable) != 0) return 5;
      if (::setuid(0) == 0) return 6;
      if (open_live(how)) return 7;
      if (::open("/etc/shadow", O_RDONLY) >= 0) return 8;
      return read_some(**reader, 1).frames.size() == 1 ? 0 : 9;
    });
    EXPECT_EQ(status, 0) << "with back end " << static_cast<int>(backend);
  }
}

TEST_F(LiveTest, PrivilegesAreNotDroppedToNobodyKnownNorToRoot) {
  EXPECT_EQ(in_child([] { return drop_privileges("no-such-user") ? 1 : 0; }), 0);
  EXPECT_EQ(in_child([] { return drop_privileges("root") ? 1 : 0; }), 0);
}

// As a program with cap_net_raw in its file would: not root, but with that one capability.
TEST_F(LiveTest, CapNetRawIsEnoughToOpen) {
  const int status = in_child([] {
    if (::setgroups(0, nullptr) != 0 || ::prctl(PR_SET_KEEPCAPS, 1) != 0 || ::setuid(65534) != 0) return 1;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
    data[0].effective = data[0].permitted = 1U << CAP_NET_RAW;
    if (::syscall(SYS_capset, &header, data) != 0) return 2;
    for (const LiveBackend backend : {LiveBackend::libpcap, LiveBackend::ring}) {
      LiveOptions how;
      how.interface = "right";
      how.backend = backend;
      if (!open_live(how)) return 3;
    }
    if (!drop_privileges("")) return 4;
    LiveOptions how;
    how.interface = "right";
    return open_live(how) ? 5 : 0;
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace restitch::testing
