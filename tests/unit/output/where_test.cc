#include "restitch/output_where.h"

#include <gmock/gmock.h>

#include "output_world.h"

namespace restitch {
namespace {

using testing::client;
using ::testing::HasSubstr;
using testing::server;
using testing::summaries;

// 10.0.0.1:40000 to 10.0.0.2:80; 4 and 6 bytes, a gap of 2, seven packets, six seconds.
ConnectionSummary one() {
  ConnectionSummary summary = summaries<SummaryStream>(testing::with_gap()).at(0);
  summary.directions[0].vlan = 12;
  summary.directions[0].tunnel = LayerKind::vxlan;
  summary.directions[0].tunnel_id = 77;
  summary.number = 5;
  return summary;
}

bool matches(std::string_view text) {
  const auto filter = ConnectionFilter::parse(text);
  EXPECT_TRUE(filter) << text << ": " << filter.error().message;
  return filter && filter->matches(one());
}

std::string complaint(std::string_view text) {
  const auto filter = ConnectionFilter::parse(text);
  return filter ? "none" : filter.error().message;
}

TEST(Where, AsksForEnds) {
  for (const char* const right :
       {"host 10.0.0.1", "host 10.0.0.2", "client 10.0.0.0/8", "server 10.0.0.2/32", "client 0.0.0.0/0",
        "port 80", "client port 40000", "server port 1-100", "port 40000-40001"}) {
    EXPECT_TRUE(matches(right)) << right;
  }
  for (const char* const wrong : {"host 10.0.0.3", "client 10.0.0.2", "server 10.0.0.0/31", "client ::/0",
                                  "port 81", "client port 80", "server port 40000"}) {
    EXPECT_FALSE(matches(wrong)) << wrong;
  }
}

TEST(Where, AsksForWhatHappened) {
  for (const char* const right :
       {"bytes = 10", "bytes >= 10", "bytes < 1K", "bytes 5-15", "packets 7", "gaps > 0", "duration 6",
        "duration > 5.5", "event gap", "events >= 1", "end end_of_input", "end != fin", "vlan 12",
        "tunnel vxlan", "tunnel 77", "connection 3-7", "connection = 5", "start < 2020-01-01T00:00:00",
        "start 1"}) {
    EXPECT_TRUE(matches(right)) << right;
  }
  for (const char* const wrong : {"bytes != 10", "bytes > 1M", "gaps = 0", "event conflict", "end fin",
                                  "vlan 13", "tunnel gre", "tunnel 78", "connection 6-7", "service http"}) {
    EXPECT_FALSE(matches(wrong)) << wrong;
  }
}

TEST(Where, JoinsConditions) {
  EXPECT_TRUE(matches("port 80 and bytes > 1"));
  EXPECT_FALSE(matches("port 80 and not bytes > 1"));
  EXPECT_TRUE(matches("port 81 or port 80 and gaps > 0")) << "and binds closer";
  EXPECT_FALSE(matches("(port 81 or port 80) and gaps = 0"));
  EXPECT_TRUE(matches("!(port 81||port 82)&&bytes>1"));
  EXPECT_TRUE(matches("not not port 80"));
}

TEST(Where, TakesTheNamesOfConnections) {
  const ConnectionSummary summary = one();
  EXPECT_TRUE(matches("uid " + connection_uid(summary)));
  EXPECT_TRUE(matches("community " + community_id(summary.net, summary.transport)));
  EXPECT_TRUE(matches("(community = " + community_id(summary.net, summary.transport) + ")"));
  EXPECT_FALSE(matches("uid C"));
}

TEST(Where, SaysInOneLineWhatIsWrong) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "a condition is missing"},
      {"port", "a port is missing"},
      {"port http", "\"http\" is neither a port"},
      {"port 70000", "\"70000\" is neither a port"},
      {"host 10.0.0", "\"10.0.0\" is neither an address"},
      {"host 10.0.0.0/33", "neither an address nor a network"},
      {"colour red", "there is no \"colour\", but host, client"},
      {"bytes > many", "\"many\" is no number for bytes"},
      {"bytes > -1", "\"-1\" is no number for bytes"},
      {"bytes > nan", "\"nan\" is no number for bytes"},
      {"event explosion", "there is no event \"explosion\""},
      {"tunnel rabbit", "\"rabbit\" is neither a kind of tunnel"},
      {"(port 80", "a ) is missing"},
      {"port 80)", "\")\" is not expected there"},
      {"port 80 port 81", "\"port\" is not expected there"},
      {"port 80 and", "a condition is missing"},
  };
  for (const auto& [text, message] : wrong) {
    EXPECT_THAT(complaint(text), HasSubstr(message)) << text;
    EXPECT_EQ(complaint(text).find('\n'), std::string::npos);
  }
  EXPECT_THAT(complaint(std::string(5000, '(') + "port 80"), HasSubstr("inside each other"));
  EXPECT_THAT(complaint(std::string(5000, '!') + "port 80"), HasSubstr("inside each other"));
}

}  // namespace
}  // namespace restitch
