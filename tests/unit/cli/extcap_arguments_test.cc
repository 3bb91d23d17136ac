#include "cli/extcap_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace restitch::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ExtcapArguments, AreTakenInBothSpellings) {
  const ExtcapArguments two({"--extcap-interface", "a", "--extcap-dlts", "--extcap-version", "4.0"});
  const ExtcapArguments one({"--extcap-interface=a", "--extcap-dlts", "--extcap-version=4.0"});
  for (const ExtcapArguments& arguments : {two, one}) {
    EXPECT_EQ(arguments.interface, "a");
    EXPECT_TRUE(arguments.link_types);
    EXPECT_FALSE(arguments.interfaces || arguments.config || arguments.capture);
    EXPECT_THAT(arguments.rest, IsEmpty());
  }
  EXPECT_TRUE(ExtcapArguments({"--extcap-interfaces"}).interfaces);
}

TEST(ExtcapArguments, LeaveTheUsersOwnAndDropWhatIsEmpty) {
  const ExtcapArguments arguments({"--capture", "--extcap-interface", "a", "--fifo", "/tmp/f", "--read",
                                   "x.pcap", "--where", "", "--extcap-capture-filter", "port 80",
                                   "--connection", "1-2"});
  EXPECT_TRUE(arguments.capture);
  EXPECT_EQ(arguments.fifo, "/tmp/f");
  EXPECT_EQ(arguments.filter, "port 80");
  EXPECT_THAT(arguments.rest, ElementsAre("--read", "x.pcap", "--connection", "1-2"));
}

TEST(ExtcapArguments, MayEndInTheMiddle) {
  EXPECT_EQ(ExtcapArguments({"--capture", "--fifo"}).fifo, "");
  EXPECT_THAT(ExtcapArguments({"--where"}).rest, ElementsAre("--where"));
}

}  // namespace
}  // namespace restitch::cli
