// Opening captures: files, pipes, what is not a capture, and the captures of the reference set.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

#include "capture/file_source.h"
#include "unit/capture/capture_builder.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;
using namespace std::string_view_literals;

ByteVector sample() {
  PcapBuilder file;
  for (unsigned i = 0; i < 200; ++i) file.record(i, i, std::string(i % 50, 'x'));
  return file.bytes;
}

Error error_of(std::string_view bytes) {
  const ByteVector input(bytes.begin(), bytes.end());
  const Reading reading = read_bytes(input);
  EXPECT_FALSE(reading.opened);
  return reading.error;
}

// A file in the test's own folder, removed with it.
class TemporaryFile {
 public:
  explicit TemporaryFile(const ByteVector& bytes)
      : path_(std::filesystem::path(::testing::TempDir()) / ("capture-" + std::to_string(::getpid()))) {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// The two ends of a pipe(2).
struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
  void write(Bytes bytes, std::size_t at_once) const {
    for (std::size_t at = 0; at < bytes.size(); at += at_once) {
      const Bytes piece = bytes.subspan(at, std::min(at_once, bytes.size() - at));
      ASSERT_EQ(::write(ends[1], piece.data(), piece.size()), static_cast<ssize_t>(piece.size()));
    }
  }
  void close_writer() const { ::close(ends[1]); }

  std::array<int, 2> ends{};
};

TEST(OpenCaptureTest, AFileIsReadAndItsSizeIsKnown) {
  const ByteVector bytes = sample();
  const TemporaryFile file(bytes);
  auto opened = open_capture(file.path());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->size(), bytes.size());
  CaptureReader& reader = **opened;
  while (!reader.finished()) reader.next_batch();
  EXPECT_EQ(reader.bytes_read(), bytes.size());
  EXPECT_EQ(read_all(open_capture(file.path())).records, read_bytes(bytes).records);
}

TEST(OpenCaptureTest, APipeFedByteByByteGivesTheSameRecords) {
  const ByteVector bytes = sample();
  const Pipe pipe;
  std::thread writer([&] {
    pipe.write(bytes, 1);
    pipe.close_writer();
  });
  const Reading reading = read_all(open_source(std::make_unique<FileSource>(pipe.ends[0], true)));
  writer.join();
  EXPECT_EQ(reading.records, read_bytes(bytes).records);
  EXPECT_FALSE(reading.end.damaged);
}

TEST(OpenCaptureTest, ANonBlockingPipeIsWaitedFor) {
  const ByteVector bytes = sample();
  const Pipe pipe;
  ::fcntl(pipe.ends[0], F_SETFL, O_NONBLOCK);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pipe.write(bytes, 500);
    pipe.close_writer();
  });
  const Reading reading = read_all(open_source(std::make_unique<FileSource>(pipe.ends[0], true)));
  writer.join();
  EXPECT_EQ(reading.records, read_bytes(bytes).records);
}

// Nobody writes more until the first record was read: a reader that waits for a full buffer hangs here.
TEST(OpenCaptureTest, APipeHandsOutWhatIsWholeInsteadOfWaiting) {
  PcapBuilder file;
  file.record(1, 0, "first");
  const std::size_t first_size = file.bytes.size();
  file.record(2, 0, "second");
  const Pipe pipe;
  pipe.write(Bytes(file.bytes).first(first_size + 3), first_size + 3);
  auto opened = open_source(std::make_unique<FileSource>(pipe.ends[0], true));
  ASSERT_TRUE(opened);
  const auto batch = (*opened)->next_batch();
  ASSERT_THAT(batch, SizeIs(1));
  EXPECT_EQ(batch[0].info.captured_size, 5U);
  pipe.write(Bytes(file.bytes).subspan(first_size + 3), 1000);
  pipe.close_writer();
  EXPECT_THAT((*opened)->next_batch(), SizeIs(1));
}

TEST(OpenCaptureTest, StandardInputIsADash) {
  const ByteVector bytes = sample();
  const TemporaryFile file(bytes);
  const int saved = ::dup(STDIN_FILENO);
  const int fd = ::open(file.path().c_str(), O_RDONLY);
  ASSERT_GE(::dup2(fd, STDIN_FILENO), 0);
  const Reading reading = read_all(open_capture("-"));
  ::close(fd);
  if (saved >= 0) ::dup2(saved, STDIN_FILENO), ::close(saved);
  EXPECT_EQ(reading.records, read_bytes(bytes).records);
}

TEST(OpenCaptureTest, WhatCannotBeOpenedIsAnErrorThatNamesIt) {
  const auto missing = open_capture("/no/such/file.pcap");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::io);
  EXPECT_THAT(missing.error().message, StartsWith("/no/such/file.pcap: "));
  const auto folder = open_capture("/");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::io);
}

TEST(OpenCaptureTest, AHeaderCutShortIsDamage) {
  EXPECT_EQ(error_of("").code, ErrorCode::damaged);
  EXPECT_EQ(error_of("").message, "the file is empty");
  EXPECT_EQ(error_of("\xd4").message, "cut short in the capture header: 1 of 24 bytes");
  EXPECT_EQ(error_of("\xd4\xc3\xb2\xa1\x02\0"sv).message, "cut short in the pcap header: 6 of 24 bytes");
  EXPECT_EQ(error_of("\x0a\x0d\x0d\x0a\x1c\0\0\0"sv).message,
            "cut short in the pcapng header: 8 of 28 bytes");
  EXPECT_EQ(error_of("\x0a\x0d\x0d\x0a" + std::string(40, 'x')).code, ErrorCode::damaged);
}

TEST(OpenCaptureTest, OtherFormatsAreCalledByTheirNames) {
  const auto name = [](std::string_view bytes) {
    const Error error = error_of(bytes);
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    return error.message;
  };
  EXPECT_THAT(name("snoop\0\0\0\0\0\0\2\0\0\0\4"sv), HasSubstr("snoop"));
  EXPECT_THAT(name("BZh91AY&SY"), HasSubstr("bzip2"));
  EXPECT_THAT(name("GMBU\0\2\1\0"sv), HasSubstr("Network Monitor"));
  EXPECT_THAT(name("<?xml version=\"1.0\"?>"), HasSubstr("XML"));
  EXPECT_THAT(name("{\"a\": 1}"), HasSubstr("JSON"));
  EXPECT_THAT(name("12:00:00.1 IP a > b: tcp 0\n"), HasSubstr("text"));
  EXPECT_THAT(name("\0\0\0\x80\0\0\0\x4b\x02\x04\x00\x50\0\0\0\x3e"sv), HasSubstr("ERF"));
}

TEST(OpenCaptureTest, AnUnknownFormatShowsItsFirstBytes) {
  const Error error = error_of("\xde\xad\xbe\xef\1\2\3\4\5\6\7");
  EXPECT_EQ(error.code, ErrorCode::unknown_format);
  EXPECT_EQ(error.message, "neither pcap nor pcapng: the first bytes are de ad be ef 01 02 03 04");
}

TEST(OpenCaptureTest, WhatAFormatIsCalledDoesNotDependOnThePiecesItComesIn) {
  const std::string start = "a line of text and no more than that, but " + std::string(20, '.');
  for (const std::string_view end : {"\n", "\xff\xff\xff"}) {
    const std::string input = start + std::string(end);
    const ByteVector bytes(input.begin(), input.end());
    const Reading whole = read_bytes(bytes);
    for (const unsigned chunk : {1U, 3U, 16U, 61U}) {
      EXPECT_EQ(read_bytes(bytes, chunk, chunk).error.message, whole.error.message) << "pieces of " << chunk;
    }
  }
}

// The value of `"name": ` in a line of JSON, as text without quotes.
std::string field(const std::string& line, const std::string& name) {
  const std::string key = "\"" + name + "\": ";
  const std::size_t at = line.find(key);
  if (at == std::string::npos) return "";
  std::size_t begin = at + key.size();
  if (line[begin] == '"') return line.substr(begin + 1, line.find('"', begin + 1) - begin - 1);
  return line.substr(begin, line.find_first_of(",}", begin) - begin);
}

TEST(OpenCaptureTest, TheReferenceCapturesHaveAsManyPacketsAsTheirManifestSays) {
  const std::filesystem::path folder = RESTITCH_SOURCE_DIR "/../shared/captures";
  std::ifstream manifest(folder / "manifest.jsonl");
  if (!manifest) GTEST_SKIP() << "no reference captures beside the source tree";
  unsigned compared = 0;
  for (std::string line; std::getline(manifest, line);) {
    const std::string capture = field(line, "capture");
    const std::string container = field(line, "container");
    if (field(line, "expect") != "truth" || !field(line, "format").starts_with("pcap")) continue;
    if (container != "null" && container != "gz") continue;
    SCOPED_TRACE(capture);
    const Reading reading = read_all(open_capture((folder / capture).string()));
    ASSERT_TRUE(reading.opened) << reading.error.message;
    EXPECT_EQ(std::to_string(reading.records.size()), field(line, "packets"));
    EXPECT_FALSE(reading.end.damaged) << reading.end.message;
    ++compared;
  }
  EXPECT_GT(compared, 0U);
  RecordProperty("captures", static_cast<int>(compared));
}

TEST(OpenCaptureTest, DamagedReferenceCapturesEndAndSayWhatIsWrong) {
  const std::filesystem::path folder = RESTITCH_SOURCE_DIR "/../shared/captures/malformed";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no reference captures beside the source tree";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().filename().string());
    const Reading reading = read_all(open_capture(entry.path().string()));
    if (reading.opened) {
      EXPECT_EQ(reading.end.damaged, !reading.end.message.empty());
    } else {
      EXPECT_FALSE(reading.error.message.empty());
    }
  }
}

}  // namespace
}  // namespace restitch::testing
