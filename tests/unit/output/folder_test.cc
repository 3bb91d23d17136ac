#include "restitch/output_folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "output_world.h"

namespace restitch {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

constexpr uid_t someone = 65534;

uid_t owner(const fs::path& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 ? about.st_uid : static_cast<uid_t>(-1);
}

bool write_into(const OutputFolder& folder, const char* name) {
  const int file = ::openat(folder.descriptor(), name, O_CREAT | O_EXCL | O_WRONLY, 0666);
  return file >= 0 && ::close(file) == 0;
}

TEST(OutputFolder, IsMadeWithThoseAboveIt) {
  const TemporaryFolder place;
  for (const char* name : {"a/b/c", "d/", "e"}) {
    const auto folder = OutputFolder::open(place.path(name));
    ASSERT_TRUE(folder) << folder.error().message;
    EXPECT_TRUE(folder->made());
    EXPECT_EQ(folder->path(), place.path(name));
    EXPECT_TRUE(write_into(*folder, "file"));
    EXPECT_TRUE(fs::exists(place.path(std::string(name) + "/file")));
  }
}

TEST(OutputFolder, ThatWasThereIsTakenAsItIs) {
  const TemporaryFolder place;
  fs::create_directory(place.path("there"));
  fs::create_directory_symlink("there", place.path("link"));
  for (const char* name : {"there", "there/", "link", "link/", "there/.", "there/.."}) {
    const auto folder = OutputFolder::open(place.path(name));
    ASSERT_TRUE(folder) << folder.error().message;
    EXPECT_FALSE(folder->made()) << name;
  }
  EXPECT_FALSE(OutputFolder::open(".")->made());
  EXPECT_FALSE(OutputFolder::open("/")->made());
}

TEST(OutputFolder, ThatCannotBeMadeIsNamed) {
  const TemporaryFolder place;
  place.write("file", "");
  fs::create_directory_symlink("nowhere", place.path("dangling"));
  EXPECT_THAT(OutputFolder::open(place.path("file/below")).error().message,
              HasSubstr("file/below: Not a directory"));
  EXPECT_THAT(OutputFolder::open(place.path("file")).error().message, HasSubstr("file: Not a directory"));
  EXPECT_FALSE(OutputFolder::open(place.path("dangling")));
  EXPECT_FALSE(OutputFolder::open(""));
}

// What root's live extraction does, and an attacker in between.
TEST(OutputFolder, IsGivenAwayAndNothingElseWhateverTakesItsName) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives folders away";
  const TemporaryFolder place;
  fs::create_directory(place.path("victim"));
  place.write("victim/shadow", "secret");
  const auto folder = OutputFolder::open(place.path("out"));
  ASSERT_TRUE(folder && folder->made());
  fs::rename(place.path("out"), place.path("away"));
  fs::create_directory_symlink("victim", place.path("out"));
  ASSERT_TRUE(folder->give_to(someone, someone));
  EXPECT_EQ(owner(place.path("away")), someone);
  for (const char* name : {"out", "victim", "victim/shadow"}) EXPECT_EQ(owner(place.path(name)), 0u) << name;
  EXPECT_TRUE(write_into(*folder, "file"));
  EXPECT_TRUE(fs::exists(place.path("away/file")));
  EXPECT_FALSE(fs::exists(place.path("victim/file")));
}

// However the swaps fall between the calls, what is new is ours and empty, and what is given away was new.
TEST(OutputFolder, ThatIsSwappedWhileItIsMadeLeadsNowhereElse) {
  const TemporaryFolder place;
  fs::create_directory(place.path("victim"));
  place.write("victim/shadow", "secret");
  const std::string out = place.path("out");
  std::atomic<bool> done = false;
  std::thread attacker([&] {
    std::error_code ignored;
    for (unsigned i = 0; !done; ++i) {
      fs::rename(out, place.path("away" + std::to_string(i)), ignored);
      if (ignored) continue;
      if (i % 2 == 0) fs::create_directory_symlink("victim", out, ignored);
      if (i % 2 == 1) fs::rename(place.path("victim"), out, ignored);
      fs::rename(out, place.path(i % 2 == 1 ? "victim" : "link" + std::to_string(i)), ignored);
    }
  });
  for (int round = 0; round < 2000; ++round) {
    const auto folder = OutputFolder::open(out);
    if (!folder || !folder->made()) continue;
    EXPECT_FALSE(::openat(folder->descriptor(), "shadow", O_RDONLY) >= 0) << "the victim taken for a new one";
  }
  done = true;
  attacker.join();
}

}  // namespace
}  // namespace restitch
