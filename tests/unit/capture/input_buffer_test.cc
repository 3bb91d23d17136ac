// The refillable buffer, and what a lying length costs.
#include "capture/input_buffer.h"

#include <gmock/gmock.h>

#include "unit/capture/capture_builder.h"

namespace restitch::testing {
namespace {

std::string text(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

ByteVector bytes_of(std::string_view value) { return {value.begin(), value.end()}; }

TEST(InputBufferTest, WhatIsNotConsumedStaysInOnePieceAcrossRefills) {
  const ByteVector input = bytes_of("abcdefgh");
  InputBuffer buffer(std::make_unique<MemorySource>(input, 3), 4, 4);
  EXPECT_EQ(text(buffer.bytes()), "");
  ASSERT_TRUE(buffer.refill());
  EXPECT_EQ(text(buffer.bytes()), "abc");
  buffer.consume(2);
  ASSERT_TRUE(buffer.refill());
  EXPECT_EQ(text(buffer.bytes()), "cdef");
  buffer.consume(4);
  ASSERT_TRUE(buffer.refill());
  EXPECT_EQ(text(buffer.bytes()), "gh");
  EXPECT_FALSE(buffer.refill());
  EXPECT_EQ(text(buffer.bytes()), "gh") << "the end takes nothing away";
  EXPECT_EQ(buffer.failure(), "");
}

TEST(InputBufferTest, ItGrowsOnlyWhenFullAndNotAboveItsLimit) {
  const ByteVector input(100, 'x');
  InputBuffer buffer(std::make_unique<MemorySource>(input, 5), 8, 20);
  EXPECT_FALSE(buffer.require(50));
  EXPECT_EQ(buffer.capacity(), 20U);
  EXPECT_EQ(buffer.bytes().size(), 20U);
  EXPECT_THAT(buffer.failure(), ::testing::HasSubstr("20 bytes"));
}

TEST(InputBufferTest, ALengthThatLiesCostsNoMemory) {
  PcapBuilder file;
  file.head(0, 0, record_size_max, record_size_max).raw("a few bytes");
  InputBuffer buffer(std::make_unique<MemorySource>(file.bytes, 1000), 64, record_size_max);
  EXPECT_FALSE(buffer.require(record_size_max));
  EXPECT_EQ(buffer.capacity(), 64U);
}

TEST(InputBufferTest, WhatItGaveAwayStaysAsItIsAndItGoesOnElsewhere) {
  const ByteVector input = bytes_of("abcdefghijkl");
  InputBuffer buffer(std::make_unique<MemorySource>(input, 8), 8, 8);
  ASSERT_TRUE(buffer.refill());
  const Bytes first = buffer.bytes().first(6);
  buffer.consume(6);
  RecordMemory memory;
  buffer.exchange(memory, 8);
  EXPECT_EQ(text(buffer.bytes()), "gh");
  EXPECT_TRUE(buffer.refill());
  EXPECT_EQ(text(buffer.bytes()), "ghijkl");
  EXPECT_EQ(text(first), "abcdef");
  EXPECT_EQ(memory.size, 8U);
  const std::uint8_t* const given_back = memory.bytes.get();
  buffer.exchange(memory, 8);
  EXPECT_EQ(buffer.bytes().data(), given_back);
  EXPECT_EQ(text(buffer.bytes()), "ghijkl");
}

TEST(InputBufferTest, MemoryThatGrewForALongRecordIsNotKept) {
  const ByteVector input(100, 'x');
  InputBuffer buffer(std::make_unique<MemorySource>(input, 100), 8, 64);
  ASSERT_TRUE(buffer.require(64));
  buffer.consume(64);
  RecordMemory memory;
  buffer.exchange(memory, 8);
  EXPECT_EQ(memory.size, 64U);
  EXPECT_EQ(buffer.capacity(), 8U);
  buffer.exchange(memory, 8);
  EXPECT_EQ(buffer.capacity(), 8U);
}

TEST(InputBufferTest, ARecordLargerThanTheBufferIsReadWhole) {
  PcapBuilder file;
  const std::string large(3'000'000, 'y');
  file.record(0, 0, "small").record(0, 0, large).record(0, 0, "small again");
  const Reading reading = read_bytes(file.bytes, 65536, std::size_t{1} << 20);
  ASSERT_THAT(reading.records, ::testing::SizeIs(3));
  EXPECT_EQ(reading.records[1].frame, large);
  EXPECT_FALSE(reading.end.damaged);
}

}  // namespace
}  // namespace restitch::testing
