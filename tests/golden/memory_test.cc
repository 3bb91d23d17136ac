// --memory bounds the process: its peak is read for each command, over captures that ask for as much as they
// can.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <zstd.h>

#include <sstream>

#include "base/sanitized.h"
#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// What docs/limits.md promises on top of --memory.
constexpr std::size_t program_kib = std::size_t{24} << 10;

// Runs the rest of its command line, and prints the peak of that process (VmHWM) in KiB.
constexpr std::string_view peak_script = R"(
import os, sys
out = os.open("tool.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
actions = [(os.POSIX_SPAWN_DUP2, out, 1)]
tool = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=actions)
_, status, usage = os.wait4(tool, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
)";

class Memory : public ToolTest {
 protected:
  Memory() { write("peak.py", peak_script); }

  struct Peak {
    int status = -1;
    std::size_t kib = 0;
    std::string err;
  };
  [[nodiscard]] Peak peak_of(const std::string& arguments) const {
    const ToolRun run = ToolTest::run("rm -rf d; python3 peak.py @ " + arguments);
    std::istringstream out(run.out);
    Peak peak;
    out >> peak.status >> peak.kib;
    peak.err = run.err;
    return peak;
  }

  // For each command and budget.
  void expect_bounded(const std::string& what, const std::string& inputs,
                      const ::testing::Matcher<int>& status = 0) const {
#ifdef RESTITCH_SANITIZED
    GTEST_SKIP() << "a sanitizer takes memory of its own";
#endif
    for (const std::size_t mib : {16U, 32U, 64U}) {
      for (const char* command :
           {"streams", "streams --json --events --other-copies", "extract -o d --other-copies",
            "extract --pcap -o d", "follow 0 --notes", "diff", "diff --json"}) {
        const std::string line = fmt::format("{} --memory {}M {}", command, mib, inputs);
        const Peak peak = peak_of(line);
        EXPECT_THAT(peak.status, status) << what << ": " << line << peak.err;
        EXPECT_LE(peak.kib, (mib << 10) + program_kib) << what << ": " << line;
      }
    }
  }
};

// Apart, so that the two can run at a time.
class MemoryOfInputs : public Memory {};

// Handshakes, and a byte behind a hole, of connections that never end.
TEST_F(Memory, BoundsManyConnections) {
  SmallCapture many;
  for (std::uint16_t port = 1; port <= 30'000; ++port) {
    many.client(99, syn_flags, {}, port).client(102, ack_flags, "x", port);
  }
  write("many.pcap", many.bytes());
  expect_bounded("connections", "many.pcap");
}

TEST_F(Memory, BoundsWhatWaitsBehindHoles) {
  SmallCapture holes;
  const std::string payload(1400, 'x');
  for (std::uint16_t port = 1; port <= 100; ++port) holes.client(99, syn_flags, {}, port);
  for (std::uint32_t i = 0; i < 300; ++i) {
    for (std::uint16_t port = 1; port <= 100; ++port) {
      holes.client(200 + i * 1400, ack_flags, payload, port);
    }
  }
  write("holes.pcap", holes.bytes());
  expect_bounded("held bytes", "holes.pcap");
}

// Each byte a packet of its own, with a hole behind it: runs, gaps, and what was listed.
TEST_F(Memory, BoundsRunsAndGaps) {
  SmallCapture pieces;
  for (std::uint16_t port = 1; port <= 400; ++port) pieces.client(99, syn_flags, {}, port);
  for (std::uint32_t i = 0; i < 120; ++i) {
    for (std::uint16_t port = 1; port <= 400; ++port) pieces.client(100 + 2 * i, ack_flags, "x", port);
  }
  write("pieces.pcap", pieces.bytes());
  expect_bounded("runs and gaps", "--timeout hole=0.001 pieces.pcap");
}

// Copies that contradict each other, of which each is an event with both.
TEST_F(Memory, BoundsEventsAndDifferences) {
  SmallCapture conflicts;
  for (std::uint16_t port = 1; port <= 200; ++port) conflicts.client(99, syn_flags, {}, port);
  for (std::uint32_t i = 0; i < 100; ++i) {
    for (std::uint16_t port = 1; port <= 200; ++port) {
      conflicts.client(200 + i * 64, ack_flags, std::string(64, 'a'), port);
      conflicts.client(200 + i * 64, ack_flags, std::string(64, 'b'), port);
    }
  }
  write("conflicts.pcap", conflicts.bytes());
  expect_bounded("events", "conflicts.pcap");
}

// Names that are wanted again and again.
TEST_F(MemoryOfInputs, BoundsNames) {
  SmallCapture again;
  for (std::uint32_t round = 0; round < 2; ++round) {
    for (std::uint16_t port = 1; port <= 15'000; ++port) {
      again.client(99 + round * 1'000'000, syn_flags, {}, port);
      again.client(100 + round * 1'000'000, ack_flags, "x", port);
      again.client(101 + round * 1'000'000, TcpFlags{0x14}, {}, port);
    }
  }
  write("again.pcap", again.bytes());
  expect_bounded("names", "again.pcap");
}

TEST_F(MemoryOfInputs, BoundsALargeRecord) {
  PcapBuilder large(Order::little, {.snap_size = 0xffffffff, .link_type = 101});
  large.record(1, 0, std::string(std::size_t{100} << 20, 'x'));
  write("large.pcap", large.bytes);
  expect_bounded("a record", "large.pcap", 2);
  EXPECT_THAT(peak_of("streams --memory 64M large.pcap").err, HasSubstr("one record does not fit into "));
}

TEST_F(MemoryOfInputs, BoundsInterfaces) {
  PcapngBuilder crowd;
  crowd.section();
  for (int i = 0; i < 60'000; ++i) crowd.interface(101);
  write("crowd.pcapng", crowd.bytes);
  expect_bounded("interfaces", "crowd.pcapng", 2);
  EXPECT_EQ(peak_of("streams --memory 1G crowd.pcapng").status, 0);
}

// All open at the same time.
TEST_F(MemoryOfInputs, BoundsInputs) {
  for (int i = 0; i < 400; ++i) {
    PcapBuilder file(Order::little, {.link_type = 101});
    for (std::uint32_t second = 0; second < 100; ++second) file.record(second, 0, std::string(1000, 'x'));
    write("input" + std::to_string(i), file.bytes);
  }
  expect_bounded("inputs", "input*", AnyOf(0, 1, 2));  // 1: there is no connection to follow
  const Peak little = peak_of("streams --memory 16M input*");
  EXPECT_EQ(little.status, 2);
  EXPECT_THAT(little.err, HasSubstr("no memory for one more input (see --memory)\n"));
  const Peak enough = peak_of("streams --memory 1G input*");
  EXPECT_EQ(enough.status, 0) << enough.err;
}

// A few kilobytes that want a window of 128 MiB, which all of their gigabyte of zeros goes through.
TEST_F(MemoryOfInputs, BoundsWhatAFileTakesToDecompress) {
  PcapBuilder head(Order::little, {.link_type = 101});
  head.record(1, 0, std::string(1000, '\0'));
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
  ByteVector packed(std::size_t{1} << 20);
  ZSTD_outBuffer to{packed.data(), packed.size(), 0};
  const auto put = [&](const ByteVector& bytes, ZSTD_EndDirective end) {
    ZSTD_inBuffer from{bytes.data(), bytes.size(), 0};
    ASSERT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &to, &from, end)), 0u);
    ASSERT_EQ(from.pos, from.size);
  };
  put(head.bytes, ZSTD_e_continue);
  const Bytes record = Bytes(head.bytes).subspan(24);
  ByteVector many;
  for (int i = 0; i < 1000; ++i) many.insert(many.end(), record.begin(), record.end());
  for (int i = 0; i < 400; ++i) put(many, ZSTD_e_continue);
  put({}, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  packed.resize(to.pos);
  write("bomb.zst", packed);
  EXPECT_LT(packed.size(), 100'000u);
  expect_bounded("a window", "bomb.zst", 2);
  EXPECT_THAT(peak_of("streams --memory 64M bomb.zst").err,
              HasSubstr("bomb.zst: zstd: takes 129 MiB of memory to decompress, where 11 MiB are left (see "
                        "--memory), after "));
  const Peak enough = peak_of("streams --memory 1G bomb.zst");
  EXPECT_EQ(enough.status, 0) << enough.err;
  EXPECT_THAT(enough.err, HasSubstr("400001 packets"));
}

class Written : public ToolTest {
 protected:
  [[nodiscard]] std::string bytes_in(const std::string& folder) const {
    return run("cat " + folder + "/[0-9]* 2>/dev/null | wc -c; ls " + folder + " | grep -c ^[0-9]").out;
  }
};

TEST_F(Written, IsNoMoreThanItMayBe) {
  SmallCapture two = hello_world();
  two.client(99, syn_flags, {}, 7).client(100, ack_flags, "more than that", 7);
  write("two.pcap", two.bytes());
  const ToolRun files = run("@ extract -o a --files-max 1 two.pcap");
  EXPECT_EQ(files.status, 0);
  EXPECT_THAT(files.err, HasSubstr("directions without a file (--files-max): 2\n"));
  EXPECT_THAT(
      files.err,
      HasSubstr("left out for want of room (--files-max, --bytes-max, --file-bytes-max): 19 bytes\n"));
  EXPECT_EQ(bytes_in("a"), "5\n1\n");
  const ToolRun bytes = run("@ extract -o b --bytes-max 12 two.pcap");
  EXPECT_THAT(
      bytes.err,
      HasSubstr("left out for want of room (--files-max, --bytes-max, --file-bytes-max): 12 bytes\n"));
  EXPECT_THAT(bytes.err, HasSubstr("3 files, 12 bytes, written to b\n"));
  EXPECT_EQ(bytes_in("b"), "12\n3\n");
  const ToolRun captures = run("@ extract --pcap -o c --files-max 1 two.pcap");
  EXPECT_THAT(captures.err, HasSubstr("directions without a file (--files-max): 1\n"));
  EXPECT_EQ(run("@ streams --json --all c/*.pcapng | wc -l").out, "2\n");
  EXPECT_EQ(run("@ extract --pcap -o e --bytes-max 700 two.pcap; @ -q e/*.pcapng >/dev/null").status, 0);
}

// One forged segment leaves the others their zeros.
TEST_F(Written, HasZerosForEachDirection) {
  SmallCapture forged;
  forged.client(99, syn_flags, {}, 6).client(100, ack_flags, "a", 6).client(60'000'100, ack_flags, "z", 6);
  forged.client(99, syn_flags, {}, 7).client(100, ack_flags, "a", 7).client(110, ack_flags, "z", 7);
  write("forged.pcap", forged.bytes());
  const ToolRun run = ToolTest::run("@ extract -o d --gaps=zero --zeros-max 1K --history 0 forged.pcap");
  EXPECT_THAT(run.err,
              HasSubstr("gaps left out, not filled with zeros (--zeros-max, --zeros-total-max): 1\n"));
  EXPECT_THAT(run.err, HasSubstr("gaps filled with zeros: 9 bytes\n"));
  EXPECT_THAT(run.err, HasSubstr("2 files, 4 bytes, written to d\n"));
  EXPECT_EQ(std::filesystem::file_size(path("d/010.000.000.001.00007-192.000.002.001.00080")), 11u);
}

}  // namespace
}  // namespace restitch::testing
