// What ^C and its like do: what was read is delivered, and nothing that is not complete looks so. No test
// waits for a time to pass: output that nobody reads holds the command where it is.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Interrupt : public ToolTest {
 protected:
  // Conversations, of which all that is told does not fit into a pipe by far. Each begins before the last one
  // ends, so one is open wherever reading stops.
  static constexpr std::uint16_t conversations = 2000;
  void write_many(const std::string& name, std::uint16_t first_port = 1) const {
    SmallCapture many;
    const auto open = [&](std::uint16_t port) {
      many.client(99, syn_flags, {}, port).server(299, syn_ack_flags, {}, port);
    };
    open(first_port);
    for (std::uint16_t i = 0; i < conversations; ++i) {
      const auto port = static_cast<std::uint16_t>(first_port + i);
      open(static_cast<std::uint16_t>(port + 1));
      many.client(100, ack_flags, "hello", port).server(300, ack_flags, "world", port);
      many.client(105, fin_ack_flags, {}, port).server(305, fin_ack_flags, {}, port);
      many.client(106, ack_flags, {}, port).server(306, ack_flags, {}, port);
    }
    write(name, many.bytes());
  }

  // Sends the signal when the first byte has come out and no more is taken, then takes the rest.
  ToolRun interrupt(const std::string& signal, const std::string& line) const {
    return run("mkfifo pipe; " + line + " >pipe & tool=$!\n{ head -c 1; kill -" + signal +
               " $tool; cat; } <pipe; wait $tool; status=$?; rm pipe; exit $status");
  }
};

TEST_F(Interrupt, DeliversWhatWasReadAndSaysHowFarThatWas) {
  write_many("many.pcap");
  const std::pair<const char*, int> signals[] = {{"INT", 130}, {"TERM", 143}, {"HUP", 129}};
  for (const char* const threads : {"1", "2"}) {
    for (const auto& [signal, status] : signals) {
      const ToolRun run =
          interrupt(signal, std::string("@ streams --json --all --threads ") + threads + " many.pcap");
      EXPECT_EQ(run.status, status) << signal;
      EXPECT_THAT(run.err, ContainsRegex("^restitch: interrupted at [0-9]?[0-9] % of many.pcap\n")) << signal;
      EXPECT_THAT(run.err, HasSubstr("\ninputs not read to their end: 1\n"));
      std::istringstream lines(run.out);
      std::size_t ended = 0;
      std::size_t open = 0;
      for (std::string line; std::getline(lines, line);) {
        const std::string end = nlohmann::json::parse(line).at("end");
        if (end == "fin") ++ended;
        if (end == "interrupted") ++open;
        EXPECT_NE(end, "end_of_input") << line;
      }
      EXPECT_GT(ended, 0u);
      EXPECT_LT(ended, 2u * conversations);
      EXPECT_GT(open, 0u);
    }
  }
}

TEST_F(Interrupt, IsOfAllInputsTogether) {
  write_many("a.pcap");
  write_many("b.pcap", 10'000);
  for (const char* inputs : {"a.pcap b.pcap", "."}) {
    const ToolRun run = interrupt("INT", std::string("@ streams --json ") + inputs);
    EXPECT_EQ(run.status, 130);
    EXPECT_THAT(run.err, ContainsRegex("restitch: interrupted at [0-9]?[0-9] % of 2 inputs\n"));
  }
}

TEST_F(Interrupt, IsInTheCountersAndInTheTable) {
  write_many("many.pcap");
  const ToolRun run = interrupt("INT", "@ --stats json many.pcap");
  EXPECT_NE(run.out.find("  interrupted\n"), std::string::npos);
  EXPECT_THAT(run.err, AllOf(HasSubstr("\"interrupted\":1,"), HasSubstr("\"inputs_incomplete\":1,")));
}

// Behind the last packet there is nothing that could be missing.
TEST_F(Interrupt, AfterTheEndOfTheInputChangesNothing) {
  write("hello.pcap", hello_world().bytes());
  const ToolRun whole = run("@ streams --json hello.pcap");
  EXPECT_EQ(whole.status, 0);
  EXPECT_THAT(whole.err, Not(HasSubstr("interrupted")));
}

// Others take them for a wish to hear how it goes, or that settings be read again.
TEST_F(Interrupt, IsNotWhatOtherSignalsMeanToARunWithoutEnd) {
  const ByteVector first = Packets(40000).talk("hello", "world").bytes();
  const ByteVector both = Packets(40000).talk("hello", "world").port(77).talk("later", "too").bytes();
  write("growing.pcap", first);
  write("rest", ByteVector(both.begin() + static_cast<long>(first.size()), both.end()));
  const auto shows = [](const char* what) {
    return std::string("timeout 30 sh -c 'until grep -q ") + what + " out; do :; done'\n";
  };
  const ToolRun run =
      ToolTest::run("@ streams --json --follow growing.pcap >out & tool=$!\n" + shows("40000") +
                    "for signal in HUP USR1 USR2 HUP; do kill -$signal $tool; done\n"
                    "cat rest >>growing.pcap\n" +
                    shows(":77") + "kill -INT $tool; wait $tool");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(read("out"), HasSubstr("\"src\":\"10.0.0.1:77\""));
  EXPECT_THAT(run.err, Not(HasSubstr("interrupted")));
}

TEST_F(Interrupt, IsNotWhatAsksForCounts) {
  write("growing.pcap", Packets(40000).talk("hello", "world").open().bytes());
  const auto shows = [](const char* what, const char* file) {
    return std::string("timeout 30 sh -c 'until grep -q \"") + what + "\" " + file + "; do :; done'\n";
  };
  const ToolRun run = ToolTest::run("@ log --format json --follow growing.pcap >out 2>told & tool=$!\n" +
                                    shows("40000", "out") + "kill -USR1 $tool\n" + shows("open", "told") +
                                    "cp told first; kill -INT $tool; wait $tool");
  EXPECT_EQ(run.status, 0);
  // How many of the packets behind its end were read by then, nobody knows.
  EXPECT_THAT(read("first"), ContainsRegex("1[01] packets, 1[01] TCP segments, [01] connections open, "
                                           "10 bytes delivered\n"));
}

TEST_F(Interrupt, AsksTwiceOfAReaderThatTakesNothing) {
  write_many("many.pcap");
  const ToolRun run = ToolTest::run(
      "mkfifo pipe; @ streams --json many.pcap >pipe & tool=$!\n"
      "{ head -c 1; while kill -TERM $tool && ! grep -q '^State:.Z' /proc/$tool/status; do :; done "
      "2>/dev/null; } <pipe\n"
      "wait $tool");
  EXPECT_EQ(run.status, 143);
}

}  // namespace
}  // namespace restitch::testing
