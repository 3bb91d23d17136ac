// The expected texts were printed by tshark 4.0.17 for captures with the same bytes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "output/text.h"
#include "restitch/output_follow.h"
#include "support/frame_builder.h"

namespace restitch {
namespace {

const NetFlow net{testing::address("10.0.0.1"), testing::address("192.0.2.1")};
const TransportFlow transport{4, 80};

std::string written(FollowFormat format, const std::function<void(FollowWriter&)>& what) {
  std::string out;
  FollowWriter writer({.format = format}, [&](std::string_view text) { out += text; });
  what(writer);
  return out;
}

std::string data(FollowFormat format, unsigned node, std::string_view text) {
  return written(format, [&](FollowWriter& writer) {
    writer.data(node, {.timestamp = {1'600'000'002'123'456'000}, .packet_number = 3}, as_bytes(text));
  });
}

TEST(FollowWriter, BeginsAndEndsAsTsharkDoes) {
  EXPECT_EQ(written(FollowFormat::hex,
                    [](FollowWriter& writer) {
                      writer.begin({7, net, transport});
                      writer.end();
                    }),
            "\n===================================================================\n"
            "Follow: tcp,hex\nFilter: tcp.stream eq 7\nNode 0: 10.0.0.1:4\nNode 1: 192.0.2.1:80\n"
            "===================================================================\n");
  EXPECT_EQ(
      written(FollowFormat::yaml,
              [](FollowWriter& writer) {
                writer.begin({7, net, transport});
                writer.end();
              }),
      "peers:\n  - peer: 0\n    host: 10.0.0.1\n    port: 4\n  - peer: 1\n    host: 192.0.2.1\n    port: 80\n"
      "packets:\n");
}

TEST(FollowWriter, KeepsLineEndsInAsciiAndPutsDotsForTheRest) {
  EXPECT_EQ(data(FollowFormat::ascii, 0, "a\tb\r\n\x7f\xff~ "), "9\na.b\r\n..~ \n");
  EXPECT_EQ(data(FollowFormat::ascii, 1, "abc"), "\t3\nabc\n");
}

// Of CR only what ends a line is left: within one it would let a terminal write over what is there.
TEST(FollowWriter, LetsNoCarriageReturnWriteOverALine) {
  EXPECT_EQ(data(FollowFormat::ascii, 0, "evil\rgood\r\n\r\r\nend\r"), "18\nevil.good\r\n.\r\nend\r\n");
}

TEST(FollowWriter, MarksPayloadThatReadsLikeItsOwnLines) {
  const std::string rule(67, '=');
  for (const std::string& line :
       {rule, std::string("5"), std::string("0123456789"), std::string("Node 0: 10.0.0.1:4"),
        std::string("\\5"), std::string("Follow: tcp,ascii"),
        std::string("[5 bytes missing in capture file].")}) {
    const std::string text = data(FollowFormat::ascii, 0, "a\r\n" + line + "\r\nb");
    EXPECT_EQ(text, fmt::format("{}\na\r\n\\{}\r\nb\n", line.size() + 6, line));
    EXPECT_EQ(data(FollowFormat::ascii, 0, line), fmt::format("{}\n\\{}\n", line.size(), line));
  }
  EXPECT_EQ(data(FollowFormat::ascii, 0, "\t5\n# node 1: x\n5a\n\n="), "20\n.5\n# node 1: x\n5a\n\n=\n");
}

TEST(FollowWriter, MarksPayloadThatReadsLikeANoteWhereThereAreNotes) {
  std::string out;
  FollowWriter writer({.notes = true}, [&](std::string_view text) { out += text; });
  writer.data(0, {.timestamp = {1'000'000'000}, .packet_number = 3}, as_bytes("# node 1: packet 4\n#"));
  writer.missing(1, 7, 10);
  EXPECT_EQ(
      out,
      "# node 0: packet 3, file 0, interface 0, time 1.000000000, first\n20\n\\# node 1: packet 4\n\\#\n"
      "# node 1: 10 bytes missing before packet 7\n\t35\n[10 bytes missing in capture file].\n");
}

TEST(FollowWriter, PrintsRawAsOneLineOfHex) { EXPECT_EQ(data(FollowFormat::raw, 1, "a\xff"), "\t61ff\n"); }

TEST(FollowWriter, DumpsHexWithOffsetsThatGoOnForEachNode) {
  EXPECT_EQ(written(FollowFormat::hex,
                    [](FollowWriter& writer) {
                      writer.data(0, {}, as_bytes("0123456789abcdefXYZ"));
                      writer.data(1, {}, as_bytes("q"));
                      writer.data(0, {}, as_bytes("w"));
                    }),
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  01234567 89abcdef\n"
            "00000010  58 59 5a                                          XYZ\n"
            "\t00000000  71                                                q\n"
            "00000013  77                                                w\n");
}

TEST(FollowWriter, DropsOneSpaceAtTheEndOfAHexLine) {
  EXPECT_EQ(data(FollowFormat::hex, 0, "aaaaaaaaaaaaaa  "),
            "00000000  61 61 61 61 61 61 61 61  61 61 61 61 61 61 20 20  aaaaaaaa aaaaaa \n");
  EXPECT_EQ(data(FollowFormat::hex, 0, "aaaaaaa "),
            "00000000  61 61 61 61 61 61 61 20                           aaaaaaa \n");
  EXPECT_EQ(data(FollowFormat::hex, 0, "aaaaaaaa"),
            "00000000  61 61 61 61 61 61 61 61                           aaaaaaaa\n");
}

TEST(FollowWriter, WritesYamlWithTimesAsADoubleHasThem) {
  EXPECT_EQ(data(FollowFormat::yaml, 1, "abcd"),
            "  - packet: 3\n    peer: 1\n    timestamp: 1600000002.123456001\n    data: !!binary |\n      "
            "YWJjZA==\n");
}

TEST(FollowWriter, BreaksBase64After76Digits) {
  EXPECT_EQ(
      data(FollowFormat::yaml, 0, std::string(58, 'z')),
      "  - packet: 3\n    peer: 0\n    timestamp: 1600000002.123456001\n    data: !!binary |\n"
      "      enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6\n      eg==\n");
}

TEST(FollowWriter, SaysHowManyBytesAreMissing) {
  EXPECT_EQ(written(FollowFormat::ascii, [](FollowWriter& writer) { writer.missing(0, 7, 10); }),
            "35\n[10 bytes missing in capture file].\n");
  EXPECT_EQ(written(FollowFormat::raw, [](FollowWriter& writer) { writer.missing(0, 7, 10); }), "");
}

// Each piece stands between a head and a foot of its own.
TEST(FollowWriter, TakesTurnsWithOthers) {
  std::string out;
  FollowTurns turns;
  const auto sink = [&](std::string_view text) { out += text; };
  FollowWriter one({.format = FollowFormat::raw}, sink, &turns);
  FollowWriter other({.format = FollowFormat::raw}, sink, &turns);
  one.begin({7, net, transport});
  other.begin({8, net, transport});
  EXPECT_EQ(out, "") << "nothing is said yet";
  one.data(0, {}, as_bytes("a"));
  one.data(1, {}, as_bytes("b"));
  other.data(0, {}, as_bytes("c"));
  one.end();
  other.end();
  const std::string line = std::string(67, '=') + "\n";
  const auto piece = [&](const char* number, const char* data) {
    return fmt::format(
        "\n{0}Follow: tcp,raw\nFilter: tcp.stream eq {1}\nNode 0: 10.0.0.1:4\nNode 1: 192.0.2.1:80\n{2}{0}",
        line, number, data);
  };
  EXPECT_EQ(out, piece("7", "61\n\t62\n") + piece("8", "63\n"));
}

}  // namespace
}  // namespace restitch
