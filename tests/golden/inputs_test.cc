// What the command reads: filters, several files, directories, files that grow, packets that come twice.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "golden/tool_run.h"
#include "restitch/capture_live.h"

namespace restitch::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

ByteVector bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class Inputs : public ToolTest {
 protected:
  // The sample's packets in files of 150, as dumpcap rotates them.
  void split_sample(const std::string& folder) const {
    std::filesystem::create_directory(path(folder));
    const Reading whole = read_bytes(bytes_of(sample));
    for (std::size_t first = 0, file = 0; first < whole.records.size(); first += 150, ++file) {
      PcapBuilder part(Order::little, {.magic = 0xa1b23c4d});
      const std::size_t end = std::min(first + 150, whole.records.size());
      for (std::size_t i = first; i < end; ++i) {
        const std::int64_t ns = whole.records[i].info.timestamp.ns;
        part.record(static_cast<std::uint32_t>(ns / 1'000'000'000),
                    static_cast<std::uint32_t>(ns % 1'000'000'000), whole.records[i].frame);
      }
      // Names are no guide to their order.
      write(folder + "/part" + std::to_string(9 - file) + ".pcap", part.bytes);
    }
  }
};

TEST_F(Inputs, AFilterMayStandBehindTheFile) {
  const ToolRun all = run("@ streams --json '" + sample + "'");
  const ToolRun filtered = run("@ streams --json '" + sample + "' tcp and ip6");
  EXPECT_EQ(filtered.status, 0);
  EXPECT_THAT(filtered.out, Not(HasSubstr("192.0.2.")));
  EXPECT_LT(lines_of(filtered.out), lines_of(all.out));
  EXPECT_THAT(filtered.err, HasSubstr("packets left out by the filter: "));
  for (const char* line : {"-f 'tcp and ip6' ", "-r "}) {
    const std::string tail = std::string(line) == "-r " ? " tcp and ip6" : "";
    EXPECT_EQ(run("@ streams --json " + std::string(line) + "'" + sample + "'" + tail).out, filtered.out);
  }
  write("filter", std::string_view("tcp and ip6\n"));
  EXPECT_EQ(run("@ streams --json -F filter '" + sample + "'").out, filtered.out);
}

TEST_F(Inputs, AWrongFilterIsWrongUsage) {
  for (const char* filter : {"tcp and", "-f 'port eighty'", "ip6 and foo", "-f ip tcp", "-F nowhere"}) {
    const ToolRun run = ToolTest::run("@ '" + sample + "' " + filter);
    EXPECT_EQ(run.status, 1) << filter;
    EXPECT_THAT(run.err, StartsWith("restitch: ")) << filter;
    EXPECT_EQ(lines_of(run.err), 1u) << run.err;
  }
}

TEST_F(Inputs, AFileThatIsNotThereIsNotTakenForAFilter) {
  for (const char* name : {"tcp.pcap", "nowhere", "host.pcapng"}) {
    const ToolRun run = ToolTest::run("@ '" + sample + "' " + name);
    EXPECT_EQ(run.status, 2) << name;
    EXPECT_THAT(run.err, HasSubstr(std::string(name) + ": No such file or directory"));
    EXPECT_THAT(run.err, HasSubstr("26 connections"));
  }
}

TEST_F(Inputs, AFileWithTheNameOfAFilterWordIsAFile) {
  write("tcp", hello_world().bytes());
  EXPECT_THAT(run("@ tcp").err, HasSubstr("6 packets"));
}

TEST_F(Inputs, ADirectoryIsReadAsTheCaptureItWasCutFrom) {
  split_sample("set");
  const ToolRun whole = run("@ streams --json '" + sample + "'");
  EXPECT_EQ(run("@ streams --json set").out, whole.out);
  EXPECT_EQ(run("@ streams --json set/*.pcap").out, whole.out);
  EXPECT_EQ(run("@ streams --json set/part9.pcap set/part[3-8].pcap").out, whole.out);
}

TEST_F(Inputs, ADirectoryWithNothingToReadIsAnErrorAndNothingElseIsSaid) {
  std::filesystem::create_directory(path("empty"));
  for (const char* command : {"streams", "streams --json", "extract -o d", "follow 0", "diff"}) {
    const ToolRun run = ToolTest::run("@ " + std::string(command) + " empty");
    EXPECT_EQ(run.status, 2);
    EXPECT_THAT(run.out, IsEmpty());
    EXPECT_EQ(run.err, "restitch: empty: no capture is in it\n");
  }
  EXPECT_FALSE(std::filesystem::exists(path("d")));
  EXPECT_EQ(run("@ --follow nowhere --idle-timeout 0.1").status, 2);
  // Beside others it is an input that could not be read.
  write("hello.pcap", hello_world().bytes());
  const ToolRun both = run("@ empty hello.pcap");
  EXPECT_EQ(both.status, 2);
  EXPECT_THAT(both.err, AllOf(HasSubstr("restitch: empty: no capture is in it\n"), HasSubstr("6 packets")));
}

TEST_F(Inputs, WhatADirectoryHoldsBesidesCapturesIsCounted) {
  std::filesystem::create_directories(path("set/below/deep"));
  write("set/hello.pcap", hello_world().bytes());
  write("set/below/deep/more.pcap", hello_world().bytes());
  write("set/README", "no capture at all");
  write("set/.cache", "hidden");
  write("set/notes", std::string_view("\x01\x02\x03\x04\x05", 5));
  write("set/old.bz2", "BZh91AY&SY");
  write("set/solaris", std::string_view("snoop\0\0\0\0\0\0\2", 12));
  ASSERT_EQ(::mkfifo(path("set/pipe").c_str(), 0600), 0);
  const std::string counts =
      "restitch: 6 files skipped: 2 not captures, 1 bzip2-compressed, 1 hidden, 1 not a file, 1 snoop "
      "capture";
  const ToolRun flat = run("@ set");
  EXPECT_EQ(flat.status, 0) << flat.err;
  EXPECT_THAT(flat.err, StartsWith(counts + "; 1 directory not entered (see --recursive)\n"));
  EXPECT_THAT(flat.err, HasSubstr("6 packets"));
  EXPECT_THAT(flat.err, Not(HasSubstr("README")));
  const ToolRun recursive = run("@ -v --recursive set");
  EXPECT_THAT(recursive.err, StartsWith(counts + "\n"));
  EXPECT_THAT(recursive.err, HasSubstr("12 packets"));
  EXPECT_THAT(recursive.err, HasSubstr("\nrestitch: set/README: skipped: not a capture\n"));
  EXPECT_THAT(recursive.err, HasSubstr("\nrestitch: set/old.bz2: skipped: bzip2-compressed\n"));
  EXPECT_THAT(run("@ -q set").err, IsEmpty());
  const ToolRun followed = run("@ --follow --idle-timeout 0.1 set");
  EXPECT_THAT(followed.err, HasSubstr(counts));
  EXPECT_THAT(run("@ --follow --recursive --idle-timeout 0.1 set").err, HasSubstr("12 packets"));
}

// A link back up would be a tree without end.
TEST_F(Inputs, LinksToDirectoriesAreNotFollowed) {
  std::filesystem::create_directories(path("set/below"));
  write("set/below/hello.pcap", hello_world().bytes());
  std::filesystem::create_directory_symlink("..", path("set/below/up"));
  const ToolRun run = ToolTest::run("@ --recursive set");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.err, HasSubstr("6 packets"));
  EXPECT_THAT(run.err, HasSubstr("1 directory not entered"));
}

TEST_F(Inputs, WhatNoReaderTakesIsSaidWithWhatToType) {
  write("old.bz2", "BZh91AY&SY");
  const ToolRun run = ToolTest::run("@ old.bz2");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_EQ(
      run.err,
      "restitch: old.bz2: neither pcap nor pcapng: bzip2-compressed; type: bzip2 -dc FILE | restitch -\n");
}

TEST_F(Inputs, XzIsReadWhereTheBuildCanOrSaidWithWhatToType) {
  const ToolRun whole = run("@ streams --json '" + sample + "'");
  const ToolRun packed =
      run("python3 -c \"import lzma, sys; sys.stdout.buffer.write("
          "lzma.compress(open('" +
          sample + "', 'rb').read()))\" >s.xz; @ streams --json s.xz");
  if (ToolTest::run("@ --version | grep -q lzma").status == 0) {
    EXPECT_EQ(packed.status, 0) << packed.err;
    EXPECT_EQ(packed.out, whole.out);
    EXPECT_EQ(run("@ streams --json - <s.xz").out, whole.out);
    const ToolRun cut = run("head -c 200000 s.xz >cut.xz; @ cut.xz");
    EXPECT_EQ(cut.status, 2);
    EXPECT_THAT(cut.err, HasSubstr("cut.xz: xz: the data are cut short"));
  } else {
    EXPECT_THAT(packed.err, HasSubstr("type: xz -dc FILE | restitch -"));
  }
}

TEST_F(Inputs, OfWhichNoneCanBeReadAreSaidAndNothingElse) {
  write("empty", "");
  for (const char* command : {"streams", "extract -o d", "follow 0", "diff", "streams --stats json"}) {
    for (const auto& [inputs, lines] :
         {std::pair{"nowhere", 1}, {"nowhere gone", 2}, {"nowhere empty gone", 3}}) {
      const ToolRun run = ToolTest::run(std::string("@ ") + command + " " + inputs);
      EXPECT_EQ(run.status, 2);
      EXPECT_THAT(run.out, IsEmpty());
      EXPECT_EQ(lines_of(run.err), static_cast<std::size_t>(lines)) << run.err;
      EXPECT_THAT(run.err, HasSubstr("nowhere: No such file or directory\n"));
    }
  }
  EXPECT_FALSE(std::filesystem::exists(path("d")));
  const ToolRun piped = run("@ - </dev/null");
  EXPECT_EQ(piped.err, "restitch: standard input: the file is empty\n");
  EXPECT_THAT(piped.out, IsEmpty());
}

TEST_F(Inputs, AFileReadWhileItIsWrittenGivesTheStreamsOfTheWhole) {
  const ByteVector all = bytes_of(sample);
  const ToolRun whole = run("@ streams --json '" + sample + "'");
  write("growing.pcapng", std::string_view());
  std::thread writer([&] {
    std::ofstream file(path("growing.pcapng"), std::ios::binary | std::ios::app);
    for (std::size_t at = 0; at < all.size(); at += 9001) {
      const std::size_t size = std::min<std::size_t>(9001, all.size() - at);
      file.write(reinterpret_cast<const char*>(all.data() + at), static_cast<std::streamsize>(size)).flush();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  const ToolRun grown = run("@ streams --json --follow --idle-timeout 3 growing.pcapng");
  writer.join();
  EXPECT_EQ(grown.status, 0) << grown.err;
  EXPECT_EQ(sorted_lines(grown.out), sorted_lines(whole.out));
}

TEST_F(Inputs, ARotatedSetReadWhileItIsWrittenGivesTheStreamsOfTheWhole) {
  split_sample("done");
  std::filesystem::create_directory(path("set"));
  const ToolRun whole = run("@ streams --json '" + sample + "'");
  std::thread writer([&] {
    for (int file = 9; file >= 3; --file) {
      const std::string name = "/part" + std::to_string(file) + ".pcap";
      if (!std::filesystem::exists(path("done") + name)) break;
      std::filesystem::copy_file(path("done") + name, path("set") + name);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  const ToolRun grown = run("@ streams --json --follow --idle-timeout 3 set");
  writer.join();
  EXPECT_EQ(grown.status, 0) << grown.err;
  EXPECT_EQ(sorted_lines(grown.out), sorted_lines(whole.out));
}

TEST_F(Inputs, AnInterruptEndsAFollowedFileWithWhatWasThere) {
  const ToolRun whole = run("@ streams --json '" + sample + "'");
  const ToolRun run =
      ToolTest::run("@ streams --json --follow '" + sample + "' & sleep 2; kill -INT $!; wait $!");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(sorted_lines(run.out), sorted_lines(whole.out));
}

TEST_F(Inputs, ACountStopsTheReading) {
  const ToolRun run = ToolTest::run("@ -c 10 '" + sample + "' ip6");
  EXPECT_THAT(run.err, HasSubstr("10 packets, 10 TCP segments"));
}

TEST_F(Inputs, PacketsCapturedTwiceAreCountedApart) {
  const Reading reading = read_bytes(hello_world().bytes());
  PcapBuilder mirrored;
  for (const KeptRecord& record : reading.records) {
    const auto seconds = static_cast<std::uint32_t>(record.info.timestamp.ns / 1'000'000'000);
    const std::string addresses(12, '\2');
    mirrored.record(seconds, 250'000, addresses + std::string("\x08\x00", 2) + record.frame);
    mirrored.record(seconds, 250'100, addresses + std::string("\x81\x00\x00\x0c\x08\x00", 6) + record.frame);
  }
  write("mirrored.pcap", mirrored.bytes);
  const ToolRun run = ToolTest::run("@ streams --json mirrored.pcap");
  EXPECT_THAT(run.err, HasSubstr("packets captured twice: 6\n"));
  EXPECT_THAT(run.err, HasSubstr("12 packets, 12 TCP segments, 1 connections"));
  EXPECT_THAT(run.out, HasSubstr(R"("bytes":5,)"));
  EXPECT_THAT(run.out, HasSubstr(R"("packets":6,"copies":3,)"));
  EXPECT_THAT(ToolTest::run("@ --copies-window 0 mirrored.pcap").err, Not(HasSubstr("captured twice")));
  // As separate networks, each copy is a connection of its own.
  const ToolRun apart = ToolTest::run("@ streams --json --key vlan mirrored.pcap");
  EXPECT_EQ(lines_of(apart.out), 4u);
  EXPECT_THAT(apart.out, HasSubstr(R"("vlan":12,)"));
}

TEST_F(Inputs, TheKeyIsMadeOfVlansTunnelsAndInterfacesOnly) {
  EXPECT_EQ(run("@ --key vlan,tunnel,interface '" + sample + "'").status, 0);
  const ToolRun wrong = run("@ --key vlan,mac '" + sample + "'");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("mac"));
}

TEST_F(Inputs, InterfacesAndFilesDoNotMix) {
  EXPECT_EQ(run("@ -i lo '" + sample + "'").status, 1);
  EXPECT_EQ(run("@ -i there-is-none").status, 2);
}

TEST_F(Inputs, InterfacesAreListed) {
  const ToolRun run = ToolTest::run("@ -D");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.err, IsEmpty());
  const auto interfaces = live_interfaces();
  ASSERT_TRUE(interfaces) << interfaces.error().message;
  ASSERT_THAT(*interfaces, Not(IsEmpty()));
  std::istringstream lines(run.out);
  std::string line;
  for (std::size_t i = 0; i < interfaces->size(); ++i) {
    const LiveInterface& interface = (*interfaces)[i];
    ASSERT_TRUE(std::getline(lines, line)) << interface.name;
    EXPECT_THAT(line, StartsWith(std::to_string(i + 1) + "." + interface.name + " "));
    EXPECT_THAT(line, HasSubstr(interface.up ? "[Up" : "[Down"));
    EXPECT_EQ(line.find(", Loopback]") != std::string::npos, interface.loopback) << line;
    for (const std::string& address : interface.addresses) EXPECT_THAT(line, HasSubstr(" " + address));
  }
  EXPECT_FALSE(std::getline(lines, line)) << line;
  if (std::filesystem::exists("/sys/class/net/lo")) {
    EXPECT_THAT(run.out, ContainsRegex("[0-9]+\\.lo .*\\[(Up|Down), Loopback\\]"));
  }
}

TEST_F(Inputs, VerboseTellsWhatACaptureSaysOfItself) {
  PcapngBuilder file;
  ByteWriter name(Order::little);
  name.u16(2).u16(4).raw("eth7").u32(0);
  ByteWriter comment(Order::little);
  comment.u16(1).u16(6).raw("odd \x1b[").u16(0).u32(0);
  ByteWriter lost(Order::little);
  lost.u16(5).u16(8).u64(11).u32(0);
  file.section()
      .interface(101, 0, name.bytes)
      .enhanced(0, 5, "not IP", 0, comment.bytes)
      .statistics(0, lost.bytes);
  write("file.pcapng", file.bytes);
  const ToolRun run = ToolTest::run("@ -v file.pcapng");
  EXPECT_THAT(run.err, HasSubstr("interface 0: eth7, link type 101, whole packets\n"));
  EXPECT_THAT(run.err, HasSubstr("packet 1: odd \xef\xbf\xbd["));  // no escape sequences of strangers
  EXPECT_THAT(run.err, HasSubstr("interface eth7: 0 dropped by the system, 11 by the interface\n"));
}

TEST_F(Inputs, ExtractWritesTheOneCaptureOfEachConnection) {
  const ToolRun whole = run("@ streams --json '" + sample + "'");
  const ToolRun extracted = run("@ extract --pcap -o out '" + sample + "'");
  EXPECT_EQ(extracted.status, 0) << extracted.err;
  EXPECT_THAT(extracted.err, HasSubstr("26 files, "));
  // Together, the files hold all that the whole capture holds.
  EXPECT_EQ(run("@ streams --json out/*.pcapng").out, whole.out);
  EXPECT_EQ(lines_of(read("out/index.jsonl")), 52u);
}

TEST_F(Inputs, FragmentsThatOverlapAreAnEvent) {
  const Frame whole = FrameBuilder()
                          .raw()
                          .ipv4("10.0.0.1", "192.0.2.1")
                          .tcp(40000, 80)
                          .seq(1)
                          .payload("hello, world")
                          .build();
  PcapBuilder file(Order::little, {.link_type = 101});
  const auto add = [&](std::size_t from, std::size_t to, bool more) {
    const Frame part(whole.begin() + 20 + static_cast<long>(from),
                     whole.begin() + 20 + static_cast<long>(to));
    const Frame frame = FrameBuilder()
                            .raw()
                            .ipv4("10.0.0.1", "192.0.2.1")
                            .ip_id(9)
                            .fragment_field(static_cast<std::uint16_t>((more ? 0x2000u : 0u) | from / 8))
                            .ip_payload(6, part)
                            .build();
    file.record(5, 0, std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
  };
  add(0, 24, true);
  add(16, 32, false);
  write("overlap.pcap", file.bytes);
  const ToolRun run = ToolTest::run("@ streams --json overlap.pcap");
  EXPECT_THAT(run.out, HasSubstr(R"("fragment_overlap":1)"));
  EXPECT_THAT(run.out, HasSubstr(R"("bytes":12,)"));
}

TEST_F(Inputs, FragmentsAreWrittenAsTheDatagramThatTheyMake) {
  const Frame whole = FrameBuilder()
                          .raw()
                          .ipv4("10.0.0.1", "192.0.2.1")
                          .tcp(40000, 80)
                          .seq(1)
                          .payload("hello, world")
                          .build();
  PcapBuilder file(Order::little, {.link_type = 101});
  const Frame segment(whole.begin() + 20, whole.end());
  for (const bool last : {false, true}) {
    const auto part =
        last ? Frame(segment.begin() + 16, segment.end()) : Frame(segment.begin(), segment.begin() + 16);
    const Frame frame = FrameBuilder()
                            .raw()
                            .ipv4("10.0.0.1", "192.0.2.1")
                            .ip_id(9)
                            .fragment_field(last ? 2 : 0x2000)
                            .ip_payload(6, part)
                            .build();
    file.record(5, 0, std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
  }
  write("fragments.pcap", file.bytes);
  const ToolRun original = run("@ streams --json fragments.pcap");
  EXPECT_THAT(original.err, HasSubstr("fragments: 2 seen, 1 datagrams put together\n"));
  EXPECT_EQ(run("@ extract --pcap -o out fragments.pcap").status, 0);
  const ToolRun copy = run("@ streams --json out/*.pcapng");
  EXPECT_EQ(copy.out, original.out);
  EXPECT_THAT(copy.out, HasSubstr(R"("bytes":12,)"));
}

}  // namespace
}  // namespace restitch::testing
