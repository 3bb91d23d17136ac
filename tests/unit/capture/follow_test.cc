// Files and directories that grow while they are read: what comes out is what the finished files hold.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include "restitch/capture_inputs.h"
#include "unit/capture/capture_files.h"

namespace restitch::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Long enough for a writer on a busy machine, short enough for a test.
constexpr std::int64_t idle_ns = 3'000'000'000;

ByteVector sample(unsigned records, std::uint32_t first_second, unsigned seed) {
  PcapBuilder file;
  std::mt19937 random(seed);
  for (unsigned i = 0; i < records; ++i) {
    file.record(first_second, i, std::string(random() % 900, static_cast<char>('a' + i % 26)));
  }
  return file.bytes;
}

ByteVector gzipped(Bytes in) {
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

class FollowTest : public ::testing::Test {
 protected:
  // Appends `bytes` to a file in pieces that end anywhere.
  void write_slowly(const std::string& name, Bytes bytes, unsigned seed) {
    std::mt19937 random(seed);
    while (!bytes.empty()) {
      const std::size_t size = std::min<std::size_t>(bytes.size(), 1 + random() % 20'000);
      folder_.append(name, bytes.first(size));
      bytes = bytes.subspan(size);
      std::this_thread::sleep_for(milliseconds(random() % 8));
    }
  }
  static std::vector<std::string> frames(const Reading& reading) {
    std::vector<std::string> all;
    for (const KeptRecord& record : reading.records) all.push_back(record.frame);
    return all;
  }
  // Reads until a writer is done and the flag is set behind it.
  template <class Write>
  Reading read_while(const std::string& path, Write write) {
    InputOptions options;
    options.follow = true;
    options.following.stop = &stop_;
    Reading reading;
    std::thread writer([&] {
      write();
      stop_ = true;
    });
    auto opened = open_inputs({path}, options);
    reading = read_all(std::unique_ptr<CaptureReader>(std::move(opened)));
    writer.join();
    return reading;
  }

  // Waits for just so many records; a reader that never has them ends in the runner's time limit.
  static void read_records(CaptureReader& reader, std::size_t count) {
    while (count > 0 && !reader.finished()) {
      const std::size_t got = reader.next_batch().size();
      ASSERT_LE(got, count);
      count -= got;
    }
    ASSERT_EQ(count, 0U);
  }

  TemporaryDirectory folder_;
  std::atomic<bool> stop_ = false;
};

TEST_F(FollowTest, AFileReadWhileItIsWrittenGivesTheRecordsOfTheWholeFile) {
  const ByteVector whole = sample(1500, 7, 1);
  const std::string path = folder_.path() + "/growing";
  const Reading reading = read_while(path, [&] { write_slowly("growing", whole, 2); });
  EXPECT_EQ(reading.records, read_bytes(whole).records);
  EXPECT_FALSE(reading.end.damaged) << reading.end.message;
}

TEST_F(FollowTest, ACompressedFileGrowsAsWell) {
  const ByteVector whole = sample(800, 7, 3);
  const ByteVector packed = gzipped(whole);
  const std::string path = folder_.path() + "/growing.gz";
  const Reading reading = read_while(path, [&] { write_slowly("growing.gz", packed, 4); });
  EXPECT_EQ(reading.records, read_bytes(whole).records);
  EXPECT_FALSE(reading.end.damaged) << reading.end.message;
}

TEST_F(FollowTest, ARotatedSetReadWhileItIsWrittenGivesTheRecordsOfTheWholeSet) {
  std::vector<KeptRecord> expected;
  std::vector<ByteVector> files;
  for (std::uint32_t i = 0; i < 6; ++i) {
    files.push_back(sample(150, 100 + i, 10 + i));
    const Reading whole = read_bytes(files.back());
    expected.insert(expected.end(), whole.records.begin(), whole.records.end());
  }
  // Two files are there already; and names are no guide to their order.
  folder_.write("9", files[0]);
  folder_.write("8", files[1]);
  const Reading reading = read_while(folder_.path(), [&] {
    for (std::size_t i = 2; i < files.size(); ++i) {
      write_slowly(std::to_string(9 - i), files[i], static_cast<unsigned>(i));
    }
  });
  ASSERT_THAT(reading.records, SizeIs(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(reading.records[i].frame, expected[i].frame) << i;
    ASSERT_EQ(reading.records[i].info.timestamp, expected[i].info.timestamp) << i;
    ASSERT_EQ(reading.records[i].info.source_index, 0U) << i;
  }
  EXPECT_FALSE(reading.end.damaged) << reading.end.message;
  EXPECT_THAT(reading.metadata.interfaces, SizeIs(6));
}

// The inode of the file that went may be given to the one that comes.
TEST_F(FollowTest, ARingOfNamesIsReadAgainWhenItComesRound) {
  folder_.write("0", sample(10, 100, 1));
  const auto reader = follow_directory(folder_.path(), {.stop = &stop_});
  ASSERT_TRUE(reader);
  read_records(**reader, 10);
  folder_.write("1", sample(10, 101, 2));
  read_records(**reader, 10);
  std::filesystem::remove(folder_.path() + "/0");
  folder_.write("0", sample(10, 102, 3));
  read_records(**reader, 10);
  stop_ = true;
  EXPECT_THAT((*reader)->next_batch(), IsEmpty());
  EXPECT_TRUE((*reader)->finished());
}

TEST_F(FollowTest, AFileThatIsOverwrittenInItsPlaceIsReadAgain) {
  folder_.write("0", sample(10, 100, 1));
  const auto reader = follow_directory(folder_.path(), {.stop = &stop_});
  ASSERT_TRUE(reader);
  read_records(**reader, 10);
  folder_.write("1", sample(10, 101, 2));
  read_records(**reader, 10);
  folder_.write("0", sample(11, 102, 1));
  read_records(**reader, 11);
}

TEST_F(FollowTest, AStopInTheMiddleOfARecordIsNoDamage) {
  ByteVector cut = sample(3, 7, 1);
  cut.pop_back();
  const std::string path = folder_.write("cut", cut);
  stop_ = true;
  const Reading reading = read_all(follow_file(path, {.stop = &stop_}));
  EXPECT_THAT(reading.records, SizeIs(2));
  EXPECT_FALSE(reading.end.damaged) << reading.end.message;
}

TEST_F(FollowTest, ARecordThatStaysHalfIsDamageWhenTheTimeIsUp) {
  ByteVector cut = sample(3, 7, 1);
  cut.pop_back();
  const std::string path = folder_.write("cut", cut);
  const Reading reading = read_all(follow_file(path, {.idle_timeout_ns = 100'000'000}));
  EXPECT_THAT(reading.records, SizeIs(2));
  EXPECT_TRUE(reading.end.damaged);
  EXPECT_THAT(reading.end.message, HasSubstr("cut short in the middle of record 3"));
}

TEST_F(FollowTest, NothingForNowIsAnEmptyBatchAndNotTheEnd) {
  const ByteVector whole = sample(2, 7, 1);
  const std::string path = folder_.write("growing", Bytes(whole).first(30));
  auto opened = follow_file(path, {.idle_timeout_ns = idle_ns});
  ASSERT_TRUE(opened);
  (*opened)->set_patience_ms(10);
  EXPECT_THAT((*opened)->next_batch(), IsEmpty());
  EXPECT_FALSE((*opened)->finished());
  folder_.append("growing", Bytes(whole).subspan(30));
  EXPECT_THAT((*opened)->next_batch(), SizeIs(2));
}

TEST_F(FollowTest, AFileNeedNotExistYetNorHaveAHeader) {
  const ByteVector whole = sample(2, 7, 1);
  auto opened = follow_file(folder_.path() + "/later", {.idle_timeout_ns = idle_ns});
  ASSERT_TRUE(opened);
  (*opened)->set_patience_ms(0);
  EXPECT_THAT((*opened)->next_batch(), IsEmpty());
  folder_.append("later", Bytes(whole).first(11));
  EXPECT_THAT((*opened)->next_batch(), IsEmpty());
  EXPECT_EQ((*opened)->format_name(), "not known yet");
  folder_.append("later", Bytes(whole).subspan(11));
  EXPECT_THAT((*opened)->next_batch(), SizeIs(2));
}

TEST_F(FollowTest, AFileThatIsNoCaptureIsToldAtOnce) {
  const std::string path = folder_.write("text", ByteVector(100, 'x'));
  const auto opened = follow_file(path, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::unsupported);
}

TEST_F(FollowTest, AFileThatIsCutWhileReadIsDamage) {
  const ByteVector whole = sample(20, 7, 1);
  const std::string path = folder_.write("growing", whole);
  auto opened = follow_file(path, {.idle_timeout_ns = idle_ns});
  ASSERT_TRUE(opened);
  EXPECT_THAT((*opened)->next_batch(), SizeIs(20));
  std::filesystem::resize_file(path, 100);
  EXPECT_THAT((*opened)->next_batch(), IsEmpty());
  EXPECT_TRUE((*opened)->finished());
  EXPECT_THAT((*opened)->end().message, HasSubstr("became shorter"));
}

// As logrotate does it: the writer goes on with the file it has open until it is told of the new name.
TEST_F(FollowTest, AFileThatIsReplacedIsReadToItsEndAndThenTheNewOne) {
  const std::string path = folder_.write("x", sample(10, 100, 1));
  std::vector<std::string> told;
  FollowOptions options{.stop = &stop_};
  options.on_replaced = [&](const std::string& name) { told.push_back(name); };
  const auto reader = follow_file(path, options);
  ASSERT_TRUE(reader);
  read_records(**reader, 10);
  std::filesystem::rename(path, path + ".1");
  const ByteVector more = sample(5, 101, 2);
  folder_.append("x.1", Bytes(more).subspan(24));
  read_records(**reader, 5);
  EXPECT_THAT(told, IsEmpty());
  folder_.append("x.1", Bytes(more).subspan(24));
  folder_.write("x", sample(7, 102, 3));
  read_records(**reader, 5 + 7);
  EXPECT_THAT(told, ElementsAre(path));
  std::filesystem::rename(path, path + ".2");
  folder_.write("x", sample(3, 103, 4));
  stop_ = true;
  read_records(**reader, 3);
  EXPECT_THAT((*reader)->next_batch(), IsEmpty());
  EXPECT_TRUE((*reader)->finished());
  EXPECT_FALSE((*reader)->end().damaged) << (*reader)->end().message;
}

TEST_F(FollowTest, APipeInThePlaceOfAFileIsNotWaitedFor) {
  const std::string path = folder_.write("x", sample(10, 100, 1));
  const auto reader = follow_file(path, {.stop = &stop_});
  ASSERT_TRUE(reader);
  read_records(**reader, 10);
  std::filesystem::rename(path, path + ".1");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  while (!(*reader)->finished()) EXPECT_THAT((*reader)->next_batch(), IsEmpty());
  EXPECT_THAT((*reader)->end().message, HasSubstr("x: is no file that could grow"));
}

TEST_F(FollowTest, SeveralGrowingFilesAreMergedByTime) {
  InputOptions options;
  options.follow = true;
  options.following.idle_timeout_ns = 300'000'000;
  folder_.write("a", PcapBuilder().record(1, 0, "a1").record(3, 0, "a3").bytes);
  folder_.write("b", PcapBuilder().record(2, 0, "b2").bytes);
  const Reading reading = read_all(
      std::unique_ptr<CaptureReader>(open_inputs({folder_.path() + "/a", folder_.path() + "/b"}, options)));
  EXPECT_THAT(frames(reading), ElementsAre("a1", "b2", "a3"));
}

}  // namespace
}  // namespace restitch::testing
