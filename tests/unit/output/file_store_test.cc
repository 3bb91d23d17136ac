#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "output/file_store.h"
#include "output/text.h"
#include "output_world.h"

namespace restitch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::unique_ptr<FileStore> open(const TemporaryFolder& folder, FileLimits limits = {}) {
  auto opened = OutputFolder::open(folder.path());
  EXPECT_TRUE(opened);
  return std::make_unique<FileStore>(std::move(*opened), limits);
}

std::string error_of(const FileStore& store) { return store.error() ? store.error()->message : "none"; }

TEST(FileStore, WritesPiecesOneAfterTheOther) {
  const TemporaryFolder folder;
  const auto store = open(folder, {.buffer_size = 4});
  const auto file = store->create("a");
  ASSERT_TRUE(file);
  for (const char* piece : {"ab", "c", "defghijkl", "m"}) store->append(*file, as_bytes(piece));
  EXPECT_EQ(store->size(*file), 13u);
  store->close(*file);
  EXPECT_EQ(folder.read("a"), "abcdefghijklm");
  EXPECT_EQ(error_of(*store), "none");
}

TEST(FileStore, LeavesHolesThatReadAsZeros) {
  const TemporaryFolder folder;
  const auto store = open(folder);
  const auto file = store->create("a");
  store->skip(*file, 2);
  store->append(*file, as_bytes("x"));
  store->skip(*file, 3);
  store->append(*file, as_bytes("y"));
  store->close(*file);
  EXPECT_EQ(folder.read("a"), std::string("\0\0x\0\0\0y", 7));
}

TEST(FileStore, KeepsManyFilesApartWithTwoOfThemOpen) {
  const TemporaryFolder folder;
  const auto store = open(folder, {.open_files_max = 2, .buffer_size = 3});
  std::vector<FileStore::Id> files;
  for (const char* name : {"a", "b", "c", "d"}) files.push_back(*store->create(name));
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < files.size(); ++i)
      store->append(files[i], as_bytes(std::string(1, "abcd"[i]) + "-"));
  }
  for (const auto file : files) store->close(file);
  EXPECT_EQ(folder.read("a"), "a-a-a-a-a-");
  EXPECT_EQ(folder.read("d"), "d-d-d-d-d-");
  EXPECT_EQ(error_of(*store), "none");
}

TEST(FileStore, BuffersNoMoreThanItMay) {
  const TemporaryFolder folder;
  const auto store = open(folder, {.buffer_size = 100, .buffered_max = 6});
  const auto one = store->create("one");
  const auto other = store->create("other");
  store->append(*one, as_bytes("abcd"));
  EXPECT_EQ(folder.read("one"), "");
  store->append(*other, as_bytes("efg"));
  EXPECT_EQ(folder.read("one"), "abcd");  // what is full goes whole
  EXPECT_EQ(folder.read("other"), "");
  store->append(*one, as_bytes("hi"));
  EXPECT_EQ(folder.read("one"), "abcd");
  store->append(*one, as_bytes("j"));
  EXPECT_EQ(folder.read("one"), "abcdhi");
  EXPECT_EQ(folder.read("other"), "efg");
  store->append(*other, as_bytes("klmno"));
  store->append(*other, as_bytes("more than all may take"));
  EXPECT_EQ(folder.read("other"), "efgklmnomore than all may take");
  store->close(*one);
  store->close(*other);
  EXPECT_EQ(folder.read("one"), "abcdhij");
}

TEST(FileStore, TouchesNoFileThatWasThere) {
  const TemporaryFolder folder;
  folder.write("a", "precious");
  const auto store = open(folder);
  EXPECT_FALSE(store->create("a"));
  EXPECT_EQ(error_of(*store), "none");
  EXPECT_EQ(folder.read("a"), "precious");
}

TEST(FileStore, FollowsNoLinkToAFile) {
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  elsewhere.write("victim", "precious");
  std::filesystem::create_symlink(elsewhere.path("victim"), folder.path("a"));
  std::filesystem::create_symlink(elsewhere.path("not there yet"), folder.path("b"));
  const auto store = open(folder);
  EXPECT_FALSE(store->create("a"));
  EXPECT_FALSE(store->create("b"));
  EXPECT_THAT(elsewhere.files(), ElementsAre("victim"));
  EXPECT_EQ(elsewhere.read("victim"), "precious");
}

TEST(FileStore, FollowsNoLinkToAFolder) {
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  std::filesystem::create_directory_symlink(elsewhere.path(), folder.path("link"));
  const auto store = open(folder);
  EXPECT_FALSE(store->create("link/a"));
  EXPECT_THAT(error_of(*store), HasSubstr("link/a: a symbolic link"));
  EXPECT_THAT(elsewhere.files(), ElementsAre());
}

TEST(FileStore, DoesNotWriteToAFileThatTookThePlaceOfItsOwn) {
  const TemporaryFolder folder;
  folder.write("victim", "precious");
  const auto store = open(folder, {.open_files_max = 1});
  const auto file = store->create("a");
  ASSERT_TRUE(store->create("b"));  // now "a" is closed
  std::filesystem::rename(folder.path("victim"), folder.path("a"));
  store->append(*file, as_bytes("harm"));
  EXPECT_THAT(error_of(*store), HasSubstr("a: was replaced"));
  store->close(*file);
  EXPECT_EQ(folder.read("a"), "precious");
}

TEST(FileStore, MakesFolders) {
  const TemporaryFolder folder;
  const auto store = open(folder, {.open_files_max = 1});
  const auto file = store->create("x/y/a");
  ASSERT_TRUE(file);
  ASSERT_TRUE(store->create("x/b"));
  store->append(*file, as_bytes("deep"));
  store->close(*file);
  EXPECT_EQ(folder.read("x/y/a"), "deep");
}

TEST(FileStore, SaysWhatWentWrongAndWritesNothingFromThenOn) {
  const TemporaryFolder folder;
  const auto store = open(folder, {.buffer_size = 4});
  const auto file = store->create("a");
  store->skip(*file, std::uint64_t{1} << 63);  // beyond any file
  store->append(*file, as_bytes("abcdef"));
  EXPECT_THAT(error_of(*store), HasSubstr("/a: "));
  EXPECT_FALSE(store->create("b"));
  store->close(*file);
  EXPECT_EQ(folder.read("a"), "");
}

// 2,000 files in turns, in a process that may have 32 descriptors.
void write_many(const std::string& path) {
  const rlimit limit{32, 32};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(1);
  auto folder = OutputFolder::open(path);
  if (!folder) ::_exit(2);
  auto store = std::make_unique<FileStore>(std::move(*folder), FileLimits());
  std::vector<FileStore::Id> files;
  for (int i = 0; i < 2000; ++i) files.push_back(store->create(std::to_string(i)).value_or(0));
  for (const char* piece : {"a", "b"}) {
    for (const auto file : files) store->append(file, as_bytes(piece));
  }
  for (const auto file : files) store->close(file);
  ::_exit(store->error() ? 3 : 0);
}

TEST(FileStore, NeedsFewDescriptorsForManyFiles) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) write_many(folder.path());
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  const auto files = folder.files();
  EXPECT_EQ(files.size(), 2000u);
  for (const std::string& name : files) ASSERT_EQ(folder.read(name), "ab") << name;
}

}  // namespace
}  // namespace restitch
