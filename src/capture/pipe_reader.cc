#include "capture/pipe_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "capture/http_source.h"
#include "capture/open_source.h"
#include "restitch/capture_inputs.h"

namespace restitch {

namespace {

const CaptureMetadata nothing_known;

constexpr int usual_patience_ms = 100;

// A header that is not complete by then never will be, however hard it is compressed.
constexpr std::size_t start_size_max = std::size_t{1} << 20;

}  // namespace

// The pipe with its first bytes, which can be read again and again until the format is known.
class PipeReader::Start {
 public:
  explicit Start(std::unique_ptr<ByteSource> pipe) : pipe_(std::move(pipe)) {}

  // Reads a piece of the pipe. False: there is none for now, or none at all.
  bool fetch() {
    std::array<std::uint8_t, std::size_t{16} << 10> piece;
    const std::size_t got = pipe_->read(piece.data(), piece.size());
    bytes_.insert(bytes_.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
    ended_ = got == 0 && !pipe_->idle();
    return got > 0;
  }

  // Whether there is enough more than at the last attempt to make another one.
  [[nodiscard]] bool has_grown() const { return bytes_.size() > tried_ + tried_ / 4; }
  [[nodiscard]] bool has_news() const { return bytes_.size() > tried_; }
  // Whether what there is must do.
  [[nodiscard]] bool is_all() const { return ended_ || bytes_.size() >= start_size_max; }

  void begin_attempt() {
    tried_ = bytes_.size();
    given_ = 0;
  }
  void end_attempts() { known_ = true; }

  std::size_t read(std::uint8_t* to, std::size_t size) {
    const std::size_t some = std::min(size, bytes_.size() - given_);
    if (some > 0) {
      std::memcpy(to, bytes_.data() + given_, some);
      given_ += some;
      return some;
    }
    if (!known_) return 0;
    bytes_ = std::vector<std::uint8_t>();  // with its capacity, which = {} would keep
    given_ = 0;
    return pipe_->read(to, size);
  }

  ByteSource& pipe() { return *pipe_; }
  [[nodiscard]] bool idle() const { return known_ ? pipe_->idle() : !is_all(); }

 private:
  std::unique_ptr<ByteSource> pipe_;
  std::vector<std::uint8_t> bytes_;  // read ahead
  std::size_t given_ = 0;            // of them
  std::size_t tried_ = 0;
  bool ended_ = false;
  bool known_ = false;
};

// What the reader behind it reads.
class PipeReader::StartSource final : public ByteSource {
 public:
  explicit StartSource(std::shared_ptr<Start> start) : start_(std::move(start)) {}

  std::size_t read(std::uint8_t* to, std::size_t size) override { return start_->read(to, size); }
  [[nodiscard]] bool idle() const override { return start_->idle(); }
  [[nodiscard]] bool stopped() const override { return start_->pipe().stopped(); }
  void set_patience_ms(int ms) override { start_->pipe().set_patience_ms(ms); }
  [[nodiscard]] const std::string& failure() const override { return start_->pipe().failure(); }
  [[nodiscard]] std::uint64_t bytes_read() const override { return start_->pipe().bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return start_->pipe().size(); }

 private:
  std::shared_ptr<Start> start_;
};

PipeReader::PipeReader(std::unique_ptr<ByteSource> pipe, OpenOptions options)
    : options_(options), start_(std::make_shared<Start>(std::move(pipe))) {
  set_patience_ms(usual_patience_ms);
}

PipeReader::~PipeReader() = default;

std::span<const Record> PipeReader::next_batch() {
  while (!reader_ && !finished_) {
    const bool more = start_->fetch();
    if (more && !start_->has_grown()) continue;
    if (!recognise() && !more) return {};
  }
  if (!reader_) return {};
  const std::span<const Record> batch = reader_->next_batch();
  finished_ = reader_->finished();
  return batch;
}

// Tries to find out what it is. True: it is known, or never will be.
bool PipeReader::recognise() {
  const bool all = start_->is_all();
  if (!all && !start_->has_news()) return false;
  start_->begin_attempt();
  auto opened = open_source(std::make_unique<StartSource>(start_), options_);
  if (opened) {
    start_->end_attempts();
    reader_ = std::move(*opened);
    if (keeps_) reader_->keep_records();
    return true;
  }
  if (!all && opened.error().code == ErrorCode::damaged) return false;  // too short, as yet
  finished_ = true;
  end_.stopped = start_->pipe().stopped();
  end_.damaged = !end_.stopped;
  if (end_.damaged) end_.message = opened.error().message;
  return true;
}

bool PipeReader::keep_records() { return keeps_ = reader_ == nullptr || reader_->keep_records(); }

void PipeReader::hand_over(RecordMemory& memory, std::size_t size) {
  if (reader_) reader_->hand_over(memory, size);
}

void PipeReader::set_patience_ms(int ms) { start_->pipe().set_patience_ms(ms); }

const CaptureMetadata& PipeReader::metadata() const { return reader_ ? reader_->metadata() : nothing_known; }

std::string PipeReader::format_name() const { return reader_ ? reader_->format_name() : "not known yet"; }

std::uint64_t PipeReader::bytes_read() const { return start_->pipe().bytes_read(); }

std::optional<std::uint64_t> PipeReader::size() const { return start_->pipe().size(); }

Result<std::unique_ptr<CaptureReader>> open_at_once(const std::string& path, FileSource::StopFlag stop,
                                                    OpenOptions options) {
  if (is_remote(path)) return open_remote(path, {.stop = stop, .memory = options.memory});
  if (is_http(path)) {
    auto source = open_http(path, stop);
    if (!source) return tl::unexpected(source.error());
    return std::make_unique<PipeReader>(std::move(*source), options);
  }
  auto source = FileSource::open(path, stop);
  if (!source) return tl::unexpected(source.error());
  if (!(*source)->size()) return std::make_unique<PipeReader>(std::move(*source), options);
  auto opened = open_source(std::move(*source), options);
  if (!opened) opened.error().message.insert(0, path + ": ");
  return opened;
}

}  // namespace restitch
