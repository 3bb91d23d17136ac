// Captures in gzip, zstd, lz4 and xz frames: whole, in pieces, in several frames, and damaged.
#include "capture/compressed_source.h"

#include <gmock/gmock.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>
#if __has_include(<lzma.h>)
#include <lzma.h>
#endif

#include <algorithm>
#include <random>

#include "base/sanitized.h"
#include "unit/capture/capture_builder.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;

ByteVector gzip(Bytes in) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  ByteVector out(deflateBound(&stream, in.size()));
  stream.next_in = const_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

ByteVector zstd(Bytes in) {
  ByteVector out(ZSTD_compressBound(in.size()));
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  out.resize(ZSTD_compress2(context, out.data(), out.size(), in.data(), in.size()));
  ZSTD_freeCCtx(context);
  return out;
}

ByteVector lz4(Bytes in) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  ByteVector out(LZ4F_compressFrameBound(in.size(), &preferences));
  out.resize(LZ4F_compressFrame(out.data(), out.size(), in.data(), in.size(), &preferences));
  return out;
}

#if __has_include(<lzma.h>)
// In several blocks, as several threads make them.
ByteVector xz(Bytes in) {
  lzma_stream stream = LZMA_STREAM_INIT;
  lzma_mt options{};
  options.threads = 1;
  options.block_size = std::uint64_t{64} << 10;
  options.preset = 6;
  options.check = LZMA_CHECK_CRC64;
  EXPECT_EQ(lzma_stream_encoder_mt(&stream, &options), LZMA_OK);
  ByteVector out(in.size() + (std::size_t{64} << 10));
  stream.next_in = in.data();
  stream.avail_in = in.size();
  stream.next_out = out.data();
  stream.avail_out = out.size();
  EXPECT_EQ(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
  out.resize(stream.total_out);
  lzma_end(&stream);
  return out;
}
#else
ByteVector xz(Bytes in) { return {in.begin(), in.end()}; }
#endif

struct Format {
  const char* name;
  ByteVector (*compress)(Bytes);
};

// Large enough for several blocks in each format, and not too easy to compress.
ByteVector sample(unsigned records) {
  PcapBuilder file;
  std::mt19937 random(7);
  for (unsigned i = 0; i < records; ++i) {
    std::string frame(random() % 1400, ' ');
    for (char& c : frame) c = static_cast<char>('a' + random() % 26);
    file.record(i, i, frame);
  }
  return file.bytes;
}

class CompressedSourceTest : public ::testing::TestWithParam<Format> {
 protected:
  void SetUp() override {
    if (GetParam().compress == xz && !can_decompress_xz()) GTEST_SKIP() << "built without liblzma";
  }
  static ByteVector compress(Bytes in) { return GetParam().compress(in); }
};

INSTANTIATE_TEST_SUITE_P(Formats, CompressedSourceTest,
                         ::testing::Values(Format{"gzip", gzip}, Format{"zstd", zstd}, Format{"lz4", lz4},
                                           Format{"xz", xz}),
                         [](const auto& format) { return std::string(format.param.name); });

TEST_P(CompressedSourceTest, ACompressedCaptureGivesTheRecordsOfThePlainOne) {
  const ByteVector plain = sample(1000);
  const Reading expected = read_bytes(plain);
  const ByteVector packed = compress(plain);
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{5000}, packed.size()}) {
    const Reading reading = read_bytes(packed, chunk);
    EXPECT_EQ(reading.records, expected.records) << "in pieces of " << chunk;
    EXPECT_FALSE(reading.end.damaged) << reading.end.message;
  }
}

TEST_P(CompressedSourceTest, SeveralFramesOneBehindTheOtherAreOneCapture) {
  const ByteVector plain = sample(50);
  const Bytes all(plain);
  const ByteVector packed = compress(all.first(1000)) + compress(all.first(0)) + compress(all.subspan(1000));
  for (const std::size_t chunk : {std::size_t{1}, packed.size()}) {
    const Reading reading = read_bytes(packed, chunk);
    EXPECT_EQ(reading.records, read_bytes(plain).records);
    EXPECT_FALSE(reading.end.damaged) << reading.end.message;
  }
}

TEST_P(CompressedSourceTest, ACutDeliversWhatCameBeforeAndSaysSo) {
  const ByteVector plain = sample(1000);
  const Reading expected = read_bytes(plain);
  const ByteVector packed = compress(plain);
  const Reading reading = read_bytes(Bytes(packed).first(packed.size() * 3 / 4));
  ASSERT_TRUE(reading.opened);
  EXPECT_GT(reading.records.size(), expected.records.size() / 2);
  EXPECT_LT(reading.records.size(), expected.records.size());
  EXPECT_TRUE(std::equal(reading.records.begin(), reading.records.end(), expected.records.begin()));
  EXPECT_TRUE(reading.end.damaged);
  EXPECT_THAT(reading.end.message, HasSubstr(std::string(GetParam().name) + ": the data are cut short"));
}

// All of it lies in memory at once, so that only the format's own blocks can keep good and bad apart.
TEST_P(CompressedSourceTest, ADamagedBlockDoesNotTakeTheBlocksBeforeItWithIt) {
  const ByteVector plain = sample(2000);
  const Reading expected = read_bytes(plain);
  ByteVector packed = compress(plain);
  const auto middle = packed.begin() + static_cast<std::ptrdiff_t>(packed.size() / 2);
  std::fill(middle, middle + 4000, std::uint8_t{0xff});
  const std::size_t all = plain.size() + packed.size();
  const Reading reading = read_bytes(packed, all, all);
  ASSERT_TRUE(reading.opened) << reading.error.message;
  EXPECT_TRUE(reading.end.damaged);
  const std::size_t third = expected.records.size() / 3;
  ASSERT_GT(reading.records.size(), third);
  EXPECT_TRUE(std::equal(reading.records.begin(),
                         reading.records.begin() + static_cast<std::ptrdiff_t>(third),
                         expected.records.begin()));
}

TEST_P(CompressedSourceTest, CutsAtAnyByteNeverGiveAWrongRecord) {
  const ByteVector plain = sample(12);
  const Reading expected = read_bytes(plain);
  const ByteVector packed = compress(plain);
#ifdef RESTITCH_SANITIZED
  constexpr std::size_t step = 3;  // each takes a decompressor of its own, and its memory is watched
#else
  constexpr std::size_t step = 1;
#endif
  for (std::size_t cut = 4; cut < packed.size(); cut += step) {
    const Reading reading = read_bytes(Bytes(packed).first(cut));
    ASSERT_LE(reading.records.size(), expected.records.size());
    EXPECT_TRUE(std::equal(reading.records.begin(), reading.records.end(), expected.records.begin()));
    EXPECT_TRUE(!reading.opened || reading.end.damaged) << "cut at " << cut;
    EXPECT_TRUE(reading.opened || reading.error.code == ErrorCode::damaged) << "cut at " << cut;
  }
}

TEST_P(CompressedSourceTest, AWrongChecksumIsDamageBehindTheRecords) {
  const ByteVector plain = sample(100);
  ByteVector packed = compress(plain);
  packed[packed.size() - (GetParam().compress == gzip ? 5 : 1)] ^= 1;
  const Reading reading = read_bytes(packed);
  ASSERT_TRUE(reading.opened);
  EXPECT_TRUE(reading.end.damaged);
  EXPECT_THAT(reading.end.message, HasSubstr(GetParam().name));
  const Reading expected = read_bytes(plain);
  EXPECT_TRUE(std::equal(reading.records.begin(), reading.records.end(), expected.records.begin()));
}

TEST_P(CompressedSourceTest, GarbageBehindTheFrameIsDamageAndZerosArePadding) {
  const ByteVector plain = sample(20);
  const Reading expected = read_bytes(plain);
  const Reading padded = read_bytes(compress(plain) + ByteVector(700, 0));
  EXPECT_EQ(padded.records, expected.records);
  EXPECT_FALSE(padded.end.damaged) << padded.end.message;
  const Reading spoilt = read_bytes(compress(plain) + ByteVector(700, 'g'));
  EXPECT_EQ(spoilt.records, expected.records);
  EXPECT_TRUE(spoilt.end.damaged);
}

TEST_P(CompressedSourceTest, AnyFlippedBitEndsWithoutHarm) {
  const ByteVector plain = sample(3);
  const ByteVector packed = compress(plain);
  for (std::size_t i = 4; i < packed.size(); ++i) {
    ByteVector flipped = packed;
    flipped[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    const Reading reading = read_bytes(flipped);
    EXPECT_EQ(reading.end.damaged, !reading.end.message.empty());
  }
}

TEST_P(CompressedSourceTest, SomethingElseCompressedIsCalledByItsName) {
  const std::string_view text = "this is a text and not a capture at all";
  const Reading reading = read_bytes(compress(ByteVector(text.begin(), text.end())));
  EXPECT_FALSE(reading.opened);
  EXPECT_THAT(reading.error.message, HasSubstr("text"));
}

// With the largest windows, dictionaries and blocks that the tools are asked for.
ByteVector greedy(const std::string& format, Bytes in) {
  ByteVector out(in.size() + (std::size_t{1} << 20));
  if (format == "zstd") {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 24);
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    // The size is not known in advance.
    EXPECT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &to, &from, ZSTD_e_continue)), 0U);
    EXPECT_EQ(ZSTD_compressStream2(context, &to, &from, ZSTD_e_end), 0U);
    ZSTD_freeCCtx(context);
    out.resize(to.pos);
  } else if (format == "lz4") {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockSizeID = LZ4F_max4MB;
    out.resize(LZ4F_compressBound(in.size(), &preferences) + LZ4F_HEADER_SIZE_MAX);
    LZ4F_cctx* context = nullptr;
    EXPECT_EQ(LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION)), 0U);
    // At once it would take blocks that fit the data.
    std::size_t end = LZ4F_compressBegin(context, out.data(), out.size(), &preferences);
    end += LZ4F_compressUpdate(context, out.data() + end, out.size() - end, in.data(), in.size(), nullptr);
    end += LZ4F_compressEnd(context, out.data() + end, out.size() - end, nullptr);
    LZ4F_freeCompressionContext(context);
    out.resize(end);
  } else {
    out = xz(in);
  }
  return out;
}

TEST_P(CompressedSourceTest, TakesNoMoreMemoryThanThereIsAndSaysHowMuchItWould) {
  const std::string format = GetParam().name;
  if (format == "gzip") return;  // 32 KiB, always
  const ByteVector plain = sample(50);
  const ByteVector packed = greedy(format, plain);
  const auto read = [&](std::size_t memory_max, std::size_t chunk) {
    ReadingMemory memory(memory_max);
    OpenOptions options;
    options.memory = &memory;
    Reading reading = read_all(open_source(std::make_unique<MemorySource>(packed, chunk), options));
    EXPECT_EQ(memory.left(), memory_max) << "all is given back";
    return reading;
  };
  for (const std::size_t chunk : {std::size_t{1}, packed.size()}) {
    const Reading little = read(std::size_t{3} << 20, chunk);
    EXPECT_FALSE(little.opened);
    EXPECT_EQ(little.error.code, ErrorCode::damaged);
    EXPECT_THAT(little.error.message,
                ::testing::MatchesRegex(format + ": takes [0-9]+ MiB of memory to decompress, "
                                                 "where 2 MiB are left \\(see --memory\\), "
                                                 "after [0-9]+ compressed bytes"));
    const Reading enough = read(std::size_t{40} << 20, chunk);
    EXPECT_EQ(enough.records, read_bytes(plain).records) << enough.error.message << enough.end.message;
  }
}

}  // namespace
}  // namespace restitch::testing
