#include "restitch/detail/engine_crew.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace restitch::detail {

namespace {

// So many chunks behind what is read, a shard is taken over by whoever has nothing else to do.
constexpr std::uint64_t takeover_lag = 3;

// One run of a crew: what was done so far, and what can be done now. Memory is taken for all of it at first.
class Shift {
 public:
  Shift(EngineTasks& tasks, unsigned threads, unsigned shards, std::size_t slots)
      : tasks_(tasks), shards_(shards) {
    flights_.reserve(slots);
    free_.reserve(slots);
    for (unsigned i = 0; i < shards; ++i) shards_[i].owner = i * threads / shards;
    for (std::size_t slot = slots; slot-- > 0;) free_.push_back(slot);
  }

  // Makes up to `count` helpers that work(). None of them does anything before it is known how many there
  // are. Requires: `helpers` has room for them.
  void begin(std::vector<std::jthread>& helpers, unsigned count) {
    const std::lock_guard lock(mutex_);
    try {
      for (unsigned i = 1; i <= count; ++i) helpers.emplace_back([this, i] { work(i); });
    } catch (const std::system_error&) {
      // The system gives no more of them. Those that there are do the same work, only later.
    } catch (const std::bad_alloc&) {
      // Nor has it memory for one.
    }
    try {
      tasks_.begin(static_cast<unsigned>(helpers.size()) + 1);
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  // What each thread does until all is done.
  void work(unsigned thread) {
    std::unique_lock lock(mutex_);
    while (!is_done()) {
      const Task task = next_task(thread);
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
    unsigned owner = 0;  // the thread that ran it last, in whose cache its connections are
  };

  [[nodiscard]] bool is_done() const { return failure_ || (ended_ && !reading_ && flights_.empty()); }

  // To settle frees memory, and to read keeps the others busy; who read last goes on with it.
  Task next_task(unsigned thread) {
    if (!settling_ && !flights_.empty() && flights_.front().shards_left == 0) {
      settling_ = true;
      return {Task::Kind::settle, flights_.front().slot};
    }
    const bool may_read = !reading_ && !ended_ && !free_.empty();
    if (may_read && reader_ == thread) return read(thread);
    if (Shard* own = furthest_behind([&](const Shard& shard) { return shard.owner == thread; })) {
      return run(*own, thread);
    }
    if (may_read) return read(thread);
    // Taking over a shard moves its connections from cache to cache: only when its owner does not keep up, or
    // reads, for that may take as long as a pipe is silent.
    Shard* other = furthest_behind([&](const Shard& shard) {
      const bool owner_reads = reading_ && shard.owner == reader_;
      return ended_ || owner_reads || read_so_far() - shard.next >= takeover_lag;
    });
    return other == nullptr ? Task() : run(*other, thread);
  }

  Task read(unsigned thread) {
    reading_ = true;
    reader_ = thread;
    const std::size_t slot = free_.back();  // the one used last: it is in a cache
    free_.pop_back();
    return {Task::Kind::read, slot};
  }

  Task run(Shard& shard, unsigned thread) {
    shard.busy = true;
    shard.owner = thread;
    return {Task::Kind::run, flight_of(shard).slot, static_cast<unsigned>(&shard - shards_.data())};
  }

  // Of those that can go on.
  template <class Condition>
  Shard* furthest_behind(Condition&& condition) {
    Shard* found = nullptr;
    for (Shard& shard : shards_) {
      if (shard.busy || shard.next == read_so_far() || !condition(shard)) continue;
      if (found == nullptr || shard.next < found->next) found = &shard;
    }
    return found;
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

  // A helper has nobody to throw to.
  void note(const Task& task, bool go_on) noexcept {
    if (!go_on) ended_ = true;
    switch (task.kind) {
      case Task::Kind::read:
        reading_ = false;
        flights_.push_back({task.slot, shards_.size()});
        break;
      case Task::Kind::settle:
        settling_ = false;
        flights_.erase(flights_.begin());
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

  // Chunks, from the first.
  [[nodiscard]] std::uint64_t read_so_far() const { return settled_ + flights_.size(); }
  Flight& flight_of(const Shard& shard) { return flights_[static_cast<std::size_t>(shard.next - settled_)]; }

  EngineTasks& tasks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Below: only under the mutex.
  std::vector<Shard> shards_;
  std::vector<Flight> flights_;  // in order
  std::uint64_t settled_ = 0;    // chunks before flights_.front()
  std::vector<std::size_t> free_;
  bool reading_ = false;
  unsigned reader_ = 0;  // the thread that read last
  bool settling_ = false;
  bool ended_ = false;
  unsigned waiting_ = 0;
  std::exception_ptr failure_;
};

// Enough that a thread that reads is ahead of all that run.
constexpr std::size_t slots_per_thread = 4;

}  // namespace

EngineCrew::EngineCrew(unsigned threads, unsigned shards)
    : shards_(std::max(shards, 1U)),
      threads_(threads <= shards_ ? std::max(threads, 1U) : shards_ + 1),
      slots_(threads_ == 1 ? 1 : threads_ * slots_per_thread) {}

void EngineCrew::work(EngineTasks& tasks) const {
  Shift shift(tasks, threads_, shards_, slots_);
  {
    std::vector<std::jthread> helpers;
    helpers.reserve(threads_ - 1);
    shift.begin(helpers, threads_ - 1);
    shift.work(0);
  }
  if (shift.failure()) std::rethrow_exception(shift.failure());
}

}  // namespace restitch::detail
