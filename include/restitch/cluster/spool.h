// Spool: batches that wait in a folder, and outlive the process. What was sent stays until a checkpoint has
// taken it in: a broker acknowledges before what it has is safe. The oldest files go as wholes; at the bound,
// what is new finds no room. Owns the folder, which one process has at a time. One thread at a time.
//
//     0000000007.spool  0000000008.spool  0000000009.spool     each: (size, 4 bytes, lowest first; a batch)…
//     └ sent, not confirmed ┘└ next()            └ add()
//
// A batch has a CRC, so what a process that was killed left in the middle is known: a file is read up to
// there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "restitch/cluster/batch_queue.h"
#include "restitch/output_folder.h"

namespace RESTITCH_API restitch {
namespace cluster {

class Spool final : public BatchQueue {
 public:
  // Whose batches it has.
  struct Origin {
    SensorId sensor = 0;
    std::uint16_t partitions = 0;
    std::uint32_t epoch = 0;  // the latest
  };

  // Takes up what is there. Errors: io (also: another process has it), damaged (of several sensors).
  static Result<Spool> open(const std::string& folder, std::uint64_t size_max);
  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&&) = delete;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool() override;

  // Of what it took up; nothing: it was empty.
  [[nodiscard]] const std::optional<Origin>& origin() const { return origin_; }
  // Bytes of files that were no batches.
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

  Result<void> add(SentBatch&& batch) override;
  const SentBatch* next() override;
  void sent() override;
  [[nodiscard]] bool keeps() const override { return true; }
  void rewind() override;
  void confirm(std::uint16_t partition, std::uint32_t epoch, std::uint64_t number) override;
  [[nodiscard]] const OutputFolder* folder() const override { return &folder_; }
  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  // A place among the batches of a sensor for a partition: epoch and number.
  using Place = std::pair<std::uint32_t, std::uint64_t>;
  struct File {
    std::uint64_t size = 0;                // of the batches in it
    std::map<std::uint16_t, Place> lasts;  // by partition
  };
  using Files = std::map<std::uint64_t, File>;  // by the number in the name

  Spool(OutputFolder folder, std::uint64_t size_max) : folder_(std::move(folder)), size_max_(size_max) {}

  Result<void> take_up();
  Result<void> take_up_file(std::uint64_t number);
  Result<void> note_origin(const Batch& head);
  Result<void> begin_file();
  void close_written();
  void close_read();
  [[nodiscard]] int open_file(std::uint64_t number, int flags) const;
  std::optional<Batch> read_batch(int descriptor, std::uint64_t offset, std::uint64_t limit);
  void note(std::uint64_t number, const SentBatch& batch, std::uint64_t size);
  bool seek_file();
  void remove_confirmed();
  [[nodiscard]] std::uint64_t file_size_max() const;

  OutputFolder folder_;
  std::uint64_t size_max_;
  std::uint64_t size_ = 0;
  std::uint64_t damaged_ = 0;
  std::optional<Origin> origin_;
  Files files_;
  std::map<std::uint16_t, Place> confirmed_;  // by partition: the first place that is not
  std::uint64_t number_ = 0;                  // of the newest file
  int written_ = -1;                          // it, if this process began it
  std::uint64_t read_number_ = 0;             // where next() is …
  std::uint64_t read_offset_ = 0;             // … and in that file
  int read_ = -1;
  std::vector<std::uint8_t> record_;  // what was read
  std::optional<SentBatch> next_;
  std::uint64_t next_size_ = 0;
};

}  // namespace cluster
}  // namespace restitch
