// Who does what, and when, with tasks that only take notes.
#include "restitch/detail/engine_crew.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace restitch::testing {
namespace {

// Fills so many chunks, and checks each call.
class NotingTasks final : public detail::EngineTasks {
 public:
  NotingTasks(unsigned shards, std::size_t slots, std::size_t chunks)
      : chunks_(chunks), in_slot_(slots), seen_(shards), busy_(shards) {}

  void begin(unsigned threads) override {
    EXPECT_EQ(read_, 0u) << "before anything else";
    threads_ = threads;
    if (on_begin) on_begin();
  }

  bool read(std::size_t slot) override {
    EXPECT_FALSE(reading_.exchange(true)) << "one reads at a time";
    const std::size_t chunk = read_++;
    {
      const std::lock_guard lock(mutex_);
      EXPECT_EQ(in_slot_.at(slot), 0u) << "a slot that is not settled is used again";
      in_slot_[slot] = chunk + 1;
      EXPECT_LE(read_ - settled_, in_slot_.size());
    }
    reading_ = false;
    return chunk + 1 < chunks_;
  }

  void run(unsigned shard, std::size_t slot) override {
    EXPECT_FALSE(busy_[shard].exchange(true)) << "one runs a shard at a time";
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(in_slot_.at(slot), ++seen_[shard]) << "chunks come in order";
    busy_[shard] = false;
    if (on_run) on_run(seen_[shard]);
  }

  bool settle(std::size_t slot) override {
    EXPECT_FALSE(settling_.exchange(true)) << "one settles at a time";
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(in_slot_.at(slot), ++settled_) << "in order";
    for (const std::size_t seen : seen_) EXPECT_GE(seen, settled_) << "all shards have seen it";
    in_slot_[slot] = 0;
    settling_ = false;
    return settled_ != enough;
  }

  [[nodiscard]] unsigned threads() const { return threads_; }
  [[nodiscard]] std::size_t settled() const { return settled_; }
  [[nodiscard]] std::size_t chunks_read() const { return read_; }

  std::function<void()> on_begin;
  std::function<void(std::size_t chunk)> on_run;
  std::size_t enough = 0;  // settling this one asks to stop

 private:
  std::size_t chunks_;
  unsigned threads_ = 0;
  std::mutex mutex_;
  std::vector<std::size_t> in_slot_;  // 1 + the chunk in each
  std::vector<std::size_t> seen_;     // chunks, by shard
  std::vector<std::atomic<bool>> busy_;
  std::atomic<std::size_t> read_ = 0;
  std::size_t settled_ = 0;
  std::atomic<bool> reading_ = false;
  std::atomic<bool> settling_ = false;
};

class CrewOf : public ::testing::TestWithParam<unsigned> {
 protected:
  static constexpr unsigned shards = 5;
  static constexpr std::size_t chunks = 400;
  const detail::EngineCrew crew_{GetParam(), shards};
  NotingTasks tasks_{shards, crew_.slots(), chunks};
};

TEST_P(CrewOf, ThreadsLetsEachShardSeeEachChunkInOrderAndSettlesThemInOrder) {
  crew_.work(tasks_);
  EXPECT_EQ(tasks_.settled(), chunks);
  EXPECT_EQ(tasks_.threads(), std::min(GetParam(), shards + 1));
}

TEST_P(CrewOf, ThreadsReadsNothingWhenTheBeginningThrows) {
  tasks_.on_begin = [] { throw std::runtime_error("the user's"); };
  EXPECT_THROW(crew_.work(tasks_), std::runtime_error);
  EXPECT_EQ(tasks_.chunks_read(), 0u);
}

TEST_P(CrewOf, ThreadsThrowsOnTheFirstExceptionAndEnds) {
  tasks_.on_run = [](std::size_t chunk) {
    if (chunk == 20) throw std::runtime_error("the user's");
  };
  EXPECT_THROW(crew_.work(tasks_), std::runtime_error);
  EXPECT_LT(tasks_.settled(), 20u);
  EXPECT_LE(tasks_.chunks_read(), 20 + crew_.slots());
}

TEST_P(CrewOf, ThreadsStopsReadingWhenItIsAskedToAndSettlesWhatWasRead) {
  tasks_.enough = 10;
  crew_.work(tasks_);
  EXPECT_EQ(tasks_.settled(), tasks_.chunks_read());
  EXPECT_GE(tasks_.settled(), 10u);
  EXPECT_LE(tasks_.settled(), 10 + crew_.slots());
}

TEST(Crew, NoThreadsAndNoShardsCountAsOneOfEach) {
  for (const auto& [threads, shards] : {std::pair{0U, 3U}, {2U, 0U}, {0U, 0U}}) {
    const detail::EngineCrew crew(threads, shards);
    EXPECT_EQ(crew.shards(), std::max(shards, 1U));
    NotingTasks tasks(crew.shards(), crew.slots(), 40);
    crew.work(tasks);
    EXPECT_EQ(tasks.settled(), 40u) << threads << " threads, " << shards << " shards";
    EXPECT_EQ(tasks.threads(), std::max(threads, 1U));
  }
}

// Reads one chunk; the next one comes only when the first is settled.
class SilentPipe final : public detail::EngineTasks {
 public:
  bool read(std::size_t /*slot*/) override {
    if (first_.exchange(false)) return true;
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::minutes(1), [&] { return settled_; }));
    return false;
  }
  void run(unsigned /*shard*/, std::size_t /*slot*/) override {}
  bool settle(std::size_t /*slot*/) override {
    const std::lock_guard lock(mutex_);
    settled_ = true;
    changed_.notify_all();
    return true;
  }

 private:
  std::atomic<bool> first_ = true;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool settled_ = false;
};

TEST(Crew, SettlesWhatIsThereWhileOneThreadWaitsForMore) {
  SilentPipe pipe;
  detail::EngineCrew(2, 5).work(pipe);
}

INSTANTIATE_TEST_SUITE_P(Engine, CrewOf, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace restitch::testing
