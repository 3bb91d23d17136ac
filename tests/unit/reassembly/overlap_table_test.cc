// Each published policy, relation by relation, on real segments: two that wait behind a hole which is filled
// last. The columns are those in which the definitions are published; H: the held copy gives the shared
// bytes, N: the new one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/oracle_listener.h"

namespace restitch::testing {
namespace {

struct Definition {
  const char* policy;
  const char* columns;  // o oi s si d di f fi eq
};

constexpr Definition definitions[] = {
    {"first", "H H H H H H H H H"},
    {"last", "N N N N N N N N N"},
    {"vista", "H H H H H H H H H"},
    {"bsd-right", "H H H H H H H H H"},
    {"bsd", "H N H H N H N H H"},
    {"macos", "H N H H N H N H H"},
    {"windows", "H N H H N H N H H"},
    {"windows2k3", "H N H H N H N H H"},
    {"solaris", "N H N H N H N H N"},
    {"hpux11", "N H N H N H N H N"},
    {"irix", "H N N H N H N H H"},
    {"hpux10", "H N N H N H N H H"},
    {"old-linux", "H N N H N H N H N"},
    {"linux", "H N N H N H N H H"},
    {"gopacket", "N N N N N N N N N"},
    {"capture", "H H H H H H H H H"},
    {"linux-oobinline", "H N N H N H N H H"},
};

// Held and new segment, in units from the hole's end; in the order of the columns.
struct Layout {
  const char* name;
  std::uint32_t held_first, held_last, new_first, new_last;
};

constexpr Layout layouts[] = {
    {"o", 0, 2, 1, 3},  {"oi", 1, 3, 0, 2}, {"s", 0, 1, 0, 2},  {"si", 0, 2, 0, 1}, {"d", 1, 2, 0, 3},
    {"di", 0, 3, 1, 2}, {"f", 1, 2, 0, 2},  {"fi", 0, 2, 1, 2}, {"eq", 0, 1, 0, 1},
};

struct Place {
  bool ipv6;
  std::uint32_t isn;
  std::uint32_t unit;
};

constexpr Place places[] = {
    {false, 1000, 1}, {true, 0xFFFFFFF0, 7}, {false, 0xFFFFFC00, 400}, {true, 5, 700}};

class Conversation {
 public:
  explicit Conversation(const Place& place) : place_(place) {
    frames_.push_back(packet(true, place.isn, "", TcpFlags{} | TcpFlag::syn));
    frames_.push_back(packet(false, 77, "", TcpFlag::syn | TcpFlag::ack));
  }

  void send(std::uint32_t first, std::uint32_t last, char fill) {
    const std::string text((last - first) * place_.unit, fill);
    frames_.push_back(packet(true, place_.isn + 1 + first * place_.unit, text, TcpFlags{} | TcpFlag::ack));
  }

  [[nodiscard]] const std::vector<Frame>& frames() const { return frames_; }
  [[nodiscard]] std::string peer() const { return place_.ipv6 ? "[fd99::2]:40000" : "10.99.0.2:40000"; }

 private:
  [[nodiscard]] Frame packet(bool from_peer, std::uint32_t seq, const std::string& text,
                             TcpFlags flags) const {
    const std::string peer = place_.ipv6 ? "fd99::2" : "10.99.0.2";
    const std::string host = place_.ipv6 ? "fd99::1" : "10.99.0.1";
    FrameBuilder builder;
    builder.raw().seq(seq).payload(text);
    builder.ack(flags.has(TcpFlag::ack) ? (from_peer ? 78 : place_.isn + 1) : 0).flags(flags);
    if (from_peer) return builder.ip(peer, host).tcp(40000, 80).build();
    return builder.ip(host, peer).tcp(80, 40000).build();
  }

  Place place_;
  std::vector<Frame> frames_;
};

// The stream by definition: a hole of one unit, then both segments.
std::string by_definition(const Layout& layout, char winner, std::uint32_t unit) {
  std::string units(1 + std::max(layout.held_last, layout.new_last), '.');
  const auto write = [&](std::uint32_t first, std::uint32_t last, char fill) {
    for (std::uint32_t i = first; i < last; ++i) units[1 + i] = fill;
  };
  if (winner == 'N') write(layout.held_first, layout.held_last, 'h');
  write(layout.new_first, layout.new_last, 'n');
  if (winner == 'H') write(layout.held_first, layout.held_last, 'h');
  std::string bytes;
  for (const char fill : units) bytes.append(unit, fill);
  return bytes;
}

class OverlapTablePolicy : public ::testing::TestWithParam<Definition> {};

TEST_P(OverlapTablePolicy, GivesSharedBytesToTheCopyThatItsDefinitionNames) {
  const Definition& definition = GetParam();
  ASSERT_NE(find_receiver_policy(definition.policy), nullptr);
  for (std::size_t i = 0; i < std::size(layouts); ++i) {
    for (const Place& place : places) {
      const Layout& layout = layouts[i];
      Conversation conversation(place);
      conversation.send(1 + layout.held_first, 1 + layout.held_last, 'h');
      conversation.send(1 + layout.new_first, 1 + layout.new_last, 'n');
      conversation.send(0, 1, '.');
      OracleListener listener(definition.policy);
      listener.packets(conversation.frames());
      EXPECT_THAT(listener.events(), ::testing::Contains("conflict"));
      EXPECT_EQ(listener.heard_from(conversation.peer()).streams.at(0),
                by_definition(layout, definition.columns[2 * i], place.unit))
          << "relation " << layout.name << ", unit " << place.unit;
      EXPECT_TRUE(listener.counts_add_up());
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<Definition>& info) {
  std::string name = info.param.policy;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, OverlapTablePolicy, ::testing::ValuesIn(definitions), name_of);

TEST(OverlapTable, EveryPolicyHasItsDefinitionHere) {
  std::set<std::string_view> defined;
  for (const Definition& definition : definitions) defined.insert(definition.policy);
  for (const ReceiverPolicy& policy : receiver_policies())
    EXPECT_TRUE(defined.contains(policy.name)) << policy.name;
}

// The segment that fills the hole reaches over held data: the table is asked there too, as for data that
// waits on both sides.
TEST(OverlapTable, IsAskedWhenTheSegmentThatFillsTheHoleReachesOverHeldData) {
  for (const auto& [policy, expected] :
       {std::pair{"bsd", "nnnnh"}, {"first", "nnhhh"}, {"solaris", "nnhhh"}}) {
    Conversation conversation({false, 1000, 1});
    conversation.send(2, 5, 'h');
    conversation.send(0, 4, 'n');
    OracleListener listener(policy);
    listener.packets(conversation.frames());
    EXPECT_EQ(listener.heard_from(conversation.peer()).streams.at(0), expected) << policy;
  }
}

}  // namespace
}  // namespace restitch::testing
