#include "restitch/detail/engine_crew.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace restitch::detail {

namespace {

// One run of a crew: what was done so far, and what can be done now.
class Shift {
 public:
  Shift(EngineTasks& tasks, unsigned shards, std::size_t slots) : tasks_(tasks), shards_(shards) {
    for (std::size_t slot = slots; slot-- > 0;) free_.push_back(slot);
  }

  // What each thread does until all is done. Threads that begin their search for a shard at different places
  // keep meeting the same ones, which is good for their caches.
  void work(unsigned favourite) {
    std::unique_lock lock(mutex_);
    while (!is_done()) {
      const Task task = next_task(favourite);
      if (task.kind == Task::Kind::none) {
        ++waiting_;
        changed_.wait(lock);
        --waiting_;
        continue;
      }
      lock.unlock();
      bool go_on = false;
      std::exception_ptr failure;
      try {
        go_on = perform(task);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      note(task, go_on);
      if (failure && !failure_) failure_ = failure;
      if (waiting_ > 0) changed_.notify_all();
    }
  }

  [[nodiscard]] const std::exception_ptr& failure() const { return failure_; }

 private:
  struct Task {
    enum class Kind { none, read, run, settle };
    Kind kind = Kind::none;
    std::size_t slot = 0;
    unsigned shard = 0;
  };
  // A chunk that is read and not settled.
  struct Flight {
    std::size_t slot;
    std::size_t shards_left;
  };
  struct Shard {
    std::uint64_t next = 0;  // the chunk to see next, counted from the first
    bool busy = false;
  };

  [[nodiscard]] bool is_done() const { return failure_ || (ended_ && !reading_ && flights_.empty()); }

  // To settle frees memory, and to read keeps the others busy; else whichever shard is furthest behind.
  Task next_task(unsigned favourite) {
    if (!settling_ && !flights_.empty() && flights_.front().shards_left == 0) {
      settling_ = true;
      return {Task::Kind::settle, flights_.front().slot};
    }
    if (!reading_ && !ended_ && !free_.empty()) {
      reading_ = true;
      const std::size_t slot = free_.back();  // the one used last: it is in a cache
      free_.pop_back();
      return {Task::Kind::read, slot};
    }
    Shard* chosen = nullptr;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      Shard& shard = shards_[(favourite + i) % shards_.size()];
      if (shard.busy || shard.next == settled_ + flights_.size()) continue;
      if (chosen == nullptr || shard.next < chosen->next) chosen = &shard;
    }
    if (chosen == nullptr) return {};
    chosen->busy = true;
    return {Task::Kind::run, flight_of(*chosen).slot, static_cast<unsigned>(chosen - shards_.data())};
  }

  bool perform(const Task& task) {
    switch (task.kind) {
      case Task::Kind::read:
        return tasks_.read(task.slot);
      case Task::Kind::settle:
        return tasks_.settle(task.slot);
      case Task::Kind::run:
        tasks_.run(task.shard, task.slot);
        break;
      case Task::Kind::none:
        break;
    }
    return true;
  }

  void note(const Task& task, bool go_on) {
    if (!go_on) ended_ = true;
    switch (task.kind) {
      case Task::Kind::read:
        reading_ = false;
        flights_.push_back({task.slot, shards_.size()});
        break;
      case Task::Kind::settle:
        settling_ = false;
        flights_.pop_front();
        ++settled_;
        free_.push_back(task.slot);
        break;
      case Task::Kind::run: {
        Shard& shard = shards_[task.shard];
        --flight_of(shard).shards_left;
        ++shard.next;
        shard.busy = false;
        break;
      }
      case Task::Kind::none:
        break;
    }
  }

  Flight& flight_of(const Shard& shard) { return flights_[static_cast<std::size_t>(shard.next - settled_)]; }

  EngineTasks& tasks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Below: only under the mutex.
  std::vector<Shard> shards_;
  std::deque<Flight> flights_;  // in order
  std::uint64_t settled_ = 0;   // chunks before flights_.front()
  std::vector<std::size_t> free_;
  bool reading_ = false;
  bool settling_ = false;
  bool ended_ = false;
  unsigned waiting_ = 0;
  std::exception_ptr failure_;
};

// Enough that a thread that reads is ahead of all that run.
constexpr std::size_t slots_per_thread = 3;

}  // namespace

EngineCrew::EngineCrew(unsigned threads, unsigned shards)
    : threads_(std::min(threads, shards + 1)),
      shards_(shards),
      slots_(threads_ == 1 ? 1 : threads_ * slots_per_thread) {}

void EngineCrew::work(EngineTasks& tasks) const {
  Shift shift(tasks, shards_, slots_);
  {
    std::vector<std::jthread> helpers;
    for (unsigned i = 1; i < threads_; ++i) {
      helpers.emplace_back([&shift, favourite = i * shards_ / threads_] { shift.work(favourite); });
    }
    shift.work(0);
  }
  if (shift.failure()) std::rethrow_exception(shift.failure());
}

}  // namespace restitch::detail
