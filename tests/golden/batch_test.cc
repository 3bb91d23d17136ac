// A batch says what one run over all of its files says, byte for byte, however a capture was cut.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "base/sanitized.h"
#include "golden/batch_traffic.h"
#include "golden/cut_capture.h"
#include "golden/shared_captures.h"
#include "golden/tool_run.h"

namespace restitch::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Batch : public ToolTest {
 protected:
  // A sanitizer makes each of some hundred processes slow.
#ifdef RESTITCH_SANITIZED
  static constexpr unsigned seeds = 6;
  static constexpr std::size_t captures = 5;
#else
  static constexpr unsigned seeds = 24;
  static constexpr std::size_t captures = 20;
#endif

  // Cuts a capture; false if it is none. The files are `0000`, …
  bool cut(std::string_view bytes, std::size_t files) {
    (void)run("rm -rf parts m.jsonl whole [0-9]*");
    const std::vector<std::string> parts = cut_capture(bytes, files);
    for (std::size_t i = 0; i < parts.size(); ++i) write(name_of(i), parts[i]);
    files_ = parts.size();
    return files_ != 0;
  }

  static std::string name_of(std::size_t file) {
    const std::string number = std::to_string(file);
    return std::string(4 - number.size(), '0') + number;
  }

  ToolRun plan(const std::string& flags = {}) const {
    return run("@ batch plan --manifest m.jsonl -q " + flags + " [0-9]*");
  }

  // Tasks in any order.
  ToolRun map(std::vector<std::size_t> tasks = {}) const {
    for (std::size_t i = tasks.size(); i < files_; ++i) tasks.push_back(i + 1);
    std::string line = "for i in";
    for (const std::size_t task : tasks) line += " " + std::to_string(task);
    return run(line + "; do @ batch map --manifest m.jsonl --task $i -o parts -q || exit; done");
  }

  ToolRun reduce() const { return run("@ batch reduce --manifest m.jsonl parts"); }

  // By the manifest's order of files, which are named by digits.
  ToolRun whole(const std::string& flags) const {
    return run("@ streams --json -q " + flags + " $(grep -o '/[0-9][0-9.gz]*\"' m.jsonl | tr -d '/\"')");
  }

  void expect_same(const std::string& flags, const std::string& what) const {
    ASSERT_EQ(plan(flags).status, 0) << what;
    ASSERT_EQ(map().status, 0) << what;
    const ToolRun one = whole(flags);
    const ToolRun many = reduce();
    ASSERT_EQ(many.status, one.status) << what << many.err;
    ASSERT_TRUE(many.out == one.out) << what << many.err;
  }

  // A packet in each of these seconds.
  static ByteVector packets_at(std::initializer_list<std::uint32_t> seconds) {
    PcapBuilder file(Order::little, {.link_type = 101});
    for (const std::uint32_t second : seconds) {
      FrameBuilder packet;
      packet.raw()
          .ipv4("10.0.0.1", "192.0.2.1")
          .tcp(4000, 80)
          .seq(100 + second)
          .flags(TcpFlag::ack)
          .payload("x");
      file.record(1'600'000'000 + second, 0, to_text(packet.build()));
    }
    return file.bytes;
  }

  std::size_t files_ = 0;
  std::string sample_ = file_bytes(RESTITCH_SOURCE_DIR "/tests/data/sample.pcapng");
};

TEST_F(Batch, OfTheSampleIsTheWhole) {
  for (const std::size_t files : {1U, 2U, 8U, 100U}) {
    ASSERT_TRUE(cut(sample_, files));
    expect_same("--events --all", std::to_string(files));
  }
}

TEST_F(Batch, OfMadeUpTrafficIsTheWhole) {
  const char* const flags[] = {"",
                               "--events --all",
                               "--receiver linux --events",
                               "--receiver windows --acknowledged --events",
                               "--timeout idle=5 --events",
                               "--copies-window 0 --events --fragments linux"};
  for (unsigned seed = 0; seed < seeds; ++seed) {
    const ByteVector bytes = BatchTraffic(seed).bytes();
    ASSERT_TRUE(cut({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 2 + seed % 4 * 3));
    expect_same(flags[seed % 6], "seed " + std::to_string(seed));
  }
}

TEST_F(Batch, OfSharedCapturesIsTheWhole) {
  const std::vector<std::string> all = shared_captures({"captures"});
  if (all.empty()) GTEST_SKIP() << "the shared captures are not here";
  std::size_t seen = 0;
  for (std::size_t i = 0; i < all.size() && seen < captures;
       i += std::max<std::size_t>(1, all.size() / (2 * captures))) {
    const std::string bytes = file_bytes(all[i]);
    if (bytes.size() > 3'000'000 || !cut(bytes, 8)) continue;
    expect_same("--events", all[i]);
    ++seen;
  }
  EXPECT_GT(seen, 0u);
}

TEST_F(Batch, DoesNotDependOnTheOrderOfItsTasksNorOnHowOftenTheyRun) {
  ASSERT_TRUE(cut(sample_, 12));
  ASSERT_EQ(plan().status, 0);
  ASSERT_EQ(map().status, 0);
  const ToolRun first = reduce();
  EXPECT_EQ(first.out, whole("").out);
  const std::string carry = read("parts/carry-5");
  std::mt19937 random(1);
  std::vector<std::size_t> tasks = {5, 5, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12};
  std::shuffle(tasks.begin(), tasks.end(), random);
  ASSERT_EQ(map(tasks).status, 0);
  EXPECT_EQ(reduce().out, first.out);
  EXPECT_TRUE(read("parts/carry-5") == carry);
}

TEST_F(Batch, OutlivesTasksThatAreKilled) {
  const ByteVector bytes = BatchTraffic(3).bytes();
  ASSERT_TRUE(cut({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 4));
  ASSERT_EQ(plan().status, 0);
  for (const char* after : {"0.001", "0.004", "0.008", "0.012", "0.016", "0.02", "0.03", "0.05"}) {
    (void)run(std::string("for i in 1 2 3 4; do timeout -s KILL ") + after +
              " @ batch map --manifest m.jsonl --task $i -o parts -q; done");
  }
  ASSERT_EQ(map().status, 0);
  EXPECT_EQ(reduce().out, whole("").out);
}

TEST_F(Batch, ReadsCompressedFilesAndAFilter) {
  ASSERT_TRUE(cut(sample_, 6));
  (void)run("gzip 0001 0004");
  expect_same("--events --filter 'tcp port 80 or tcp port 443'", "gzip");
}

TEST_F(Batch, MixesFilesWhoseTimesOverlap) {
  write("0000", packets_at({1, 3, 5, 7}));
  write("0001", packets_at({2, 4, 6, 8}));
  write("0002", packets_at({9, 10}));
  files_ = 3;
  expect_same("--all", "overlap");
  EXPECT_THAT(reduce().err, HasSubstr("2 files overlap in time"));
}

TEST_F(Batch, TellsOfADamagedFileAndOfWhatIsLeft) {
  ASSERT_TRUE(cut(sample_, 3));
  const std::string second = read("0001");
  write("0001", std::string_view(second).substr(0, second.size() - 7));
  ASSERT_EQ(plan().status, 0);
  ASSERT_EQ(map().status, 0);
  const ToolRun one = whole("");
  const ToolRun many = reduce();
  EXPECT_EQ(many.out, one.out);
  EXPECT_EQ(many.status, 2);
  EXPECT_EQ(one.status, 2);
  EXPECT_THAT(many.err, HasSubstr("0001"));
}

TEST_F(Batch, RefusesWhatIsNotItsOwn) {
  ASSERT_TRUE(cut(sample_, 3));
  ASSERT_EQ(plan().status, 0);
  EXPECT_EQ(run("@ batch map --manifest m.jsonl --task 4 -o parts").status, 2);
  ASSERT_EQ(map({1, 2, 2}).status, 0);
  EXPECT_THAT(reduce().err, HasSubstr("task 3"));
  ASSERT_EQ(map().status, 0);
  ASSERT_EQ(plan("--all").status, 0);
  EXPECT_THAT(reduce().err, HasSubstr("another manifest"));
  ASSERT_EQ(map().status, 0);
  EXPECT_EQ(reduce().status, 0);
  (void)run("head -c 300 parts/map-2.jsonl >cut && mv cut parts/map-2.jsonl");
  EXPECT_EQ(reduce().status, 2);
  (void)run("echo more >>0001");
  EXPECT_THAT(run("@ batch map --manifest m.jsonl --task 2 -o parts").err,
              HasSubstr("when the batch was planned"));
}

TEST_F(Batch, RefusesFlagsThatAreNoneOfItsOwn) {
  write("a", hello_world().bytes());
  for (const char* flags :
       {"--follow a", "-i lo", "-c 5 a", "--key interface a", "--connection 3 a", "a -o x", "-"}) {
    EXPECT_NE(run(std::string("@ batch plan --manifest m ") + flags).status, 0) << flags;
  }
  EXPECT_EQ(run("@ batch map --manifest m --task 1 -o parts --receiver linux").status, 1);
  write("m", R"({"restitch_batch":1,"tasks":1,"arguments":["--follow"]})"
             "\n"
             R"({"task":1,"file":"/dev/null","size":0,"first_ns":0})"
             "\n");
  EXPECT_THAT(run("@ batch map --manifest m --task 1 -o parts").err, HasSubstr("not those of a batch"));
}

TEST_F(Batch, WritesItsResultAtOnceOrNotAtAll) {
  ASSERT_TRUE(cut(sample_, 2));
  ASSERT_EQ(plan().status, 0);
  ASSERT_EQ(map({1, 1}).status, 0);
  write("all.jsonl", "old");
  EXPECT_EQ(run("@ batch reduce --manifest m.jsonl -o all.jsonl parts").status, 2);
  EXPECT_EQ(read("all.jsonl"), "old");
  ASSERT_EQ(map().status, 0);
  EXPECT_EQ(run("@ batch reduce --manifest m.jsonl -o all.jsonl parts").status, 0);
  EXPECT_EQ(read("all.jsonl"), whole("").out);
  EXPECT_THAT(run("ls . parts").out, Not(HasSubstr(".part-")));
}

TEST_F(Batch, RunsByTheExamplesWithTheVariablesOfSlurmWithMakeAndWithXargs) {
  ASSERT_TRUE(cut(sample_, 6));
  ASSERT_EQ(plan().status, 0);
  const std::string expected = whole("").out;
  const std::string script = "RESTITCH=@ sh '" RESTITCH_SOURCE_DIR "/examples/batch.sbatch' m.jsonl parts";
  const ToolRun slurm = run("for i in 4 1 6 2 5 3; do SLURM_ARRAY_TASK_ID=$i " + script + " || exit; done; " +
                            script + " slurm.jsonl");
  EXPECT_EQ(slurm.status, 0) << slurm.err;
  EXPECT_EQ(read("slurm.jsonl"), expected);
  const ToolRun make = run("rm -rf parts; make -s -j3 -f '" RESTITCH_SOURCE_DIR
                           "/examples/batch.mk' RESTITCH=@ MANIFEST=m.jsonl all.jsonl");
  EXPECT_EQ(make.status, 0) << make.err;
  EXPECT_EQ(read("all.jsonl"), expected);
  const ToolRun xargs =
      run("rm -rf parts; seq 6 | xargs -P 3 -I{} @ batch map --manifest m.jsonl --task {} -o parts -q");
  EXPECT_EQ(xargs.status, 0) << xargs.err;
  EXPECT_EQ(reduce().out, expected);
}

}  // namespace
}  // namespace restitch::testing
