// `restitch extcap`: the protocol by which Wireshark captures through it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class Extcap : public ToolTest {
 protected:
  // One of port 40000, two packets of it behind those of another; then nothing of the first any more.
  void write_two() const {
    write("two.pcap", Packets(40000).talk("hello", "world").port(77).talk("other", "words").bytes());
  }
  // What comes through the fifo, as got.pcapng.
  [[nodiscard]] ToolRun capture(const std::string& flags) const {
    return run(
        "mkfifo fifo; cat fifo >got.pcapng & reader=$!\n"
        "@ extcap --capture --extcap-interface restitch-file --fifo fifo " +
        flags + "; status=$?; wait $reader; exit $status");
  }
};

TEST_F(Extcap, OffersAFileAndInterfaces) {
  const ToolRun run = ToolTest::run("@ extcap --extcap-interfaces --extcap-version=4.0");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("extcap {version="), HasSubstr("interface {value=restitch-file}{display="),
                    HasSubstr("interface {value=restitch-live}{display=")));
  for (const char* const name : {"restitch-file", "restitch-live"}) {
    EXPECT_EQ(ToolTest::run(std::string("@ extcap --extcap-dlts --extcap-interface ") + name).out,
              "dlt {number=1}{name=EN10MB}{display=As in the capture}\n");
    const ToolRun config = ToolTest::run(std::string("@ extcap --extcap-config --extcap-interface=") + name);
    EXPECT_EQ(config.status, 0);
    EXPECT_THAT(config.out, HasSubstr("{call=--where}"));
    std::istringstream lines(config.out);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_THAT(line, MatchesRegex("(arg|value) ([{][a-z]+=[^{}]*[}])+"));
    }
  }
}

TEST_F(Extcap, HandsOnThePacketsOfTheConnectionsThatMatch) {
  write_two();
  const ToolRun run = capture("--read two.pcap --where 'port 77' --connection '' --extcap-capture-filter ''");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(ToolTest::run("@ streams --json got.pcapng | sed 's/\"number\":[0-9]*//'").out,
            ToolTest::run("@ streams --json two.pcap port 77 | sed 's/\"number\":[0-9]*//'").out);
  EXPECT_THAT(ToolTest::run("@ -q got.pcapng").out, AllOf(HasSubstr(":77 "), Not(HasSubstr(":40000"))));
}

TEST_F(Extcap, HandsOnAllWithoutAWish) {
  write_two();
  EXPECT_EQ(capture("--read two.pcap").status, 0);
  EXPECT_EQ(ToolTest::run("@ streams --json --all got.pcapng").out,
            ToolTest::run("@ streams --json --all two.pcap").out);
}

TEST_F(Extcap, AppliesTheCaptureFilterAndSaysWhatIsNone) {
  write_two();
  EXPECT_EQ(capture("--read two.pcap --extcap-capture-filter 'port 77'").status, 0);
  EXPECT_THAT(ToolTest::run("@ -q got.pcapng").out, Not(HasSubstr(":40000")));
  const std::string ask = "@ extcap --extcap-interface restitch-live --extcap-capture-filter ";
  EXPECT_THAT(run(ask + "'port 80'").out, IsEmpty());
  EXPECT_THAT(run(ask + "'port eighty thousand'").out, Not(IsEmpty()));
}

TEST_F(Extcap, RefusesWhatIsNoneOfItsOwn) {
  for (const char* const flags :
       {"", "--extcap-dlts --extcap-interface eth0", "--capture --extcap-interface restitch-file"}) {
    const ToolRun run = ToolTest::run(std::string("@ extcap ") + flags);
    EXPECT_EQ(run.status, 1) << flags;
    EXPECT_THAT(run.err, HasSubstr("restitch: extcap: "));
  }
}

TEST_F(Extcap, IsAnInterfaceOfTshark) {
  // tshark asks nobody for root.
  const std::string nobody =
      ::geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=$PWD " : "";
  const std::string prepare =
      "chmod 777 .; mkdir -p extcap; printf '#!/bin/sh\\nexec %s extcap \"$\\100\"\\n' @ "
      ">extcap/restitch-extcap\n"
      "chmod 755 extcap/restitch-extcap; export WIRESHARK_EXTCAP_DIR=$PWD/extcap\n";
  if (run(prepare + nobody + "tshark --version && " + nobody + "@ --version").status != 0)
    GTEST_SKIP() << "no tshark";
  write_two();
  EXPECT_THAT(run(prepare + nobody + "tshark -D").out,
              HasSubstr("restitch-file (restitch: chosen connections of a file)"));
  const ToolRun captured = run(prepare + nobody +
                               "tshark -n -i restitch-file -o extcap.restitch_file.read:two.pcap "
                               "-o 'extcap.restitch_file.where:port 77' -T fields -e tcp.port");
  EXPECT_THAT(captured.out, AllOf(HasSubstr("77,80\n"), Not(HasSubstr("40000")))) << captured.err;
}

}  // namespace
}  // namespace restitch::testing
