// The C interface as a C program sees it: by restitch/c.h alone.
#include "restitch/c.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "c/status.h"

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string sample = std::string(RESTITCH_SOURCE_DIR) + "/tests/data/sample.pcapng";

restitch_reader* open_sample(const restitch_reader_options* options = nullptr) {
  const std::array<const char*, 1> paths = {sample.c_str()};
  restitch_reader* reader = nullptr;
  EXPECT_EQ(restitch_reader_open(&reader, paths.data(), paths.size(), options), RESTITCH_OK);
  return reader;
}

std::string text_of(const restitch_endpoint& endpoint) {
  std::array<char, RESTITCH_ENDPOINT_TEXT_SIZE> text{};
  return restitch_endpoint_text(&endpoint, text.data());
}

TEST(CInterface, HandsOutEachConnectionWithItsBytes) {
  restitch_reader* const reader = open_sample();
  const restitch_connection* connection = nullptr;
  std::size_t connections = 0;
  std::uint64_t bytes = 0;
  while (restitch_reader_next(reader, &connection) == RESTITCH_OK) {
    ++connections;
    bytes += connection->client->data_size + connection->server->data_size;
    EXPECT_EQ(connection->client->data_size, connection->client->byte_count);
    EXPECT_EQ(std::strlen(connection->uid), 18U);
    EXPECT_THAT(connection->community_id, StartsWith("1:"));
    EXPECT_STREQ(restitch_end_name(connection->end), "fin");
    EXPECT_STREQ(connection->service, "http");
    EXPECT_THAT(text_of(connection->server->sender), ::testing::EndsWith(":80"));
  }
  restitch_counts counts{};
  counts.size = sizeof counts;
  EXPECT_EQ(restitch_reader_counts(reader, &counts), RESTITCH_OK);
  EXPECT_EQ(connections, 26U);
  EXPECT_EQ(counts.connections, 26U);
  EXPECT_EQ(counts.packets, 1024U);
  EXPECT_EQ(counts.delivered, bytes);
  EXPECT_EQ(restitch_reader_next(reader, &connection), RESTITCH_END);
  restitch_reader_close(reader);
}

TEST(CInterface, BlocksHaveTheSameBytes) {
  restitch_reader_options options{};
  options.size = sizeof options;
  options.scattered = 1;
  restitch_reader* const whole = open_sample();
  restitch_reader* const scattered = open_sample(&options);
  const restitch_connection* one = nullptr;
  const restitch_connection* other = nullptr;
  std::size_t blocks = 0;
  while (restitch_reader_next(whole, &one) == RESTITCH_OK) {
    ASSERT_EQ(restitch_reader_next(scattered, &other), RESTITCH_OK);
    std::string said;
    for (std::size_t i = 0; i < other->server->block_count; ++i) {
      const restitch_block& block = other->server->blocks[i];
      said.append(reinterpret_cast<const char*>(block.data), block.size);
    }
    EXPECT_EQ(other->server->data, nullptr);
    EXPECT_EQ(said, std::string(reinterpret_cast<const char*>(one->server->data), one->server->data_size));
    blocks += other->server->block_count;
  }
  EXPECT_GT(blocks, 26U);
  restitch_reader_close(whole);
  restitch_reader_close(scattered);
}

TEST(CInterface, ReadsWhatAnOlderCallerKnowsOfAStruct) {
  restitch_reader_options options{};
  options.size = offsetof(restitch_reader_options, where);
  options.filter = "ip6";
  options.where = "this is behind the end";
  restitch_reader* const reader = open_sample(&options);
  const restitch_connection* connection = nullptr;
  std::size_t connections = 0;
  while (restitch_reader_next(reader, &connection) == RESTITCH_OK) ++connections;
  EXPECT_EQ(connections, 13U);
  restitch_reader_close(reader);
}

TEST(CInterface, WritesNoMoreThanAnOlderCallerHasRoomFor) {
  struct {
    restitch_counts counts;
  } room{};
  room.counts.size = offsetof(restitch_counts, segments);
  room.counts.segments = 77;
  restitch_reader* const reader = open_sample();
  const restitch_connection* connection = nullptr;
  EXPECT_EQ(restitch_reader_next(reader, &connection), RESTITCH_OK);
  EXPECT_EQ(restitch_reader_counts(reader, &room.counts), RESTITCH_OK);
  EXPECT_GT(room.counts.packets, 0U);
  EXPECT_EQ(room.counts.segments, 77U);
  room.counts.size = 0;
  EXPECT_EQ(restitch_reader_counts(reader, &room.counts), RESTITCH_INVALID);
  restitch_reader_close(reader);
}

TEST(CInterface, SaysWhyItFails) {
  const std::array<const char*, 1> paths = {"/nowhere/a.pcap"};
  restitch_reader* reader = nullptr;
  EXPECT_EQ(restitch_reader_open(&reader, paths.data(), paths.size(), nullptr), RESTITCH_IO);
  EXPECT_EQ(reader, nullptr);
  EXPECT_THAT(restitch_error(), HasSubstr("/nowhere/a.pcap"));
  restitch_reader_options options{};
  options.size = sizeof options;
  options.receiver = "capture,10.0.0.0/8=plan9";
  EXPECT_EQ(restitch_reader_open(&reader, paths.data(), paths.size(), &options), RESTITCH_INVALID);
  EXPECT_THAT(restitch_error(), HasSubstr("plan9"));
}

TEST(CInterface, AStepComesBackBeforeThereIsAConnection) {
  restitch_reader_options options{};
  options.size = sizeof options;
  options.step_packets = 64;
  restitch_reader* const reader = open_sample(&options);
  const restitch_connection* connection = nullptr;
  std::vector<restitch_status> answers;
  restitch_status answer = RESTITCH_OK;
  while ((answer = restitch_reader_next(reader, &connection)) != RESTITCH_END) answers.push_back(answer);
  EXPECT_EQ(std::count(answers.begin(), answers.end(), RESTITCH_OK), 26);
  EXPECT_GT(std::count(answers.begin(), answers.end(), RESTITCH_AGAIN), 0);
  EXPECT_EQ(std::count_if(answers.begin(), answers.end(), [](int one) { return one < 0; }), 0);
  restitch_reader_close(reader);
}

// Streams that count, and misbehave where they are told to.
struct Told {
  restitch_reader* reader = nullptr;
  int opened = 0;
  int released = 0;
  int completed = 0;
  int stop_at = -1;  // the delivery, of all
  int deliveries = 0;
  std::uint64_t bytes = 0;
  restitch_status entered = RESTITCH_OK;
};

Told& told(void* user) { return *static_cast<Told*>(user); }

restitch_callbacks callbacks_for(Told& user) {
  restitch_callbacks calls{};
  calls.size = sizeof calls;
  calls.user = &user;
  calls.open = [](void* to, const restitch_opening*, void** stream) -> int {
    ++told(to).opened;
    *stream = to;
    return RESTITCH_GO_ON;
  };
  calls.deliver = [](void* to, void*, const restitch_delivery* delivery) -> int {
    told(to).bytes += delivery->data_size;
    return ++told(to).deliveries == told(to).stop_at ? RESTITCH_STOPPED : RESTITCH_GO_ON;
  };
  calls.complete = [](void* to, void*, int) -> int {
    ++told(to).completed;
    const restitch_connection* connection = nullptr;
    if (told(to).reader != nullptr) told(to).entered = restitch_reader_next(told(to).reader, &connection);
    return RESTITCH_GO_ON;
  };
  calls.release = [](void* to, void*) { ++told(to).released; };
  return calls;
}

TEST(CInterface, RunTellsStreamsAndReleasesEachOfThem) {
  restitch_reader* const reader = open_sample();
  Told user;
  user.reader = reader;
  const restitch_callbacks calls = callbacks_for(user);
  EXPECT_EQ(restitch_reader_run(reader, &calls), RESTITCH_END);
  EXPECT_EQ(user.entered, RESTITCH_INVALID) << "a callback cannot use its own handle";
  EXPECT_THAT((std::vector<int>{user.opened, user.completed, user.released}), ElementsAre(26, 26, 26));
  EXPECT_EQ(user.bytes, 536343U);
  restitch_reader_close(reader);
  EXPECT_EQ(user.released, 26);
}

TEST(CInterface, ACallbackStopsTheCallAndTheNextOneGoesOn) {
  restitch_reader* const reader = open_sample();
  Told user;
  user.stop_at = 5;
  const restitch_callbacks calls = callbacks_for(user);
  EXPECT_EQ(restitch_reader_run(reader, &calls), RESTITCH_STOPPED);
  EXPECT_EQ(user.deliveries, 5);
  EXPECT_EQ(restitch_reader_run(reader, &calls), RESTITCH_END);
  EXPECT_GT(user.completed, 0);
  EXPECT_EQ(user.opened, user.released);
  restitch_reader_close(reader);
}

TEST(CInterface, WhatIsOpenWhenItIsClosedIsReleasedAndNotCompleted) {
  restitch_reader* const reader = open_sample();
  Told user;
  user.stop_at = 5;
  const restitch_callbacks calls = callbacks_for(user);
  EXPECT_EQ(restitch_reader_run(reader, &calls), RESTITCH_STOPPED);
  const int completed = user.completed;
  restitch_reader_close(reader);
  EXPECT_EQ(user.completed, completed);
  EXPECT_EQ(user.released, user.opened);
}

TEST(CInterface, NothingThatIsThrownPasses) {
  EXPECT_EQ(restitch::c::guarded([]() -> int { throw restitch::c::Stop(); }), RESTITCH_STOPPED);
  EXPECT_EQ(restitch::c::guarded([]() -> int { throw std::bad_alloc(); }), RESTITCH_NO_MEMORY);
  EXPECT_EQ(restitch::c::guarded([]() -> int { throw std::runtime_error("why"); }), RESTITCH_INTERNAL);
  EXPECT_STREQ(restitch_error(), "why");
  EXPECT_EQ(restitch::c::guarded([]() -> int { throw 7; }), RESTITCH_INTERNAL);
  const std::string long_text(5000, 'x');
  EXPECT_EQ(restitch::c::fail(RESTITCH_IO, long_text), RESTITCH_IO);
  EXPECT_EQ(std::strlen(restitch_error()), 1023U);
}

TEST(CInterface, NamesEndWhereTheyEnd) {
  EXPECT_STREQ(restitch_event_name(0), "conflict");
  EXPECT_STREQ(restitch_event_name(restitch_event_kinds() - 1), "packets_lost");
  EXPECT_EQ(restitch_event_name(restitch_event_kinds()), nullptr);
  EXPECT_EQ(restitch_event_name(-1), nullptr);
  EXPECT_STREQ(restitch_end_name(RESTITCH_END_INTERRUPTED), "interrupted");
  EXPECT_EQ(restitch_end_name(RESTITCH_END_INTERRUPTED + 1), nullptr);
}

}  // namespace
