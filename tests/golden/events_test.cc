// Every kind of event, from real packets through the command: told with --events, and by `follow --notes`.
#include "restitch/events.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "golden/packets.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ToolEvents : public ToolTest {
 protected:
  // The events that the command lists; their kinds are also added to seen_.
  std::vector<json> events(const Packets& packets, const std::string& flags = {}) {
    write("events.pcap", packets.bytes());
    const ToolRun run = ToolTest::run("@ streams --json --all --events " + flags + " events.pcap");
    EXPECT_EQ(run.status, 0) << run.err;
    std::vector<json> all;
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) {
      const json side = json::parse(line);
      std::size_t counted = 0;
      for (const auto& [kind, count] : side["events"].items()) counted += count.get<std::size_t>();
      const json list = side.value("event_list", json::array());
      EXPECT_EQ(list.size(), counted) << line;
      for (const json& event : list) {
        all.push_back(event);
        seen_.insert(event["kind"]);
      }
    }
    return all;
  }
  std::vector<std::string> kinds(const Packets& packets, const std::string& flags = {}) {
    std::vector<std::string> kinds;
    for (const json& event : events(packets, flags)) kinds.push_back(event["kind"]);
    return kinds;
  }

  std::set<std::string> seen_;
};

TEST_F(ToolEvents, EveryKindIsToldOfRealPackets) {
  Packets p;
  p.open().add(p.client(103, "cd")).add(p.client(103, "CD")).add(p.client(101, "ab"));
  EXPECT_THAT(kinds(p, "--other-copies"), Contains("conflict"));
  EXPECT_THAT(seen_, Contains("other_copy"));

  Packets lossy;
  lossy.open().add(lossy.client(105, "ef")).add(lossy.server(501).ack(107));
  EXPECT_THAT(kinds(lossy), Contains("gap"));
  EXPECT_THAT(seen_, Contains("acked_unseen"));

  Packets middle;
  middle.add(middle.server(501, "answer").ack(101));
  middle.add(middle.client(100).flags(TcpFlag::syn));
  EXPECT_THAT(kinds(middle), Contains("roles_swapped"));
  EXPECT_THAT(seen_, Contains("midstream_start"));

  Packets closing;
  closing.open().add(closing.client(110).flags(TcpFlag::fin | TcpFlag::ack));
  closing.add(closing.client(108).flags(TcpFlag::fin | TcpFlag::ack));
  closing.add(closing.client(101, "abcdefg")).add(closing.client(108, "late"));
  closing.add(closing.server(501).flags(TcpFlag::rst)).add(closing.server(501, "later"));
  EXPECT_THAT(kinds(closing), Contains("fin_moved"));
  EXPECT_THAT(seen_, Contains("data_after_fin"));
  EXPECT_THAT(seen_, Contains("data_after_rst"));

  Packets again;
  again.open().add(again.server(501, "x")).add(again.server(9000).flags(TcpFlag::syn | TcpFlag::ack));
  again.add(again.client(101, "a")).add(again.server(502).ack(102));
  again.add(again.client(70000).flags(TcpFlag::syn)).add(again.server(502).ack(102));
  again.add(again.server(20000).flags(TcpFlag::syn | TcpFlag::ack).ack(70001));
  EXPECT_THAT(kinds(again), Contains("syn_in_connection"));
  EXPECT_THAT(seen_, Contains("challenge_ack"));
  EXPECT_THAT(seen_, Contains("port_reuse"));

  Packets window;
  window.open().add(window.client(101, std::string(1000, 'w'))).add(window.server(501).ack(1101).window(0));
  window.add(window.client(1101, "p")).add(window.client(1100));
  EXPECT_THAT(kinds(window), Contains("window_full"));
  EXPECT_THAT(seen_, Contains("zero_window_probe"));

  Packets alive;
  alive.open().add(alive.client(101, "ab")).add(alive.server(501).ack(103)).add(alive.client(102));
  alive.add(alive.client(103, "!").flags(TcpFlag::urg | TcpFlag::ack).urgent_pointer(1));
  alive.add(alive.client(104, "cut off").build(), 4);
  EXPECT_THAT(kinds(alive), Contains("keep_alive"));
  EXPECT_THAT(seen_, Contains("urgent"));
  EXPECT_THAT(seen_, Contains("truncated"));

  Packets elsewhere;
  elsewhere.open().add(elsewhere.client(90, "before")).add(elsewhere.client(500'000'000, "wild"));
  elsewhere.add(elsewhere.server(501).ack(101));
  EXPECT_THAT(kinds(elsewhere), Contains("before_start"));
  EXPECT_THAT(seen_, Contains("wild_sequence"));
  Packets gone;
  gone.open().add(gone.client(101, "a")).add(gone.server(501).ack(102));
  for (std::uint32_t i = 0; i < 4; ++i) {
    gone.add(gone.client(2'000'000'000 + i, "b")).add(gone.server(501).ack(2'000'000'001 + i));
  }
  EXPECT_THAT(kinds(gone), Contains("resynchronized"));

  Packets late;
  late.open().add(late.client(103, "cd")).add(late.client(107, "gh")).add(late.client(101, "ab"));
  EXPECT_THAT(kinds(late, "--connection-pages-max 2"), Contains("late_data"));

  Packets long_ago;
  long_ago.open();
  for (std::uint32_t i = 0; i < 20; ++i)
    long_ago.add(long_ago.client(101 + 1000 * i, std::string(1000, 'x')));
  long_ago.add(long_ago.client(101, "xxx"));
  EXPECT_THAT(kinds(long_ago, "--history 4K"), Contains("uncompared"));

  Packets refused;
  refused.open().add(refused.client(101, "xx").bad_checksum()).add(refused.client(101, "ab"));
  EXPECT_THAT(kinds(refused, "--receiver linux"), Contains("refused"));

  Packets disproved;
  disproved.open().add(disproved.server(501).window(0)).add(disproved.client(101, "ab"));
  disproved.add(disproved.server(501).ack(103)).add(disproved.client(103).flags(TcpFlag::rst));
  disproved.add(disproved.client(103, "cd")).add(disproved.server(501).ack(105));
  EXPECT_THAT(kinds(disproved, "--receiver linux"), Contains("refusal_disproved").Times(2));
  EXPECT_THAT(seen_, Contains("reset_disproved"));

  Packets full;
  full.open().add(full.client(103, "cd")).add(full.client(107, "gh"));
  EXPECT_THAT(kinds(full, "--connection-pages-max 2"), Contains("limit"));

  const Frame whole = p.client(101, "fragment").build_tcp();
  Packets fragments;
  fragments.open();
  for (const std::size_t from : {std::size_t{0}, std::size_t{16}}) {
    const Frame part(whole.begin() + static_cast<long>(from), from == 0 ? whole.begin() + 24 : whole.end());
    FrameBuilder fragment;
    fragment.raw().ip("10.0.0.1", "192.0.2.1").ip_id(9).ip_payload(6, part);
    fragments.add(fragment.fragment_field(static_cast<std::uint16_t>(from == 0 ? 0x2000 : from / 8)));
  }
  EXPECT_THAT(kinds(fragments), Contains("fragment_overlap"));

  Packets tunnelled;
  for (const char* end : {"203.0.113.2", "203.0.113.3"}) {
    FrameBuilder outer;
    outer.raw().ip("203.0.113.1", end).ip_payload(4, tunnelled.client(101, "ab").build_ip());
    tunnelled.add(outer);
  }
  EXPECT_THAT(kinds(tunnelled), Contains("networks_merged"));

  for (std::size_t i = 0; i < event_kind_count; ++i) {
    const auto kind = static_cast<EventKind>(i);
    if (kind == EventKind::packets_lost) continue;  // it takes a cluster
    EXPECT_THAT(seen_, Contains(std::string(to_string(kind))));
  }
}

TEST_F(ToolEvents, AnEventSaysWhereAndWhenAndShowsBothCopies) {
  Packets p;
  p.open().add(p.client(103, "cd")).add(p.client(103, "CD")).add(p.client(101, "ab"));
  const auto all = events(p);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0], json::parse(R"({"kind":"conflict","offset":2,"size":2,"packet":5,"time":1600000000.005,)"
                                R"("held":"6364","held_packet":4,"held_time":1600000000.004,)"
                                R"("arrived":"4344","delivered":"held"})"));
  Packets refused;
  refused.open().add(refused.client(101, "xx").bad_checksum());
  EXPECT_EQ(events(refused, "--receiver linux")[0]["rule"], "checksum");
}

TEST_F(ToolEvents, AreNotListedUnasked) {
  Packets p;
  p.open().add(p.client(105, "ef")).add(p.server(501).ack(107));
  write("events.pcap", p.bytes());
  const ToolRun run = ToolTest::run("@ streams --json events.pcap");
  EXPECT_THAT(run.out, Not(HasSubstr("event_list")));
  EXPECT_THAT(run.out, Not(HasSubstr("acked_unseen"))) << "that takes watching";
  EXPECT_THAT(ToolTest::run("@ streams --json --observe events.pcap").out, HasSubstr(R"("acked_unseen":1)"));
}

TEST_F(ToolEvents, FollowTellsThemAndWhereBytesComeFrom) {
  Packets p;
  p.open().add(p.client(103, "cd")).add(p.client(103, "CD")).add(p.client(101, "ab"));
  write("events.pcap", p.bytes());
  const ToolRun run = ToolTest::run("@ follow 0 --notes events.pcap");
  EXPECT_THAT(run.out, HasSubstr("# node 0: {\"kind\":\"conflict\",\"offset\":2,"));
  EXPECT_THAT(
      run.out,
      HasSubstr("# node 0: packet 6, file 0, interface 0, time 1600000000.006000000, late\n2\nab\n"
                "# node 0: packet 4, file 0, interface 0, time 1600000000.004000000, first\n2\ncd\n"));
  EXPECT_THAT(ToolTest::run("@ follow 0 events.pcap").out, Not(HasSubstr("#")));
}

TEST_F(ToolEvents, TheIndexOfAnExtractionSaysWhatCameAgainAndWhoElseBroughtIt) {
  Packets p;
  p.open().add(p.client(101, "ab")).add(p.client(102, "bcd")).add(p.server(501, "x"));
  write("events.pcap", p.bytes());
  ASSERT_EQ(ToolTest::run("@ extract -o out --other-copies events.pcap").status, 0);
  EXPECT_THAT(
      read("out/index.jsonl"),
      HasSubstr(R"("runs":[[0,0,2,1600000000.004000000,4],[2,2,2,1600000000.005000000,5,{"sent":"again"}]],)"
                R"("copies":[[1,1,1600000000.005000000,5]])"));
  ASSERT_EQ(ToolTest::run("@ extract -o two events.pcap events.pcap").status, 0);
  EXPECT_THAT(read("two/index.jsonl"), Not(HasSubstr("copies\":[")));
}

}  // namespace
}  // namespace restitch::testing
