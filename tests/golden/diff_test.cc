// `restitch diff`, and the other flags about receivers, on captures in which somebody plays games.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Behind a hole come two copies that differ; when it is filled, hosts read "GET /good" or "GET /evil". A
// clean connection follows.
ByteVector evasion() {
  Packets p;
  p.open().add(p.client(106, "good HTTP")).add(p.client(106, "evil HTTP")).add(p.client(101, "GET /"));
  p.add(p.server(501, "world").ack(115)).add(p.client(115).flags(TcpFlag::fin | TcpFlag::ack).ack(506));
  p.add(p.server(506).flags(TcpFlag::fin | TcpFlag::ack).ack(116)).add(p.client(116).ack(507));
  p.port(50000).open().add(p.client(101, "hello"));
  return p.bytes();
}

class DiffCommand : public ToolTest {
 protected:
  DiffCommand() { write("evasion.pcap", evasion()); }
};

TEST_F(DiffCommand, PrintsWhereReceiversReadOtherBytes) {
  const ToolRun run = ToolTest::run("@ diff --receivers first,last,bsd evasion.pcap");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out,
            "connection 0: 10.0.0.1:40000 -> 192.0.2.1:80\n"
            "  from 10.0.0.1:40000\n"
            "  offset 5, 4 bytes\n"
            "    first, bsd: 676f6f64  \"good\"  (packet 4)\n"
            "    last: 6576696c  \"evil\"  (packet 5)\n");
  EXPECT_EQ(run.err, "14 packets, 2 connections, 1 of them read differently by first, last, bsd\n");
}

TEST_F(DiffCommand, PrintsJson) {
  const ToolRun run = ToolTest::run("@ diff --json --receivers first,last evasion.pcap");
  const json found = json::parse(run.out);
  EXPECT_EQ(found["connection"], 0);
  EXPECT_EQ(found["ends"], json::parse(R"({"first":"fin","last":"fin"})"));
  const json& side = found["directions"][0];
  EXPECT_EQ(side["src"], "10.0.0.1:40000");
  EXPECT_EQ(side["lengths"], json::parse(R"({"first":14,"last":14})"));
  EXPECT_EQ(side["differences"][0]["versions"][1]["hex"], "6576696c");
  EXPECT_EQ(found["directions"][1]["differences"], json::array());
}

TEST_F(DiffCommand, SaysNothingOfWhatAllReadAlike) {
  const ToolRun run = ToolTest::run("@ diff evasion.pcap port 50000");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_EQ(run.err, "4 packets, 1 connections, 0 of them read differently by first, last, linux, bsd\n");
}

TEST_F(DiffCommand, TellsOnlyOfTheConnectionsThatAreChosen) {
  Packets two;
  for (const auto port : {std::uint16_t{40000}, std::uint16_t{50000}}) {
    two.port(port)
        .open()
        .add(two.client(106, "good"))
        .add(two.client(106, "evil"))
        .add(two.client(101, "GET /"));
  }
  write("two.pcap", two.bytes());
  const auto told = [&](const std::string& flags) {
    return ToolTest::run("@ diff " + flags + " two.pcap").out;
  };
  EXPECT_THAT(told(""),
              AllOf(HasSubstr("connection 0: 10.0.0.1:40000"), HasSubstr("connection 1: 10.0.0.1:50000")));
  for (const char* flags : {"--connection 1", "--where 'port 50000'", "--where 'client port 45000-60000'"}) {
    EXPECT_THAT(told(flags), StartsWith("connection 1: 10.0.0.1:50000")) << flags;
    EXPECT_THAT(told(flags), Not(HasSubstr("connection 0"))) << flags;
  }
}

TEST_F(DiffCommand, AHostIsReadAsItsPrefixSays) {
  const auto text = [&](const std::string& flags) {
    return ToolTest::run("@ follow 0 -T ascii " + flags + " evasion.pcap").out;
  };
  EXPECT_THAT(text(""), HasSubstr("good HTTP"));
  EXPECT_THAT(text("--receiver 192.0.2.0/24=last"), HasSubstr("evil HTTP"));
  EXPECT_THAT(text("--receiver 192.0.2.0/24=last --receiver 192.0.2.1=first"), HasSubstr("good HTTP"));
  EXPECT_THAT(text("--receiver last --receiver 10.0.0.0/8=first"), HasSubstr("evil HTTP"));
  EXPECT_THAT(text("--receiver last --receiver 0.0.0.0/0=first"), HasSubstr("good HTTP"));
}

TEST_F(DiffCommand, AcknowledgedDeliveryShowsWhatWasAccepted) {
  Packets p;
  p.open().add(p.client(101, "abcd")).add(p.server(501).ack(103));
  p.add(p.client(107, "gh")).add(p.server(501).ack(109)).add(p.client(109, "ij"));
  write("acked.pcap", p.bytes());
  const auto text = [&](const std::string& flags) {
    return ToolTest::run("@ follow 0 " + flags + " acked.pcap").out;
  };
  EXPECT_THAT(text("--acknowledged"),
              HasSubstr("\n2\nab\n2\ncd\n34\n[2 bytes missing in capture file].\n2\ngh\n"));
  EXPECT_THAT(text("--acknowledged"), Not(HasSubstr("ij")));
  EXPECT_THAT(text(""), HasSubstr("ij"));
  EXPECT_EQ(text("--acknowledged=0.5"), text("--acknowledged"));
}

}  // namespace
}  // namespace restitch::testing
