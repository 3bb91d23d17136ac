#include "restitch/app/conversation.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/talk.h"

namespace restitch::testing {
namespace {

// Writes down what it is told, and answers as the test wants: consumes lines; a line "wait" waits for the
// other side, "stop" ends a direction, "next" hands over.
class Lines final : public Analyzer {
 public:
  explicit Lines(std::vector<std::string>& told, std::string name = "")
      : told_(told), name_(std::move(name)) {}

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override {
    const std::string_view text(reinterpret_cast<const char*>(input.bytes().data()), input.bytes().size());
    const std::string who = name_ + (direction == client ? "c" : "s");
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = text.find('\n', at);
      if (end == std::string_view::npos) {
        if (!input.forced()) break;
        told_.push_back(who + " part " + std::string(text.substr(at)));
        return {text.size(), Need::more};
      }
      const std::string line(text.substr(at, end - at));
      if (line == "wait" && !input.forced() &&
          lines_[1 - static_cast<int>(direction)] <= lines_[static_cast<int>(direction)]) {
        return {at, Need::other_side};
      }
      told_.push_back(who + "@" + std::to_string(input.origin(at).offset) + " " + line);
      ++lines_[static_cast<int>(direction)];
      at = end + 1;
      if (line == "stop") return {at, Need::nothing};
      if (line == "foreign") return {at, Need::foreign};
      if (line == "next") {
        findings.hand_over(std::make_unique<Lines>(told_, name_ + "+"));
        over_ = true;
      }
      if (over_) return {at, Need::nothing};
    }
    return {at, over_ ? Need::nothing : Need::more};
  }
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& /*findings*/) override {
    told_.push_back(name_ + (direction == client ? "c" : "s") + " gap " + std::to_string(size));
  }
  void end(TcpFlowDirection direction, Findings& /*findings*/) override {
    told_.push_back(name_ + (direction == client ? "c" : "s") + " end");
  }
  void close(Findings& /*findings*/) override { told_.push_back(name_ + "close"); }

 private:
  std::vector<std::string>& told_;
  std::string name_;
  int lines_[2] = {};
  bool over_ = false;
};

using Told = std::vector<std::string>;

// A conversation within another one gets the analyzer that it is to have.
struct Lined : Talk {
  Lined() {
    inner = std::make_unique<Conversation>(*conversation, "lines", std::make_unique<Lines>(told));
    std::swap(inner, conversation);
  }
  ~Lined() override { conversation.reset(); }
  Told told;
  std::unique_ptr<Conversation> inner;
};

TEST(ConversationTest, WhatAnAnalyzerLeavesComesAgainWithWhatIsNew) {
  Lined talk;
  talk.client("one\ntw");
  talk.client("o\nthree\n");
  EXPECT_EQ(talk.told, (Told{"c@0 one", "c@4 two", "c@8 three"}));
}

TEST(ConversationTest, BytesOneByOneAreAsGoodAsTogether) {
  Lined talk;
  talk.client("one\ntwo\n", 1);
  talk.server("three\n", 1);
  talk.close();
  EXPECT_EQ(talk.told, (Told{"c@0 one", "c@4 two", "s@0 three", "c end", "s end", "close"}));
}

TEST(ConversationTest, ASideThatWaitsGoesOnWhenTheOtherHas) {
  Lined talk;
  talk.server("wait\nhello\n");
  EXPECT_EQ(talk.told, Told{});
  talk.client("now\n");
  EXPECT_EQ(talk.told, (Told{"c@0 now", "s@0 wait", "s@5 hello"}));
}

TEST(ConversationTest, ASideThatWaitsInVainIsForcedAtTheEnd) {
  Lined talk;
  talk.server("wait\nrest");
  talk.close();
  EXPECT_EQ(talk.told, (Told{"s@0 wait", "s part rest", "c end", "s end", "close"}));
}

TEST(ConversationTest, AGapForcesWhatIsHeldAndIsTold) {
  Lined talk;
  talk.client("one\ntw");
  talk.gap(client, 10);
  talk.client("three\n");
  EXPECT_EQ(talk.told, (Told{"c@0 one", "c part tw", "c gap 10", "c@16 three"}));
}

TEST(ConversationTest, NoMoreIsHeldThanTheBound) {
  Lined talk;
  talk.client("one\n" + std::string(Analyzer::held_max, 'x'));
  EXPECT_EQ(talk.told, Told{"c@0 one"});
  talk.client("y");
  ASSERT_EQ(talk.told.size(), 2U);
  EXPECT_EQ(talk.told[1].size(), Analyzer::held_max + 1 + std::string("c part ").size());
  EXPECT_EQ(talk.conversation->held(), 0U);
}

TEST(ConversationTest, ASuccessorTakesOverBehindWhatWasConsumed) {
  Lined talk;
  talk.server("hi\n");
  talk.client("one\nnext\ntwo\n");
  EXPECT_EQ(talk.told, (Told{"s@0 hi", "c@0 one", "c@4 next", "close", "+c@9 two"}));
  talk.server("new\n");
  EXPECT_EQ(talk.told.back(), "+s@3 new");
}

TEST(ConversationTest, WhatIsForeignIsRaw) {
  Lined talk;
  talk.client("foreign\none\n");
  talk.client("two\n");
  talk.close();
  EXPECT_EQ(talk.told, (Told{"c@0 foreign", "close"}));
  EXPECT_TRUE(talk.conversation->raw());
}

TEST(ConversationTest, ADirectionThatIsDoneIsNotAskedAgain) {
  Lined talk;
  talk.client("stop\none\n");
  talk.client("two\n");
  talk.server("three\n");
  talk.close();
  EXPECT_EQ(talk.told, (Told{"c@0 stop", "s@0 three", "s end", "close"}));
}

TEST(FindingsTest, AnEndOfTheSenderIsNotAnEndOfTheCapture) {
  Lined talk;
  const Findings findings(*talk.conversation);
  talk.conversation->end(client);
  talk.close();
  EXPECT_TRUE(findings.ended(client));
  EXPECT_FALSE(findings.ended(server));
}

TEST(ConversationTest, EachByteOfAnInputBelongsToThePieceOfItsPacket) {
  const std::vector<std::uint8_t> bytes(10);
  const std::vector<AnalyzerInput::Piece> pieces = {{0, {100, 0, {}, 1}}, {4, {104, 0, {}, 2}}};
  const AnalyzerInput input(bytes, pieces, 100, false);
  EXPECT_EQ(input.run(0), 4U);
  EXPECT_EQ(input.run(3), 1U);
  EXPECT_EQ(input.run(4), 6U);
  EXPECT_EQ(input.run(9), 1U);
  EXPECT_EQ(input.origin(3).packet, 1U);
  EXPECT_EQ(input.origin(5).packet, 2U);
  EXPECT_EQ(input.origin(5).offset, 105U);
}

TEST(ConversationTest, NothingIsNestedDeeperThanTheLimit) {
  Lined talk;
  Findings findings(*talk.conversation);
  std::vector<std::unique_ptr<Conversation>> nested;
  nested.push_back(findings.nest("a", std::make_unique<Lines>(talk.told)));
  while (nested.back() != nullptr) {
    Findings inner(*nested.back());
    nested.push_back(inner.nest("a", std::make_unique<Lines>(talk.told)));
  }
  EXPECT_EQ(nested.size(), AppLimits().depth_max);
  EXPECT_EQ(talk.anomalies(), Told{"nested_too_deep"});
  while (!nested.empty()) nested.pop_back();
}

}  // namespace
}  // namespace restitch::testing
