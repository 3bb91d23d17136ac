// Reading from descriptors; pipes and standard input are in open_capture_test.cc.
#include "capture/file_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "unit/capture/capture_files.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;

TEST(FileSourceTest, ADescriptorThatCannotBeReadIsAFailureWithItsReason) {
  FileSource source(::open("/dev/null", O_WRONLY), true);
  std::uint8_t byte = 0;
  EXPECT_EQ(source.read(&byte, 1), 0U);
  EXPECT_THAT(source.failure(), HasSubstr("cannot read: "));
}

// A FIFO that nobody writes to, and one whose writer says nothing more: neither holds up who asks for the
// end.
TEST(FileSourceTest, APipeThatStallsEndsWhenItIsAskedTo) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::atomic<bool> stop = false;
  auto source = FileSource::open(path, &stop);
  ASSERT_TRUE(source);
  const int writer = ::open(path.c_str(), O_WRONLY);
  ASSERT_EQ(::write(writer, "ab", 2), 2);
  std::array<std::uint8_t, 8> bytes;
  EXPECT_EQ((*source)->read(bytes.data(), 1), 1U);
  stop = true;
  EXPECT_EQ((*source)->read(bytes.data(), bytes.size()), 1U) << "what is there is still read";
  EXPECT_FALSE((*source)->stopped());
  EXPECT_EQ((*source)->read(bytes.data(), bytes.size()), 0U);
  EXPECT_TRUE((*source)->stopped());
  EXPECT_EQ((*source)->failure(), "");
  ::close(writer);
}

TEST(FileSourceTest, AFileIsReadNoFurtherOnceItsEndWasAskedFor) {
  const TemporaryDirectory folder;
  const ByteVector all = {1, 2, 3};
  const std::string path = folder.write("file", all);
  std::atomic<bool> stop = false;
  auto source = FileSource::open(path, &stop);
  ASSERT_TRUE(source);
  std::uint8_t byte = 0;
  EXPECT_EQ((*source)->read(&byte, 1), 1U);
  EXPECT_FALSE((*source)->stopped());
  stop = true;
  EXPECT_EQ((*source)->read(&byte, 1), 0U);
  EXPECT_TRUE((*source)->stopped());
  EXPECT_EQ((*source)->failure(), "");
}

// Its writer may have been interrupted by the same key.
TEST(FileSourceTest, APipeThatEndsAfterItsEndWasAskedForMayNotBeAll) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::atomic<bool> stop = false;
  auto source = FileSource::open(path, &stop);
  ASSERT_TRUE(source);
  ::close(::open(path.c_str(), O_WRONLY));
  stop = true;
  std::uint8_t byte = 0;
  EXPECT_EQ((*source)->read(&byte, 1), 0U);
  EXPECT_TRUE((*source)->stopped());
}

TEST(FileSourceTest, APipeEndsWithItsLastWriter) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  auto source = FileSource::open(path);
  ASSERT_TRUE(source);
  ::close(::open(path.c_str(), O_WRONLY));
  std::uint8_t byte = 0;
  EXPECT_EQ((*source)->read(&byte, 1), 0U);
  EXPECT_FALSE((*source)->stopped());
}

}  // namespace
}  // namespace restitch::testing
