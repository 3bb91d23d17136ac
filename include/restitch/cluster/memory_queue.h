// MemoryQueue: batches that wait in memory, and are gone with the process. One thread at a time.
#pragma once

#include <deque>
#include <utility>

#include "restitch/cluster/batch_queue.h"

namespace RESTITCH_API restitch {
namespace cluster {

class MemoryQueue final : public BatchQueue {
 public:
  explicit MemoryQueue(std::uint64_t size_max) : size_max_(size_max) {}

  Result<void> add(SentBatch&& batch) override {
    if (size_ + batch.bytes.size() > size_max_) {
      return failure(ErrorCode::io, "there is no more memory for what waits for the broker");
    }
    size_ += batch.bytes.size();
    waiting_.push_back(std::move(batch));
    return {};
  }
  const SentBatch* next() override { return waiting_.empty() ? nullptr : &waiting_.front(); }
  void sent() override {
    size_ -= waiting_.front().bytes.size();
    waiting_.pop_front();
  }
  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  std::uint64_t size_max_;
  std::uint64_t size_ = 0;
  std::deque<SentBatch> waiting_;
};

}  // namespace cluster
}  // namespace restitch
