#include "cli/counters.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace restitch::cli {
namespace {

using ::testing::HasSubstr;

RunCounts counts_with(std::vector<CaptureInterface> interfaces) {
  RunCounts counts;
  counts.interfaces = std::move(interfaces);
  return counts;
}

CaptureInterface interface(std::string name, std::uint64_t dropped) {
  CaptureInterface about;
  about.name = std::move(name);
  about.dropped = dropped;
  return about;
}

std::size_t occurrences(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Sections and inputs that name one interface: a key twice would be no JSON, a series twice none of
// Prometheus'.
TEST(Counters, TellEachInterfaceOnce) {
  const auto counters =
      counters_of(counts_with({interface("eth0", 1), interface("", 10), interface("eth0", 2),
                               interface("eth1", 3), interface("", 20)}));
  const auto json = nlohmann::json::parse(counters_json(counters));
  EXPECT_EQ(json.at("interface_dropped").dump(), R"({"?":30,"eth0":3,"eth1":3})");
  EXPECT_EQ(occurrences(counters_json(counters), "\"eth0\":"), 1u);
  const std::string page = counters_prometheus(counters);
  EXPECT_THAT(page, HasSubstr("restitch_interface_dropped_total{interface=\"eth0\"} 3\n"));
  EXPECT_EQ(occurrences(page, "{interface=\"eth0\"}"), 1u);
  EXPECT_EQ(occurrences(page, "# TYPE restitch_interface_dropped_total"), 1u);
}

TEST(Counters, StayAtTheLargestNumber) {
  const auto max = std::numeric_limits<std::uint64_t>::max();
  const auto counters = counters_of(counts_with({interface("eth0", max), interface("eth0", 2)}));
  EXPECT_THAT(counters_text(counters), HasSubstr(std::to_string(max)));
}

TEST(Counters, QuoteNamesAsEachFormatWants) {
  const auto counters = counters_of(counts_with({interface("a\"b\\c", 1)}));
  EXPECT_THAT(counters_prometheus(counters), HasSubstr(R"({interface="a\"b\\c"} 1)"));
  EXPECT_THAT(counters_json(counters), HasSubstr(R"("a\"b\\c":1)"));
}

}  // namespace
}  // namespace restitch::cli
