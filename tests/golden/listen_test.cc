// Packets that are sent to whoever connects (pcap-over-IP).
#include <gmock/gmock.h>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;

class Listen : public ToolTest {
 protected:
  // Runs `server` in the background until it says where it listens, and then `line`, in which PORT is its
  // port.
  ToolRun run_beside(const std::string& server, const std::string& line) const {
    return run(server + " 2>said & server=$!\n" +
               "timeout 30 sh -c 'until grep -q \"^packets: tcp\" said; do :; done'\n"
               "PORT=$(sed -n 's/^packets: .*:\\([0-9]*\\)$/\\1/p' said)\n" +
               line + "\nstatus=$?; wait $server; echo $? >served; exit $status");
  }
};

TEST_F(Listen, WhoeverConnectsReadsThePacketsOfAllConnections) {
  const ToolRun whole = run("@ streams --json --threads 1 '" + sample + "' | sort");
  const ToolRun read_back = run_beside("@ extract --pcap --listen 0 '" + sample + "'",
                                       "@ streams --json -q tcp://127.0.0.1:$PORT | sort");
  EXPECT_EQ(read_back.status, 0) << read_back.err;
  EXPECT_EQ(read_back.out, whole.out);
  EXPECT_EQ(read("served"), "0\n") << read("said");
  EXPECT_THAT(read("said"), HasSubstr(" packets sent, to 1 clients\n"));
}

TEST_F(Listen, SendsOnlyTheConnectionsThatAreChosen) {
  const ToolRun read_back =
      run_beside("@ extract --pcap --connection 3 --listen 127.0.0.1:0 '" + sample + "'",
                 "@ streams --json -q tcp://127.0.0.1:$PORT");
  const ToolRun one = run("@ streams --json -q --connection 3 '" + sample + "'");
  const auto without_number = [](const std::string& json) { return json.substr(json.find(",\"src\"")); };
  ASSERT_THAT(read_back.out, HasSubstr("\"src\"")) << read("said");
  EXPECT_EQ(without_number(read_back.out).substr(0, 200), without_number(one.out).substr(0, 200));
}

TEST_F(Listen, EndsWhenTheReaderOfFilesIsGone) {
  Packets many(1);
  for (std::uint16_t port = 1; port <= 3000; ++port) many.port(port).talk(std::string(3000, 'x'), "world");
  write("many.pcap", many.bytes());
  const ToolRun run =
      run_beside("@ extract --pcap --listen 0 many.pcap",
                 "python3 -c 'import socket, sys; s = socket.create_connection((\"127.0.0.1\", "
                 "int(sys.argv[1]))); s.recv(1000)' $PORT");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(read("served"), "2\n") << read("said");
  EXPECT_THAT(read("said"), HasSubstr("restitch: --listen: nobody reads any more\n"));
}

TEST_F(Listen, RefusesWhatMakesNoSense) {
  for (const auto& [line, message] :
       {std::pair{"@ extract --listen 0 x.pcap", "--listen: it sends packets: --pcap"},
        {"@ extract --pcap --listen 0 -o d x.pcap", "--listen: it writes no files: leave -o out"},
        {"@ extract --pcap --listen nowhere x.pcap", "--listen: \"nowhere\" is not [ADDRESS:]PORT"},
        {"@ extract x.pcap", "-o DIR: where to write to"}}) {
    const ToolRun refused = run(line);
    EXPECT_EQ(refused.status, 1) << line;
    EXPECT_THAT(refused.err, HasSubstr(message)) << line;
  }
}

}  // namespace
}  // namespace restitch::testing
