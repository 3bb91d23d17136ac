// How connections are shown: their names in every output, one direction, colours, all of them as they come,
// and the columns of the table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

const std::string rule(67, '=');

class Looks : public ToolTest {
 protected:
  Looks() {
    write("hello.pcap", hello_world().bytes());
    SmallCapture two;
    two.client(99, syn_flags).client(99, syn_flags, {}, 40001).client(100, ack_flags, "one\ntwo");
    two.client(100, ack_flags, "hello", 40001).client(107, ack_flags, "three");
    write("two.pcap", two.bytes());
    write("gap.pcap", SmallCapture()
                          .client(99, syn_flags)
                          .client(100, ack_flags, "ab")
                          .client(104, ack_flags, "ef")
                          .bytes());
  }

  [[nodiscard]] Json first_row(const std::string& command) const {
    const std::string out = run("@ " + command).out;
    return Json::parse(out.substr(0, out.find('\n')));
  }
  // What a terminal of so many columns shows.
  [[nodiscard]] std::string on_terminal(const std::string& command, std::size_t columns = 80) const {
    std::string out = run("unset COLUMNS NO_COLOR; TERM=xterm script -qec \"stty cols " +
                          std::to_string(columns) + "; " + command + "\" /dev/null")
                          .out;
    std::erase(out, '\r');
    return out;
  }
  static std::size_t longest_line(const std::string& text) {
    std::size_t longest = 0;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) longest = std::max(longest, line.size());
    return longest;
  }
};

// ---- names -----------------------------------------------------------------------------------------

TEST_F(Looks, NameAConnectionAlikeInEveryOutput) {
  Packets p;  // two receivers read it differently
  p.open().add(p.client(106, "good HTTP")).add(p.client(106, "evil HTTP")).add(p.client(101, "GET /"));
  write("differs.pcap", p.bytes());
  const std::string file = " -q --community-seed 7 differs.pcap";
  const Json row = first_row("streams --json" + file);
  const std::string uid = row["uid"];
  EXPECT_EQ(row["community_id"], "1:iHesjy+9LwzEOWhjiadeJjbRuKs=");
  ASSERT_EQ(run("@ extract -o d" + file).status, 0);
  for (const Json& other : {Json::parse(read("d/index.jsonl")), first_row("diff --json" + file),
                            first_row("log --logs conn --format json" + file)}) {
    EXPECT_EQ(other["uid"], uid);
    EXPECT_EQ(other["community_id"], row["community_id"]);
  }
  const std::string names = "Uid: " + uid + ", 1:iHesjy+9LwzEOWhjiadeJjbRuKs=\n";
  EXPECT_THAT(run("@ follow 0" + file).out, HasSubstr("Node 1: 192.0.2.1:80\n" + names));
  EXPECT_THAT(run("@ follow 0 -T yaml" + file).out,
              StartsWith("uid: " + uid + "\ncommunity_id: \"1:iHesjy+9LwzEOWhjiadeJjbRuKs=\"\npeers:\n"));
  EXPECT_THAT(run("@ streams --columns uid,community" + file).out, HasSubstr("\n" + uid + "  1:iHesjy"));
  EXPECT_THAT(
      run("@ log --logs conn --format json --where \"community 1:iHesjy+9LwzEOWhjiadeJjbRuKs=\"" + file).out,
      HasSubstr(uid));
}

// ---- one direction, colours ------------------------------------------------------------------------

TEST_F(Looks, OfOneDirectionAreWhatItSays) {
  EXPECT_EQ(run("@ follow 0 --server -T bytes hello.pcap").out, "world");
  EXPECT_EQ(run("@ follow 0 --client -T bytes hello.pcap | cat").out, "hello");
  const std::string server = run("@ follow 0 --server hello.pcap").out;
  EXPECT_THAT(server, HasSubstr("\n\t5\nworld\n"));
  EXPECT_THAT(server, Not(HasSubstr("hello")));
  const ToolRun gap = run("@ follow 0 --client -T bytes gap.pcap");
  EXPECT_EQ(gap.out, "abef");
  EXPECT_EQ(gap.err, "restitch: 2 bytes of connection 0 are missing, and left out\n");
  EXPECT_EQ(gap.status, 0);
  EXPECT_EQ(run("@ follow 1 --server -T bytes " + quoted_sample + " | sha256sum | cut -c1-64").out,
            first_row("streams --json " + quoted_sample + " --connection 1 | tail -1")["sha256"]
                    .get<std::string>() +
                "\n");
}

TEST_F(Looks, OfRawDataHaveNothingInvented) {
  EXPECT_THAT(run("@ follow 0 -T raw gap.pcap").out, HasSubstr("\n6162\n6566\n" + rule));
  EXPECT_THAT(run("@ follow 0 gap.pcap").out, HasSubstr("[2 bytes missing in capture file]"));
}

TEST_F(Looks, OfBytesAreRefusedWhereTheyCannotBe) {
  for (const char* const line :
       {"@ follow 0 -T bytes hello.pcap", "@ follow 0 --client --server hello.pcap",
        "@ follow --all --client -T bytes hello.pcap", "@ follow 0 --client -T bytes --notes hello.pcap",
        "@ follow 0 --all hello.pcap", "@ streams --console --json hello.pcap"}) {
    const ToolRun found = run(line);
    EXPECT_EQ(found.status, 1) << line;
    EXPECT_THAT(found.out, IsEmpty()) << line;
    EXPECT_EQ(std::count(found.err.begin(), found.err.end(), '\n'), 1) << line << found.err;
  }
  EXPECT_THAT(on_terminal("@ follow 0 --client -T bytes hello.pcap"),
              HasSubstr("standard output is a terminal"));
}

TEST_F(Looks, AreInTwoColoursOnATerminal) {
  const std::string red = "\x1b[31m5\x1b[0m\n\x1b[31mhello\x1b[0m\n";
  const std::string blue = "\x1b[34m\t5\x1b[0m\n\x1b[34mworld\x1b[0m\n";
  EXPECT_THAT(run("@ follow 0 --color=always hello.pcap").out, HasSubstr("\n" + red + blue + rule));
  for (const char* const line : {"@ follow 0 hello.pcap", "@ follow 0 --color=never hello.pcap",
                                 "@ follow 0 --color=always -T bytes --client hello.pcap",
                                 "@ follow 0 --color=always -T yaml hello.pcap"}) {
    EXPECT_THAT(run(line).out, Not(HasSubstr("\x1b"))) << line;
  }
  EXPECT_THAT(on_terminal("@ follow -q 0 hello.pcap"), HasSubstr(red + blue));
  EXPECT_THAT(on_terminal("NO_COLOR=1 @ follow -q 0 hello.pcap"), Not(HasSubstr("\x1b")));
  EXPECT_THAT(on_terminal("@ follow -q 0 --color never hello.pcap"), Not(HasSubstr("\x1b")));
}

TEST_F(Looks, LetNothingOfAPacketSteerATerminal) {
  const std::string evil = "\x1b]0;title\x07\x1b[31mred\x9b\b\b\r\nconsole\rover\x7f\v\xe2\x80\xae";
  write("evil.pcap", SmallCapture().client(99, syn_flags).client(100, ack_flags, evil).bytes());
  for (const char* const line :
       {"@ follow 0 evil.pcap", "@ follow 0 -T hex evil.pcap", "@ follow 0 -T raw evil.pcap",
        "@ follow 0 -T yaml evil.pcap", "@ follow --all evil.pcap", "@ streams -q --console evil.pcap"}) {
    const std::string out = run(line).out;
    EXPECT_THAT(out, Not(IsEmpty())) << line;
    EXPECT_TRUE(std::all_of(out.begin(), out.end(),
                            [](char byte) {
                              return (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\t' ||
                                     byte == '\r';
                            }))
        << line << "\n"
        << out;
  }
}

// ---- all of them -----------------------------------------------------------------------------------

TEST_F(Looks, OfAllConnectionsComeInPiecesAsTheirBytesDo) {
  const std::string head = "\n" + rule + "\nFollow: tcp,ascii\nFilter: tcp.stream eq ";
  EXPECT_EQ(run("@ follow --all two.pcap | grep -v -e ^Node -e ^Uid:").out,
            head + "0\n7\none\ntwo\n" + rule + "\n" + head + "1\n5\nhello\n" + rule + "\n" + head +
                "0\n5\nthree\n" + rule + "\n");
  const std::string one = run("@ follow --connection 1 two.pcap").out;
  EXPECT_THAT(one, HasSubstr("hello"));
  EXPECT_THAT(one, Not(HasSubstr("three")));
  EXPECT_EQ(run("@ follow --all --where \"port 40001\" two.pcap").out, one);
  EXPECT_EQ(run("@ follow --all -T yaml two.pcap | grep -c ^---").out, "3\n");
}

TEST_F(Looks, OfTheConsoleNameWhoSpeaksAsTcpflowDoes) {
  const std::string first = "010.000.000.001.40000-192.000.002.001.00080: ";
  const std::string second = "010.000.000.001.40001-192.000.002.001.00080: ";
  const ToolRun found = run("@ streams --console two.pcap");
  EXPECT_EQ(found.out, first + "one\ntwo\n" + second + "hello\n" + first + "three\n");
  EXPECT_THAT(found.err, HasSubstr("5 packets, 5 TCP segments, 2 connections\n"));
  EXPECT_THAT(run("@ streams -q --console gap.pcap").out,
              HasSubstr(first + "[2 bytes missing in capture file]\n"));
  EXPECT_THAT(run("@ streams -q --console --color always hello.pcap").out,
              StartsWith("\x1b[31m" + first + "hello\x1b[0m\n\x1b[34m192"));
  // What reads like the name of another, or like a gap, is marked.
  write("evil.pcap", SmallCapture()
                         .client(99, syn_flags)
                         .client(100, ack_flags, "a\n" + second + "b\n[5 bytes missing in capture file]\n\\c")
                         .bytes());
  EXPECT_EQ(run("@ streams -q --console evil.pcap").out,
            first + "a\n\\" + second + "b\n\\[5 bytes missing in capture file]\n\\\\c\n");
}

// ---- the table -------------------------------------------------------------------------------------

TEST_F(Looks, OfTheTableFitEightyColumns) {
  const std::string narrow =
      "# start    client             server       bytes-> <-bytes gaps pkts  secs ! end\n"
      "0 12:26:40 10.0.0.1:40000 ->  192.0.2.1:80       5       5    0    6 5.000   fin\n";
  EXPECT_EQ(run("unset COLUMNS; @ -q hello.pcap").out, narrow);
  EXPECT_EQ(on_terminal("@ -q hello.pcap"), narrow);
  EXPECT_EQ(longest_line(narrow), 80u);
  for (const std::size_t columns : {60u, 80u, 100u, 200u}) {
    EXPECT_LE(longest_line(on_terminal("@ -q " + quoted_sample, columns)), columns);
  }
  EXPECT_LE(longest_line(run("COLUMNS=70 @ -q " + quoted_sample).out), 70u);
  EXPECT_THAT(run("COLUMNS=30 @ -q " + quoted_sample).out,
              HasSubstr(" [2001:db8::1]:44334 ->  [2001:db8::2]:80 "))
      << "only on a terminal addresses are cut";
}

TEST_F(Looks, OfTheTableUseAWiderTerminal) {
  const std::string wide =
      "#  start                    client              server        bytes->  <-bytes  gap bytes  packets   "
      "seconds  "
      "!  end\n"
      "0  2020-09-13T12:26:40.250  10.0.0.1:40000  ->  192.0.2.1:80        5        5          0        6  "
      "5.000000  "
      "   fin\n";
  EXPECT_EQ(run("COLUMNS=200 @ -q hello.pcap").out, wide);
  EXPECT_EQ(on_terminal("@ -q hello.pcap", 200), wide);
  EXPECT_EQ(on_terminal("COLUMNS=200 @ -q hello.pcap", 80), wide) << "COLUMNS goes first";
}

TEST_F(Looks, OfTheTableTellOfFilesVlansAndEvents) {
  const std::string plain = run("COLUMNS=200 @ -q gap.pcap").out;
  EXPECT_THAT(plain, Not(HasSubstr("vlan")));
  EXPECT_THAT(plain, Not(HasSubstr("file")));
  EXPECT_THAT(plain, HasSubstr("  !  end_of_input\n")) << "there is a gap";
  PcapBuilder tagged(Order::little, {});
  const Frame frame =
      FrameBuilder().vlan(42).ipv4("10.0.0.3", "10.0.0.4").tcp(5, 6).seq(1).payload("x").build();
  tagged.record(1'600'000'000, 0,
                std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
  write("tagged.pcap", tagged.bytes);
  const std::string both = run("COLUMNS=200 @ -q hello.pcap tagged.pcap").out;
  EXPECT_THAT(both, HasSubstr("  file         vlan  client"));
  EXPECT_THAT(both, HasSubstr("  tagged.pcap    42  10.0.0.3:5"));
  EXPECT_THAT(both, HasSubstr("  hello.pcap         10.0.0.1:40000"));
}

TEST_F(Looks, OfTheTableAreTheColumnsAskedFor) {
  EXPECT_EQ(run("@ -q --columns packets,server,client,bytes,duration,events hello.pcap").out,
            "packets  server        client          bytes   seconds  events\n"
            "      6  192.0.2.1:80  10.0.0.1:40000     10  5.000000       0\n");
  const ToolRun wrong = run("@ --columns packets,foo hello.pcap");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err,
              StartsWith("restitch: --columns: \"foo\" is none of connection, start, file, vlan, "));
  EXPECT_EQ(std::count(wrong.err.begin(), wrong.err.end(), '\n'), 1);
  EXPECT_EQ(run("@ -q --columns packets --json hello.pcap").status, 1);
}

TEST_F(Looks, OfTheTableStandAboveTheSummaryAlsoInAPipe) {
  EXPECT_THAT(run("@ hello.pcap 2>&1 | cat").out,
              EndsWith("   fin\npayload bytes: 10 seen, 10 delivered, 0 duplicate, "
                       "0 before the start, 0 refused, 0 dropped\n"
                       "6 packets, 6 TCP segments, 1 connections\n"));
}

TEST_F(Looks, OfTheTableAreExplained) {
  EXPECT_THAT(run("@ streams --help").out, HasSubstr("client -> server; <-> where no SYN says"));
  const std::string help = run("@ streams --help-all").out;
  for (const char* const what : {" ->: ", " <->\n", " ! marks ", "$COLUMNS"})
    EXPECT_THAT(help, HasSubstr(what));
  const std::string error = run("@ --columns foo hello.pcap").err;
  const std::size_t begin = error.find("none of ") + 8;
  std::istringstream names(error.substr(begin, error.find(" (try") - begin));
  for (std::string name; names >> name;) {
    EXPECT_THAT(help.substr(help.find("Those of --columns:")), HasSubstr(name.substr(0, name.find(','))));
  }
}

// ---- files -----------------------------------------------------------------------------------------

TEST_F(Looks, OfAFileHaveTheTimeOfItsLastByte) {
  ASSERT_EQ(run("@ extract -q -o d hello.pcap; @ extract -q --pcap -o p hello.pcap").status, 0);
  EXPECT_EQ(run("stat -c %.9Y d/0* d/1* p/0*").out,
            "1600000002.250000000\n1600000003.250000000\n1600000005.250000000\n");
  // Also of those that had to be closed for a while.
  SmallCapture many;
  for (std::uint16_t port = 1; port <= 60; ++port) many.client(99, syn_flags, {}, port);
  for (std::uint16_t port = 1; port <= 60; ++port) many.client(100, ack_flags, "x", port);
  write("many.pcap", many.bytes());
  ASSERT_EQ(run("ulimit -n 34; @ extract -q -o e many.pcap").status, 0);
  EXPECT_EQ(run("stat -c %Y e/0* | sort | uniq | wc -l; stat -c %Y e/*.00001-*").out, "60\n1600000060\n");
}

TEST_F(Looks, OfAFileAreNoLongerThanTheyMayBe) {
  const ToolRun found = run("@ extract -o d --file-bytes-max 3 hello.pcap; cat d/0* d/1*");
  EXPECT_EQ(found.out, "helwor");
  EXPECT_THAT(found.err, HasSubstr("--file-bytes-max): 4 bytes\n"));
  EXPECT_EQ(run("@ extract -q -o z --gaps=zero --file-bytes-max 5 gap.pcap; cat z/0* | tr '\\0' 0").out,
            "ab00e");
}

TEST_F(Looks, OfFilesDoNotGoToStandardOutput) {
  const ToolRun found = run("@ extract -o - hello.pcap");
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(found.out, IsEmpty());
  EXPECT_THAT(found.err,
              StartsWith("restitch: -o -: files go to a folder; for one direction: restitch follow N"));
  EXPECT_EQ(std::count(found.err.begin(), found.err.end(), '\n'), 1);
}

}  // namespace
}  // namespace restitch::testing
