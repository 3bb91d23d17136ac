// Batches on their way: what goes in comes out, and what is none is said to be none.
#include "restitch/cluster/batch.h"

#include <gtest/gtest.h>

#include <string>

#include "support/frame_builder.h"

namespace restitch::cluster {
namespace {

using restitch::testing::Frame;
using restitch::testing::FrameBuilder;

struct Sample {
  Frame frame = FrameBuilder().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80).seq(7).payload("hello").build();
  BatchSegment segment;
  Batch batch;

  Sample() {
    batch.sensor = 3;
    batch.epoch = 2;
    batch.number = 41;
    batch.partition = 1;
    batch.partitions = 4;
    batch.watermark = 2'000;
    BatchRecord tick;
    tick.merged = 1'000;
    tick.info.timestamp.ns = 900;
    tick.info.packet_number = 5;
    BatchRecord packet = tick;
    packet.kind = BatchRecord::Kind::frame;
    packet.merged = 2'000;
    packet.info.timestamp.ns = 2'000;
    packet.info.packet_number = 9;
    packet.info.captured_size = static_cast<std::uint32_t>(frame.size());
    packet.info.original_size = packet.info.captured_size + 10;
    packet.frame = frame;
    segment.decoded = decode(LinkType::ethernet, frame, frame.size());
    segment.decoded.reassembled = true;
    segment.decoded.vlan = 12;
    segment.domain_ids = {1, std::uint64_t{1} << 60};
    BatchRecord found = packet;
    found.kind = BatchRecord::Kind::segment;
    found.part = 1;
    found.frame = {};
    found.segment = &segment;
    batch.records = {tick, packet, found};
    batch.first = 1'000;
    batch.last = 2'000;
  }
};

void expect_sample(const Batch& batch, const Sample& sample) {
  EXPECT_EQ(batch.id(), "3.2.p1.41");
  EXPECT_EQ(batch.watermark, 2'000);
  ASSERT_EQ(batch.records.size(), 3u);
  EXPECT_EQ(batch.records[0].info.timestamp.ns, 900);
  EXPECT_EQ(batch.records[0].info.packet_number, 5u);
  EXPECT_EQ(Frame(batch.records[1].frame.begin(), batch.records[1].frame.end()), sample.frame);
  EXPECT_EQ(batch.records[1].info.original_size, sample.frame.size() + 10);
  const BatchSegment& segment = *batch.records[2].segment;
  EXPECT_EQ(segment.domain_ids, sample.segment.domain_ids);
  EXPECT_TRUE(segment.decoded.reassembled);
  EXPECT_EQ(segment.decoded.vlan, 12);
  EXPECT_EQ(segment.decoded.net, sample.segment.decoded.net);
  EXPECT_EQ(restitch::testing::to_text(segment.decoded.tcp.payload), "hello");
  EXPECT_EQ(segment.decoded.tcp.sequence, Sequence(7));
}

TEST(Batch, WhatGoesInComesOut) {
  for (const bool compress : {false, true}) {
    const Sample sample;
    const auto bytes = encode_batch(sample.batch, compress);
    const auto batch = decode_batch(bytes);
    ASSERT_TRUE(batch) << batch.error().message;
    expect_sample(*batch, sample);
    const Batch moved = std::move(*decode_batch(bytes));
    expect_sample(moved, sample);
  }
}

TEST(Batch, HasTheLayoutThatIsPublished) {
  Batch batch;
  batch.kind = Batch::Kind::gone;
  batch.sensor = 0x0102;
  batch.epoch = 3;
  batch.partitions = 4;
  const auto bytes = encode_batch(batch);
  EXPECT_EQ(bytes.size(), Batch::header_size + 4);
  EXPECT_EQ(restitch::testing::to_text(Bytes(bytes).first(4)), "RSTB");
  EXPECT_EQ(bytes[4], Batch::version);
  EXPECT_EQ(bytes[5], 1);
  EXPECT_EQ(bytes[8], 0x02);
  EXPECT_EQ(bytes[9], 0x01);
}

TEST(Batch, EachBitCountsForItsSum) {
  const Sample sample;
  const auto bytes = encode_batch(sample.batch);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto other = bytes;
    other[i] = static_cast<std::uint8_t>(other[i] ^ 1U << i % 8);
    EXPECT_FALSE(decode_batch(other)) << i;
  }
}

TEST(Batch, PartOfOneIsNone) {
  const Sample sample;
  const auto bytes = encode_batch(sample.batch);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_batch(Bytes(bytes).first(size))) << size;
  }
}

TEST(Batch, SaysWhatIsWrong) {
  const Sample sample;
  auto bytes = encode_batch(sample.batch);
  EXPECT_EQ(decode_batch(Bytes()).error().message, "no magic number");
  bytes.back() ^= 1U;
  EXPECT_EQ(decode_batch(bytes).error().message, "wrong CRC");
  bytes[4] = 9;
  EXPECT_EQ(decode_batch(bytes).error().code, ErrorCode::unsupported);
  EXPECT_EQ(decode_batch(bytes).error().message, "version 9");
}

}  // namespace
}  // namespace restitch::cluster
