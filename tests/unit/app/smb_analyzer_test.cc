#include "app/smb_analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "support/talk.h"

namespace restitch::testing {
namespace {

using Names = std::vector<std::string>;
using Gaps = std::vector<std::pair<std::size_t, std::uint64_t>>;

std::string le(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i, value >>= 8) text += static_cast<char>(value & 255);
  return text;
}

std::string utf16(std::string_view text) {
  std::string wide;
  for (const char c : text) wide += std::string(1, c) + '\0';
  return wide;
}

// A message of SMB2; `next`: where the next one of a compound begins.
std::string message(std::uint16_t command, bool response, std::uint64_t number, const std::string& body,
                    std::uint32_t status = 0, std::uint32_t tree = 1, std::uint32_t next = 0) {
  return "\xfeSMB" + le(64, 2) + le(0, 2) + le(status, 4) + le(command, 2) + le(1, 2) +
         le(response ? 1 : 0, 4) + le(next, 4) + le(number, 8) + le(0, 4) + le(tree, 4) + le(0, 8) +
         std::string(16, '\0') + body;
}

std::string frame(const std::string& messages) {
  const std::size_t size = messages.size();
  return std::string(1, '\0') + static_cast<char>(size >> 16) + static_cast<char>(size >> 8 & 255) +
         static_cast<char>(size & 255) + messages;
}

std::string id(std::uint64_t file) { return le(file, 8) + le(file, 8); }

std::string create(std::uint64_t number, std::string_view name, std::uint32_t tree = 1) {
  const std::string wide = utf16(name);
  return message(5, false, number,
                 le(57, 2) + std::string(42, '\0') + le(120, 2) + le(wide.size(), 2) + le(0, 8) + wide, 0,
                 tree);
}
std::string created(std::uint64_t number, std::uint64_t file, std::uint64_t size) {
  return message(5, true, number,
                 le(89, 2) + std::string(46, '\0') + le(size, 8) + le(0, 8) + id(file) + le(0, 8));
}
std::string read(std::uint64_t number, std::uint64_t file, std::uint64_t offset, std::uint32_t tree = 1) {
  return message(8, false, number,
                 le(49, 2) + le(0, 2) + le(4096, 4) + le(offset, 8) + id(file) + std::string(17, '\0'), 0,
                 tree);
}
std::string was_read(std::uint64_t number, const std::string& data) {
  return message(8, true, number, le(17, 2) + le(80, 1) + le(0, 1) + le(data.size(), 4) + le(0, 8) + data);
}
std::string write(std::uint64_t number, std::uint64_t file, std::uint64_t offset, const std::string& data) {
  return message(9, false, number,
                 le(49, 2) + le(112, 2) + le(data.size(), 4) + le(offset, 8) + id(file) + le(0, 16) + data);
}
std::string close(std::uint64_t number, std::uint64_t file) {
  return message(6, false, number, le(24, 2) + le(0, 2) + le(0, 4) + id(file));
}
std::string closed(std::uint64_t number) {
  return message(6, true, number, le(60, 2) + std::string(58, '\0'));
}

TEST(SmbAnalyzerTest, AFileThatIsReadIsAnObject) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.client(frame(create(1, "dir\\a.txt")), size);
    talk.server(frame(created(1, 7, 11)), size);
    talk.client(frame(read(2, 7, 0)) + frame(read(3, 7, 6)), size);
    talk.server(frame(was_read(2, "hello ")) + frame(was_read(3, "world")), size);
    talk.client(frame(close(4, 7)), size);
    talk.server(frame(closed(4)), size);
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].head.name, "dir\\a.txt");
    EXPECT_EQ(talk.objects[0].head.protocol, "smb");
    EXPECT_EQ(talk.objects[0].head.size, 11U);
    EXPECT_EQ(talk.objects[0].data, "hello world");
    EXPECT_TRUE(talk.objects[0].ended);
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.conversation->service(), "smb");
    EXPECT_EQ(talk.anomalies(), Names{});
  }
}

TEST(SmbAnalyzerTest, AFileThatIsWrittenIsAnObject) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.client(frame(create(1, "b")), size);
    talk.server(frame(created(1, 7, 0)), size);
    talk.client(frame(write(2, 7, 0, "one ")) + frame(write(3, 7, 4, "two")), size);
    talk.client(frame(write(4, 7, 10, "jump")) + frame(write(5, 7, 0, "again")), size);
    talk.client(frame(close(6, 7)), size);
    talk.server(frame(closed(6)), size);
    ASSERT_EQ(talk.objects.size(), 2U);
    EXPECT_EQ(talk.objects[0].data, "one twojump");
    EXPECT_EQ(talk.objects[0].gaps[0], std::make_pair(std::size_t{7}, std::uint64_t{3}));
    EXPECT_FALSE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.objects[1].data, "again");
    EXPECT_TRUE(talk.objects[1].end.complete);
  }
}

TEST(SmbAnalyzerTest, MessagesMayShareAFrame) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    const std::string ask = create(1, "abcd");
    const std::string first = "\xfeSMB" + ask.substr(4, 16) + le(ask.size(), 4) + ask.substr(24);
    const std::string related =
        message(8, false, 2,
                le(49, 2) + le(0, 2) + le(9, 4) + le(0, 8) + std::string(16, '\xff') + std::string(17, '\0'));
    talk.client(frame(first + related), size);
    const std::string opened = created(1, 9, 3);
    talk.server(frame(opened.substr(0, 20) + le(opened.size(), 4) + opened.substr(24) + was_read(2, "xyz")),
                size);
    talk.close();
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "xyz");
    EXPECT_EQ(talk.objects[0].head.name, "abcd");
    EXPECT_TRUE(talk.objects[0].end.complete);
  }
}

TEST(SmbAnalyzerTest, WhatIsWrittenBeforeTheFileHasANumberIsOfThatFile) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    const std::string ask = create(1, "abcd");
    const std::string first = "\xfeSMB" + ask.substr(4, 16) + le(ask.size(), 4) + ask.substr(24);
    const std::string related =
        message(9, false, 2,
                le(49, 2) + le(112, 2) + le(3, 4) + le(0, 8) + std::string(16, '\xff') + le(0, 16) + "xyz");
    talk.client(frame(first + related), size);
    talk.server(frame(created(1, 9, 0)), size);
    talk.client(frame(write(3, 9, 3, "more") + ""), size);
    talk.client(frame(close(4, 9)), size);
    talk.server(frame(closed(4)), size);
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "xyzmore");
    EXPECT_EQ(talk.objects[0].head.name, "abcd");
    EXPECT_TRUE(talk.objects[0].end.complete);
  }
}

TEST(SmbAnalyzerTest, TheOrderOfReadsDoesNotMatter) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.client(frame(create(1, "a")), size);
    talk.server(frame(created(1, 7, 10)), size);
    talk.client(frame(read(2, 7, 0)) + frame(read(3, 7, 4)) + frame(read(4, 7, 8)) + frame(read(5, 7, 2)),
                size);
    talk.server(frame(was_read(4, "89")) + frame(was_read(3, "4567")), size);
    EXPECT_EQ(talk.objects.at(0).data, "");
    talk.server(frame(was_read(2, "0123")) + frame(was_read(5, "2345")), size);
    talk.client(frame(close(6, 7)), size);
    talk.server(frame(closed(6)), size);
    ASSERT_EQ(talk.objects.size(), 1U);
    EXPECT_EQ(talk.objects[0].data, "0123456789");
    EXPECT_TRUE(talk.objects[0].end.complete);
    EXPECT_EQ(talk.objects[0].gaps.size(), 0U);
  }
}

TEST(SmbAnalyzerTest, WhatComesAheadIsHeldWithinABound) {
  constexpr std::size_t far = 1'000'000;
  constexpr std::size_t piece = 100'000;
  Talk talk;
  talk.client(frame(create(1, "a")));
  talk.server(frame(created(1, 7, 100'000'000)));
  std::size_t most = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    talk.client(frame(read(2 + i, 7, far + piece * i)));
    talk.server(frame(was_read(2 + i, std::string(piece, static_cast<char>('a' + i % 26)))), 1'400);
    most = std::max(most, talk.services.decoder_memory());
  }
  EXPECT_GT(most, 3'000'000U);
  EXPECT_LE(most, SmbRoom::bytes_max + 2'000);
  // The gap was told when there was no room, and nothing is held any more.
  EXPECT_EQ(talk.services.decoder_memory(), 0U);
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_EQ(talk.objects[0].data.size(), 100 * piece);
  EXPECT_EQ(talk.objects[0].gaps, (Gaps{{0, far}}));
  talk.close();
  EXPECT_EQ(talk.objects[0].data[piece * 99], 'a' + 99 % 26);
  EXPECT_FALSE(talk.objects[0].end.complete);
}

TEST(SmbAnalyzerTest, WhatIsReadInAGapThatWasToldIsAnotherObject) {
  AppOptions options;
  options.limits.decoders_max = 1'000;
  Talk talk(options);
  talk.client(frame(create(1, "a")));
  talk.server(frame(created(1, 7, 3'000)));
  talk.client(frame(read(2, 7, 1'000)) + frame(read(3, 7, 0)));
  talk.server(frame(was_read(2, std::string(2'000, 'x'))));
  EXPECT_EQ(talk.objects.at(0).data.size(), 2'000U);
  talk.server(frame(was_read(3, std::string(1'000, 'y'))));
  talk.close();
  ASSERT_EQ(talk.objects.size(), 2U);
  EXPECT_EQ(talk.objects[0].gaps, (Gaps{{0, 1'000}}));
  EXPECT_EQ(talk.objects[1].data, std::string(1'000, 'y'));
}

TEST(SmbAnalyzerTest, AFileIsCutAtTheLimit) {
  AppOptions options;
  options.limits.object_max = 10;
  Talk talk(options);
  talk.client(frame(create(1, "a")));
  talk.server(frame(created(1, 7, 0)));
  talk.client(frame(write(2, 7, 0, "12345678")) + frame(write(3, 7, 8, "9abcd")));
  talk.client(frame(write(4, 7, ~std::uint64_t{0} - 1, "wrap")));
  talk.close();
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_EQ(talk.objects[0].data, "123456789a");
  EXPECT_TRUE(talk.objects[0].end.over_limit);
  EXPECT_EQ(talk.objects[0].end.wire_size, 17U);
  EXPECT_EQ(talk.anomalies(), (Names{"smb_object_too_large"}));
}

TEST(SmbAnalyzerTest, TheIdlestFileGivesWay) {
  AppOptions options;
  options.limits.streams_max = 2;
  Talk talk(options);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    talk.client(frame(create(i, std::string(1, static_cast<char>('a' + i)))));
    talk.server(frame(created(i, i, 0)));
    talk.client(frame(write(10 + i, i, 0, "x")));
    if (i == 2) talk.client(frame(write(20, 1, 1, "y")));
  }
  ASSERT_EQ(talk.objects.size(), 3U);
  EXPECT_FALSE(talk.objects[0].ended);
  EXPECT_TRUE(talk.objects[1].ended);
  EXPECT_FALSE(talk.objects[2].ended);
  EXPECT_EQ(talk.anomalies(), (Names{"smb_too_many_files"}));
  talk.close();
  EXPECT_EQ(talk.objects[0].data, "xy");
}

TEST(SmbAnalyzerTest, TheOldestRequestIsForgotten) {
  Talk talk;
  for (std::uint64_t i = 1; i <= 5'000; ++i) talk.client(frame(create(i, std::to_string(i))));
  talk.server(frame(created(1, 1, 0)) + frame(created(5'000, 2, 0)));
  talk.client(frame(write(6'000, 1, 0, "x")) + frame(write(6'001, 2, 0, "y")));
  talk.close();
  ASSERT_EQ(talk.objects.size(), 2U);
  EXPECT_EQ(talk.objects[0].head.name, "");
  EXPECT_EQ(talk.objects[1].head.name, "5000");
  EXPECT_EQ(talk.anomalies(), (Names{"smb_too_many_requests"}));
}

TEST(SmbAnalyzerTest, AFailedCreateLeavesTheFileBeforeItOpen) {
  Talk talk;
  talk.client(frame(create(1, "a")) + frame(create(2, "b")));
  const std::string error = le(9, 2) + le(0, 6);
  talk.server(frame(created(1, 7, 3)) + frame(message(5, true, 2, error, 0xc000'0034)));
  const std::string related = message(6, false, 3, le(24, 2) + le(0, 2) + le(0, 4) + std::string(16, '\xff'));
  talk.client(frame(related) + frame(read(4, 7, 0)));
  talk.server(frame(message(6, true, 3, error, 0xc000'0128)) + frame(was_read(4, "yes")));
  talk.close();
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_EQ(talk.objects[0].head.name, "a");
  EXPECT_EQ(talk.objects[0].data, "yes");
}

TEST(SmbAnalyzerTest, ALargeReadIsNotHeld) {
  Talk talk;
  talk.client(frame(create(1, "big")));
  talk.server(frame(created(1, 7, 8'000'000)));
  talk.client(frame(read(2, 7, 0)));
  talk.server(frame(was_read(2, std::string(8'000'000, 'x'))), 1'000);
  EXPECT_LE(talk.conversation->held(), 4'096U);
  talk.close();
  EXPECT_EQ(talk.objects.at(0).data.size(), 8'000'000U);
  EXPECT_TRUE(talk.objects[0].end.complete);
}

TEST(SmbAnalyzerTest, BehindAGapTheNextMessageIsFound) {
  Talk talk;
  talk.client(frame(create(1, "a")));
  talk.server(frame(created(1, 7, 20)));
  talk.client(frame(read(2, 7, 0)) + frame(read(3, 7, 10)));
  const std::string answer = frame(was_read(2, "0123456789"));
  talk.server(answer.substr(0, answer.size() - 8));
  talk.gap(TcpFlowDirection::server_to_client, 4);
  talk.server(answer.substr(answer.size() - 4));
  EXPECT_EQ(talk.objects.at(0).data, "016789");
  EXPECT_EQ(talk.objects[0].gaps[0].second, 4U);
  // One that is missing within a frame, and one of which nobody knows where the next frame begins.
  const std::string next = frame(was_read(3, "abcdefghij"));
  talk.server(next.substr(0, 30));
  talk.gap(TcpFlowDirection::server_to_client, 20);
  talk.server(next.substr(50));
  talk.client(frame(read(3, 7, 10)));
  talk.gap(TcpFlowDirection::server_to_client, 100);
  talk.server("rest of it" + frame(was_read(3, "9876543210")));
  talk.close();
  EXPECT_EQ(talk.objects[0].data, "0167899876543210");
  EXPECT_FALSE(talk.objects[0].end.complete);
}

TEST(SmbAnalyzerTest, PipesAreNoFiles) {
  Talk talk;
  talk.client(frame(message(3, false, 1, le(9, 2) + le(0, 6), 0, 0)));
  talk.server(frame(message(3, true, 1, le(16, 2) + le(2, 1) + le(0, 13), 0, 5)));
  talk.client(frame(create(2, "srvsvc", 5)));
  talk.server(frame(created(2, 7, 0)));
  talk.client(frame(read(3, 7, 0, 5)));
  talk.server(frame(was_read(3, "rpc")));
  talk.close();
  EXPECT_TRUE(talk.objects.empty());
}

TEST(SmbAnalyzerTest, WhatIsEncryptedIsLeftAlone) {
  Talk talk;
  talk.client(frame(create(1, "a")));
  for (int i = 0; i < 3; ++i) talk.client(frame("\xfdSMB" + std::string(60, 'x')));
  talk.client(frame(write(4, 8, 0, "open")));
  EXPECT_EQ(talk.anomalies(), Names{});
  talk.close();
  EXPECT_EQ(talk.objects.at(0).data, "open");
}

TEST(SmbAnalyzerTest, WhatIsNoMessageIsToldOnce) {
  Talk talk;
  talk.client(frame(create(1, "a")));
  talk.client(frame("nothing of the kind") + frame("neither this"));
  talk.close();
  EXPECT_EQ(talk.anomalies(), (Names{"smb_bad_message"}));
}

TEST(SmbAnalyzerTest, ASessionOfNetBiosMayBeAskedForFirst) {
  for (const std::size_t size : piece_sizes) {
    Talk talk;
    talk.client("\x81" + frame(std::string(68, 'n')).substr(1), size);
    talk.server("\x82" + std::string(3, '\0'), size);
    talk.client(frame(write(4, 8, 0, "good")), size);
    talk.close();
    EXPECT_EQ(talk.objects.at(0).data, "good");
  }
}

TEST(SmbAnalyzerTest, WhoAnswersIsNoClient) {
  Talk talk;
  talk.client(frame(created(1, 7, 3)));
  talk.server(frame(create(1, "a")));
  EXPECT_TRUE(talk.conversation->raw());
}

TEST(SmbAnalyzerTest, LengthsThatLieAreSkipped) {
  Talk talk;
  talk.client(frame(
      message(9, false, 1, le(49, 2) + le(112, 2) + le(0xffff'ffff, 4) + le(0, 8) + id(7) + le(0, 16))));
  talk.client(frame(message(5, false, 2, le(57, 2), 0, 1, 0xffff'fff0)));
  talk.client(frame(message(5, false, 3, le(57, 2))) + frame(write(4, 8, 0, "good")));
  talk.close();
  ASSERT_EQ(talk.objects.size(), 1U);
  EXPECT_EQ(talk.objects[0].data, "good");
  EXPECT_EQ(talk.objects[0].head.name, "");
}

TEST(SmbAnalyzerTest, Smb1MayBecomeSmb2) {
  Talk talk;
  talk.client(frame("\xffSMB\x72" + std::string(40, '\0')));
  talk.server(frame(message(0, true, 0, le(65, 2) + std::string(62, '\0'))));
  talk.client(frame(write(4, 8, 0, "good")));
  talk.close();
  EXPECT_EQ(talk.objects.at(0).data, "good");
}

}  // namespace
}  // namespace restitch::testing
