// A pipe of which the start comes slowly, or not at all.
#include "capture/pipe_reader.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <atomic>

#include "unit/capture/capture_files.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A pipe, and a reader at its end.
class Piped {
 public:
  Piped() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) std::abort();
    writer_ = ends[1];
    reader_ = std::make_unique<PipeReader>(std::make_unique<FileSource>(ends[0], true, &stop_));
    reader_->set_patience_ms(0);
  }
  Piped(const Piped&) = delete;
  Piped& operator=(const Piped&) = delete;
  ~Piped() { hang_up(); }

  void write(Bytes bytes) const {
    ASSERT_EQ(::write(writer_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void hang_up() {
    if (writer_ >= 0) ::close(std::exchange(writer_, -1));
  }

  static ByteVector capture() { return PcapBuilder().record(1, 0, "first").record(2, 0, "second").bytes; }
  static ByteVector gzipped(const ByteVector& bytes) {
    ByteVector out(bytes.size() + 100);
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
    stream.next_in = const_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }

  int writer_ = -1;
  std::atomic<bool> stop_ = false;
  std::unique_ptr<PipeReader> reader_;
};

class PipeReaderTest : public ::testing::Test, protected Piped {};

TEST_F(PipeReaderTest, ReadsWhatComesByteByByteAndIsNeverHeldUp) {
  for (const ByteVector& bytes : {capture(), gzipped(capture())}) {
    Piped world;
    std::size_t records = 0;
    for (const std::uint8_t& byte : bytes) {
      world.write({&byte, 1});
      records += world.reader_->next_batch().size();
      EXPECT_FALSE(world.reader_->finished());
    }
    world.hang_up();
    while (!world.reader_->finished()) records += world.reader_->next_batch().size();
    EXPECT_EQ(records, 2U);
    EXPECT_FALSE(world.reader_->end().damaged) << world.reader_->end().message;
  }
}

TEST_F(PipeReaderTest, SaysWhatIsWrongWithTheStartWhenThatIsKnown) {
  EXPECT_THAT(reader_->next_batch(), IsEmpty());
  EXPECT_EQ(reader_->format_name(), "not known yet");
  const ByteVector text(9, 'x');
  write(text);
  while (!reader_->finished()) EXPECT_THAT(reader_->next_batch(), IsEmpty());
  EXPECT_TRUE(reader_->end().damaged);
  EXPECT_THAT(reader_->end().message, HasSubstr("text"));
}

TEST_F(PipeReaderTest, IsDamagedWhenItEndsInItsHeader) {
  const ByteVector bytes = capture();
  write(Bytes(bytes).first(20));
  EXPECT_THAT(reader_->next_batch(), IsEmpty());
  EXPECT_FALSE(reader_->finished());
  hang_up();
  while (!reader_->finished()) EXPECT_THAT(reader_->next_batch(), IsEmpty());
  EXPECT_THAT(reader_->end().message, HasSubstr("cut short in the pcap header: 20 of 24 bytes"));
}

TEST_F(PipeReaderTest, EndsWithoutDamageWhereverItIsAskedTo) {
  const ByteVector bytes = capture();
  for (const std::size_t size : {0U, 3U, 30U, 60U}) {
    Piped world;
    world.write(Bytes(bytes).first(size));
    world.stop_ = true;
    while (!world.reader_->finished()) world.reader_->next_batch();
    EXPECT_TRUE(world.reader_->end().stopped) << size;
    EXPECT_FALSE(world.reader_->end().damaged) << size << world.reader_->end().message;
  }
}

TEST_F(PipeReaderTest, WaitsForNoHeaderThatIsNotThereAfterAMebibyte) {
  ByteVector members;
  const ByteVector empty = gzipped({});
  while (members.size() < 16384) members.insert(members.end(), empty.begin(), empty.end());
  for (int i = 0; i < 200 && !reader_->finished(); ++i) {
    write(members);
    while (!reader_->finished() && reader_->bytes_read() < members.size() * static_cast<std::size_t>(i + 1))
      reader_->next_batch();
  }
  EXPECT_TRUE(reader_->finished());
  EXPECT_TRUE(reader_->end().damaged);
}

}  // namespace
}  // namespace restitch::testing
