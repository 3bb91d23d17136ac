// What the back ends of live capture have in common: the stop flag, the one interface, how it ends.
// One thread at a time.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "restitch/capture_live.h"

namespace restitch {

class LiveReader : public CaptureReader {
 public:
  static constexpr std::size_t batch_size_max = 256;

  explicit LiveReader(const LiveOptions& options);

  std::span<const Record> next_batch() final;
  void set_patience_ms(int ms) final { patience_ms_ = ms; }
  [[nodiscard]] bool finished() const final { return finished_; }
  [[nodiscard]] const CaptureEnd& end() const final { return end_; }
  [[nodiscard]] const CaptureMetadata& metadata() const final;
  [[nodiscard]] std::uint64_t bytes_read() const final { return bytes_read_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const final { return std::nullopt; }

 protected:
  // Takes what is there into batch_ by add(), without waiting. False: the capture is over; why_over_ says
  // why.
  virtual bool take() = 0;
  // Waits until there is something, at most so long; may return early.
  virtual void wait(int ms) = 0;
  // Puts what the kernel has counted so far into `interface`.
  virtual void count(CaptureInterface& interface) const = 0;

  [[nodiscard]] bool empty() const { return batch_size_ == 0; }
  [[nodiscard]] bool full() const { return batch_size_ == batch_size_max; }
  // Requires: !full(); the frame lives until the next take().
  void add(std::int64_t ns, LinkType link_type, Bytes frame, std::size_t original_size);
  CaptureInterface& interface() { return metadata_.interfaces.front(); }

  std::string why_over_;

 private:
  using Clock = std::chrono::steady_clock;

  bool note_stop();
  void finish(bool damaged);

  const std::atomic<bool>* stop_;
  std::chrono::milliseconds grace_;           // after which the kernel has handed out what it had
  std::optional<Clock::time_point> stopped_;  // when the flag was first seen …
  std::int64_t stopped_ns_ = 0;               // … by the clock that packets are stamped with
  int patience_ms_ = 100;
  std::array<Record, batch_size_max> batch_{};
  std::size_t batch_size_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_read_ = 0;
  mutable CaptureMetadata metadata_;
  CaptureEnd end_;
  bool finished_ = false;
};

// The back ends.
Result<std::unique_ptr<CaptureReader>> open_libpcap(const LiveOptions& options);
// Besides its number, a fanout group may be none, or one that nobody uses yet.
inline constexpr int fanout_none = -1;
inline constexpr int fanout_new_group = -2;
Result<std::unique_ptr<CaptureReader>> open_ring(const LiveOptions& options, int fanout_group,
                                                 int& group_taken);

}  // namespace restitch
