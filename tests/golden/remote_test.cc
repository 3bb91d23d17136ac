// Packets that come through a TCP connection (pcap-over-IP), or from a web server.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

// Sends the parts of a file, each through a connection of its own, and says in the file `port` where: a part
// is "FROM:TO" in bytes. Behind the last one, it accepts nobody.
constexpr const char* sender = R"(
import socket, sys
server = socket.create_server(('127.0.0.1', 0))
data = open(sys.argv[1], 'rb').read()
open('port.part', 'w').write(str(server.getsockname()[1]))
import os
os.rename('port.part', 'port')
for part in sys.argv[2:]:
    begin, end = part.split(':')
    client, _ = server.accept()
    if begin.startswith('http'):
        client.recv(4096)
        client.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % len(data))
        begin = ''
    client.sendall(data[int(begin or 0):int(end or len(data))])
    client.close()
)";

class Remote : public ToolTest {
 protected:
  // Runs `line`, in which PORT is where `parts` of `file` are sent from.
  ToolRun run_beside_sender(const std::string& file, const std::string& parts,
                            const std::string& line) const {
    write("sender.py", sender);
    return run("python3 sender.py '" + file + "' " + parts + " & sender=$!\n" +
               "timeout 30 sh -c 'until test -e port; do :; done'; PORT=$(cat port); AT=$(printf '\\100')\n" +
               line + "\nstatus=$?; kill $sender 2>/dev/null; exit $status");
  }
};

TEST_F(Remote, SenderIsReadAsItsFileIs) {
  const ToolRun file = run("@ streams --json '" + sample + "'");
  for (const char* name :
       {"tcp://127.0.0.1:$PORT", "-i TCP${AT}localhost:$PORT", "-r tcp://127.0.0.1:$PORT/"}) {
    const ToolRun remote = run_beside_sender(sample, ":", std::string("@ streams --json ") + name);
    EXPECT_EQ(remote.status, 0) << remote.err;
    EXPECT_THAT(sorted_lines(remote.out), ElementsAreArray(sorted_lines(file.out)));
    std::filesystem::remove(path("port"));
  }
}

TEST_F(Remote, ConnectionThatBreaksOffIsToldAndMadeAnew) {
  const std::string capture = write("hello.pcap", hello_world().bytes());
  const std::string most = std::to_string(hello_world().bytes().size() - 5);
  const ToolRun remote = run_beside_sender(capture, ":" + most + " :", "@ tcp://127.0.0.1:$PORT");
  EXPECT_EQ(remote.status, 2);
  EXPECT_THAT(remote.err, HasSubstr("cut short in the middle of record "));
  EXPECT_THAT(remote.err, HasSubstr("; trying again\n"));
  EXPECT_THAT(remote.err, HasSubstr("1 connection to the sender broke off: "));
  EXPECT_THAT(remote.err + remote.out, HasSubstr("inputs not read to their end: 1"));
}

TEST_F(Remote, SenderThatIsFollowedMayComeBackAndEndsWithAnInterrupt) {
  const ToolRun remote =
      run_beside_sender(sample, ": :",
                        "@ streams --follow tcp://127.0.0.1:$PORT >out 2>err & tool=$!\n"
                        "timeout 30 sh -c 'until grep -q \"sender closed\" err; do :; done'\n"
                        "wait $sender; kill -INT $tool; wait $tool");
  EXPECT_EQ(remote.status, 2) << read("err");  // that a sender went away is not hidden
  EXPECT_THAT(read("err"), HasSubstr("the sender closed the connection; trying again"));
}

TEST_F(Remote, WebServerGivesACaptureAsAFileDoes) {
  const ToolRun version = run("@ --version");
  if (version.out.find("curl version") == std::string::npos) GTEST_SKIP() << "this build has no libcurl";
  const ToolRun file = run("@ streams --json '" + sample + "'");
  const ToolRun remote =
      run_beside_sender(sample, "http:", "@ streams --json http://127.0.0.1:$PORT/sample.pcapng");
  EXPECT_EQ(remote.status, 0) << remote.err;
  EXPECT_THAT(sorted_lines(remote.out), ElementsAreArray(sorted_lines(file.out)));
}

TEST_F(Remote, SenderIsNotReadTwice) {
  const ToolRun remote =
      run_beside_sender(sample, ":", "@ extract -o d --where 'port 80' tcp://127.0.0.1:$PORT");
  EXPECT_NE(remote.status, 0);
  EXPECT_THAT(remote.err, HasSubstr("the inputs are read twice"));
  EXPECT_THAT(remote.err, Not(HasSubstr("written to")));
}

}  // namespace
}  // namespace restitch::testing
