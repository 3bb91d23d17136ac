#include "app/tls_messages.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/tls_hellos.h"

namespace restitch::testing {
namespace {

using Told = std::vector<std::string>;

Told add(TlsMessages& messages, const std::string& fragment) {
  const std::vector<std::uint8_t> bytes(fragment.begin(), fragment.end());
  Told told;
  messages.add(bytes);
  for (TlsMessages::Message message;;) {
    const TlsMessages::Next next = messages.next(message);
    if (next == TlsMessages::Next::none) return told;
    told.push_back(next == TlsMessages::Next::too_long
                       ? "too long"
                       : std::to_string(message.type) + " " +
                             std::string(message.body.begin(), message.body.end()));
  }
}

TEST(TlsMessagesTest, SeveralMayComeTogetherOrInParts) {
  const std::string all = tls_message(1, "one") + tls_message(2, "") + tls_message(11, std::string(300, 'x'));
  const Told expected{"1 one", "2 ", "11 " + std::string(300, 'x')};
  for (std::size_t size = 1; size <= all.size(); ++size) {
    TlsMessages messages;
    Told told;
    for (std::size_t at = 0; at < all.size(); at += size) {
      for (const std::string& text : add(messages, all.substr(at, size))) told.push_back(text);
    }
    EXPECT_EQ(told, expected) << size;
    EXPECT_TRUE(messages.empty());
  }
}

TEST(TlsMessagesTest, ALongOneIsLeftOut) {
  const std::string all = tls_message(11, std::string(TlsMessages::size_max + 1, 'x')) + tls_message(14, "");
  for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::size_t{16'000}, all.size()}) {
    TlsMessages messages;
    Told told;
    for (std::size_t at = 0; at < all.size(); at += size) {
      for (const std::string& text : add(messages, all.substr(at, size))) told.push_back(text);
    }
    EXPECT_EQ(told, (Told{"too long", "14 "})) << size;
  }
}

TEST(TlsMessagesTest, BehindALossTheNextOneHasToLookLikeOne) {
  TlsMessages messages;
  EXPECT_EQ(add(messages, tls_message(11, "certificate").substr(0, 8)), Told{});
  messages.lose();
  EXPECT_EQ(add(messages, "the rest of it"), Told{});
  messages.lose();
  EXPECT_EQ(add(messages, tls_message(14, "")), Told{"14 "});
}

}  // namespace
}  // namespace restitch::testing
