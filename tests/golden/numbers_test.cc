// Every command numbers connections alike and tells the same of them, with any number of threads and whether
// a default is given or not.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Json = nlohmann::json;

// Connections to 192.0.2.1:80, each with a client's port of its own, at any second.
class TimedCapture {
 public:
  struct Side {
    std::uint16_t port;
    bool client;
  };

  TimedCapture& at(std::uint32_t second) {
    second_ = second;
    return *this;
  }
  // Each side acknowledges the three bytes, or the SYN, that it was sent, and no FIN.
  TimedCapture& add(Side side, std::uint32_t seq, TcpFlags flags, std::string_view payload = {}) {
    const std::uint16_t from = side.client ? side.port : 80;
    const std::uint16_t to = side.client ? 80 : side.port;
    const char* const hosts[] = {"192.0.2.1", "10.0.0.1"};
    FrameBuilder frame;
    frame.raw().ip(hosts[side.client ? 1 : 0], hosts[side.client ? 0 : 1]).tcp(from, to).seq(seq);
    return record(frame.ack(side.client ? 501 : 104).flags(flags).payload(payload).build());
  }
  // Datagrams, a second apart: time passes, and no connection sees a packet.
  TimedCapture& pass(std::uint32_t seconds) {
    for (; seconds > 0; --seconds, ++second_) {
      record(FrameBuilder().raw().ip("10.0.0.9", "10.0.0.8").ip_payload(17, Frame(20)).build());
    }
    return *this;
  }
  [[nodiscard]] const ByteVector& bytes() const { return file_.bytes; }

 private:
  TimedCapture& record(const Frame& frame) {
    file_.record(1'600'000'000 + second_, ++microseconds_,
                 std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
    return *this;
  }

  PcapBuilder file_{Order::little, {.link_type = 101}};
  std::uint32_t second_ = 0;
  std::uint32_t microseconds_ = 0;
};

// What a connection did before it fell silent: it is half-open, or each side sent FIN or did not, and left a
// hole or did not.
constexpr unsigned half_open = 8;
constexpr unsigned client_fin = 1;
constexpr unsigned server_fin = 2;
constexpr unsigned hole = 4;
constexpr unsigned kinds = 9;
constexpr std::uint32_t silences[] = {100, 119, 121, 150, 500};
constexpr std::uint16_t first_port = 20'000;

// Connections of each kind that are silent for so many seconds and go on then, so many that each shard has
// some. In between are only datagrams.
ByteVector pauses() {
  TimedCapture file;
  const auto each = [&](auto&& function) {
    std::uint16_t port = first_port;
    for (const std::uint32_t silence : silences) {
      for (unsigned kind = 0; kind < kinds; ++kind, ++port) function(port, silence, kind);
    }
  };
  each([&](std::uint16_t p, std::uint32_t, unsigned kind) {
    file.add({p, true}, 100, syn_flags);
    if (kind == half_open) return;
    file.add({p, false}, 500, syn_ack_flags).add({p, true}, 101, ack_flags, "GET");
    if ((kind & client_fin) != 0) file.add({p, true}, 104, fin_ack_flags);
    if ((kind & server_fin) != 0) file.add({p, false}, 501, fin_ack_flags);
    if ((kind & hole) != 0) file.add({p, false}, 520, ack_flags, "behind a hole");
  });
  std::uint32_t now = 0;
  for (const std::uint32_t silence : silences) {
    file.pass(silence - now);
    now = silence;
    each([&](std::uint16_t p, std::uint32_t its, unsigned) {
      if (its == silence) file.add({p, false}, 501, ack_flags, "late").add({p, true}, 104, ack_flags, "more");
    });
  }
  return file.pass(30).bytes();
}

class Numbers : public ToolTest {
 protected:
  Numbers() { write("pauses.pcap", pauses()); }

  // Of each direction with payload, what `streams --json` and the index of `extract` both tell.
  static std::vector<std::string> told_of(const std::string& jsonl) {
    std::vector<std::string> lines;
    std::istringstream in(jsonl);
    for (std::string line; std::getline(in, line);) {
      const Json row = Json::parse(line);
      if (!row.contains("src") || row["bytes"] == 0) continue;
      Json told;
      for (const char* key :
           {"connection", "src", "dst", "bytes", "gaps", "packets", "last_seen", "end", "events"}) {
        told[key] = row[key];
      }
      lines.push_back(told.dump());
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  // What follow shows of a connection: its client, and how much each side said. `host` is the end point in
  // 10.0.0.1, whichever side that is.
  struct Followed {
    std::string client;
    std::string host;
    std::size_t bytes[2];  // of the client, of the server

    friend bool operator==(const Followed& a, const Followed& b) {
      return a.client == b.client && a.bytes[0] == b.bytes[0] && a.bytes[1] == b.bytes[1];
    }
  };
  [[nodiscard]] Followed follow(std::size_t number, const std::string& options) const {
    Followed found{{}, {}, {}};
    std::istringstream in(run(fmt::format("@ follow {} -q -T raw {}pauses.pcap", number, options)).out);
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("Node 0: ")) found.client = line.substr(8);
      const bool server = line.starts_with('\t');
      const std::string hex = line.substr(server ? 1 : 0);
      // "[35 bytes missing in capture file]" stands there as data.
      constexpr std::string_view bracket = "5b";
      if (hex.starts_with(bracket)) continue;
      if (hex.find_first_not_of("0123456789abcdef") == std::string::npos)
        found.bytes[server] += hex.size() / 2;
    }
    return found;
  }
  static std::vector<Followed> connections_of(const std::string& jsonl) {
    std::vector<Followed> found;
    std::istringstream in(jsonl);
    for (std::string line; std::getline(in, line);) {
      const Json row = Json::parse(line);
      found.resize(std::max<std::size_t>(found.size(), row["connection"].get<std::size_t>() + 1));
      Followed& of = found[row["connection"]];
      // Where nobody saw the start, the first one is taken for the client.
      if (of.client.empty()) of.client = row["client"].is_null() ? row["src"] : row["client"];
      for (const char* const end : {"src", "dst"}) {
        if (row[end].get<std::string>().starts_with("10.0.0.1:")) of.host = row[end];
      }
      of.bytes[row["src"] != of.client] = row["bytes"];
    }
    return found;
  }
};

TEST_F(Numbers, AreThoseOfEveryCommandAndEveryNumberOfThreads) {
  for (const char* const times :
       {"", "--timeout half-closed=140 ", "--timeout idle=140 --timeout hole=110 ",
        "--timeout closing=5 --timeout half-open=1 ", "--receiver gopacket --timeout idle=110 "}) {
    const std::string options(times);
    const ToolRun one = run("@ streams --json --all --threads 1 " + options + "pauses.pcap");
    for (const char* threads : {"2", "3", "8"}) {
      const ToolRun more =
          run("@ streams --json --all --threads " + std::string(threads) + " " + options + "pauses.pcap");
      EXPECT_EQ(more.out, one.out) << options << threads;
      EXPECT_EQ(more.err, one.err) << options << threads;
    }
    EXPECT_EQ(run("rm -rf d; @ extract -q -o d " + options + "pauses.pcap").status, 0);
    EXPECT_EQ(told_of(read("d/index.jsonl")), told_of(one.out)) << options;
    const std::vector<Followed> connections = connections_of(one.out);
    ASSERT_THAT(connections, SizeIs(Ge(std::size(silences) * kinds)));
    for (std::size_t number = 0; number < connections.size(); number += 5) {
      EXPECT_EQ(follow(number, options), connections[number]) << options << number;
    }
    EXPECT_EQ(run(fmt::format("@ follow {} {}pauses.pcap", connections.size(), options)).status, 1)
        << "one more than there are";
  }
}

TEST_F(Numbers, DoNotChangeWhenADefaultIsGiven) {
  for (const char* const how : {"streams --json --all", "streams", "follow 3", "follow 12 --notes"}) {
    const ToolRun plain = run(fmt::format("@ {} pauses.pcap", how));
    for (const char* const given :
         {"closing=120", "hole=30", "hole-acked=1", "idle=0", "half-open=0", "half-closed=0"}) {
      const ToolRun with = run(fmt::format("@ {} --timeout {} pauses.pcap", how, given));
      EXPECT_EQ(with.out, plain.out) << how << given;
      EXPECT_EQ(with.err, plain.err) << how << given;
    }
  }
}

TEST_F(Numbers, ByDefaultCountAHalfClosedConnectionOnceHoweverLongItIsSilent) {
  std::map<std::string, unsigned> times;
  for (const Followed& one : connections_of(run("@ streams --json --all pauses.pcap").out)) ++times[one.host];
  std::uint16_t port = first_port;
  for (const std::uint32_t silence : silences) {
    for (unsigned kind = 0; kind < kinds; ++kind, ++port) {
      const bool closing = (kind & client_fin) != 0 && (kind & server_fin) != 0;
      EXPECT_EQ(times[fmt::format("10.0.0.1:{}", port)], closing && silence > 120 ? 2U : 1U)
          << kind << " " << silence;
    }
  }
}

}  // namespace
}  // namespace restitch::testing
