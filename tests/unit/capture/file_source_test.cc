// Reading from descriptors; pipes and standard input are in open_capture_test.cc.
#include "capture/file_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;

TEST(FileSourceTest, ADescriptorThatCannotBeReadIsAFailureWithItsReason) {
  FileSource source(::open("/dev/null", O_WRONLY), true, std::nullopt);
  std::uint8_t byte = 0;
  EXPECT_EQ(source.read(&byte, 1), 0U);
  EXPECT_THAT(source.failure(), HasSubstr("cannot read: "));
}

}  // namespace
}  // namespace restitch::testing
