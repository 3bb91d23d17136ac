// EngineCrew: which thread does what, and when. It knows chunks only by number, and nothing of what is in
// them. Three kinds of task, each done by whichever thread has time:
//
//   read    fill the next chunk                                    one at a time
//   run     let a shard see its part of a chunk, chunks in order   one at a time for each shard
//   settle  what is to be done once all shards saw a chunk         one at a time, in order of the chunks
//
// There is a fixed number of chunks, and reading waits for a free one: that is the back-pressure. With one
// thread, and so one chunk, it is a plain loop: read, run each shard, settle.
#pragma once

#include <cstddef>

#include "restitch/export.h"

namespace RESTITCH_API restitch {
namespace detail {

// What is to be done. Chunks are named by the slot they lie in.
class EngineTasks {
 public:
  // So many threads do the work, the caller's among them; others that were asked for could not be made. Comes
  // before anything else. An exception ends the work there.
  virtual void begin(unsigned /*threads*/) {}
  // False: nothing follows this chunk.
  virtual bool read(std::size_t slot) = 0;
  virtual void run(unsigned shard, std::size_t slot) = 0;
  // False: enough; what was read already is still run.
  virtual bool settle(std::size_t slot) = 0;

 protected:
  ~EngineTasks() = default;
};

class EngineCrew {
 public:
  // The caller's thread is one of `threads`. 0 counts as 1.
  EngineCrew(unsigned threads, unsigned shards);

  [[nodiscard]] std::size_t slots() const { return slots_; }
  [[nodiscard]] unsigned shards() const { return shards_; }

  // Works until the last chunk is settled. The first exception of a task ends the work, and is thrown on
  // here once all threads are done. Threads that cannot be made are done without; what else is needed is made
  // before the first task, or std::bad_alloc is thrown there.
  void work(EngineTasks& tasks) const;

 private:
  unsigned shards_;
  unsigned threads_;
  std::size_t slots_;
};

}  // namespace detail
}  // namespace restitch
