// What the command does when it must not hold more, or wait longer.
#include <gmock/gmock.h>

#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Limits : public ToolTest {
 protected:
  // Many connections of which each leaves a hole and holds a kilobyte behind it.
  void write_holes(int connections) const {
    SmallCapture file;
    for (int i = 0; i < connections; ++i) {
      const auto port = static_cast<std::uint16_t>(10'000 + i);
      file.client(99, syn_flags, {}, port).client(101, ack_flags, std::string(1000, 'x'), port);
    }
    write("holes.pcap", file.bytes());
  }
};

TEST_F(Limits, OfPagesDeliverWhatWaits) {
  write_holes(20);
  const ToolRun all =
      run("@ --timeout hole=0 holes.pcap");  // the capture takes longer than holes are waited for
  EXPECT_THAT(all.err, Not(HasSubstr("limit")));
  const ToolRun limited = run("@ --pages-max 5 holes.pcap");
  EXPECT_THAT(limited.err, HasSubstr(" limit"));
  EXPECT_THAT(limited.err, HasSubstr("20000 seen, 20000 delivered"));
  EXPECT_THAT(run("@ --connection-pages-max 1 holes.pcap").err, HasSubstr("20 limit"));
}

TEST_F(Limits, OfMemoryAreTakenWithUnits) {
  write_holes(20);
  for (const char* size : {"16M", "512M", "4G", "100000000"}) {
    EXPECT_EQ(run("@ --memory " + std::string(size) + " holes.pcap").status, 0) << size;
  }
}

TEST_F(Limits, OfTimeSkipAHoleAndCloseWhatIsSilent) {
  SmallCapture file;
  file.client(99, syn_flags).client(101, ack_flags, "behind a hole");
  for (std::uint32_t i = 0; i < 100; ++i) file.client(99 + i, ack_flags, "x", 50'000);
  write("old.pcap", file.bytes());  // a packet each second
  EXPECT_THAT(run("@ old.pcap").out, Not(HasSubstr("timeout")));
  EXPECT_THAT(run("@ --timeout idle=20 --timeout hole=10 old.pcap").out, HasSubstr("timeout"));
  EXPECT_THAT(run("@ --timeout hole=10 old.pcap").err, HasSubstr("1 gap"));
}

}  // namespace
}  // namespace restitch::testing
