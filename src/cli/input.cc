#include "cli/input.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "capture/pipe_reader.h"
#include "cli/messages.h"

namespace restitch::cli {
namespace {

constexpr double ns_per_second = 1e9;

std::int64_t ns(double seconds) { return static_cast<std::int64_t>(seconds * ns_per_second); }

bool is_directory(const std::string& path) {
  std::error_code error;
  return path != "-" && std::filesystem::is_directory(path, error);
}

LiveOptions live_options(const InputSelection& selection, const std::string& interface,
                         const std::atomic<bool>& stop) {
  LiveOptions options;
  options.interface = interface;
  options.backend = selection.backend;
  options.snap_size = selection.snap_size;
  options.promiscuous = !selection.not_promiscuous;
  options.buffer_size = selection.buffer_kib << 10;
  options.filter = selection.filter;
  options.stop = &stop;
  return options;
}

// Stands for a file that was not opened, because the end was asked for.
class StoppedReader final : public CaptureReader {
 public:
  StoppedReader() { end_.stopped = true; }
  std::span<const Record> next_batch() override { return {}; }
  [[nodiscard]] bool finished() const override { return true; }
  [[nodiscard]] const CaptureEnd& end() const override { return end_; }
  [[nodiscard]] const CaptureMetadata& metadata() const override { return metadata_; }
  [[nodiscard]] std::string format_name() const override { return "not opened"; }
  [[nodiscard]] std::uint64_t bytes_read() const override { return 0; }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  CaptureEnd end_;
  CaptureMetadata metadata_;
};

// Ends after so many packets.
class LimitedReader final : public CaptureReader {
 public:
  LimitedReader(std::unique_ptr<CaptureReader> reader, std::uint64_t packets_max)
      : reader_(std::move(reader)), left_(packets_max) {}
  std::span<const Record> next_batch() override {
    if (left_ == 0) return {};
    std::span<const Record> batch = reader_->next_batch();
    if (batch.size() > left_) batch = batch.first(static_cast<std::size_t>(left_));
    left_ -= batch.size();
    return batch;
  }
  bool keep_records() override { return reader_->keep_records(); }
  void hand_over(RecordMemory& memory, std::size_t size) override { reader_->hand_over(memory, size); }
  void set_patience_ms(int ms) override { reader_->set_patience_ms(ms); }
  [[nodiscard]] bool finished() const override { return left_ == 0 || reader_->finished(); }
  [[nodiscard]] const CaptureEnd& end() const override { return reader_->end(); }
  [[nodiscard]] const CaptureMetadata& metadata() const override { return reader_->metadata(); }
  [[nodiscard]] std::string format_name() const override { return reader_->format_name(); }
  [[nodiscard]] std::uint64_t bytes_read() const override { return reader_->bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return reader_->size(); }

 private:
  std::unique_ptr<CaptureReader> reader_;
  std::uint64_t left_;
};

}  // namespace

Result<std::unique_ptr<Input>> Input::open(const InputSelection& selection, const MemoryPlan& memory,
                                           const std::atomic<bool>& stop,
                                           ReadingMemory::TlsSecretsSink secrets) {
  std::unique_ptr<Input> input(new Input(selection, memory, stop));
  input->memory_.set_tls_secrets_sink(std::move(secrets));
  const Result<void> opened = selection.live() ? input->open_interfaces() : input->open_files();
  if (!opened) return tl::unexpected(opened.error());
  if (input->troubles_.empty() && selection.packets_max != 0) {
    input->reader_ = std::make_unique<LimitedReader>(std::move(input->reader_), selection.packets_max);
  }
  return input;
}

Result<void> Input::open_files() {
  const bool one =
      selection_.files.size() == 1 && !selection_.follow && !is_directory(selection_.files.front());
  if (one) {
    open_one(selection_.files.front());
  } else {
    open_several();
  }
  if (!troubles_.empty()) return {};
  return filter(selection_.filter);
}

FollowOptions Input::following() {
  FollowOptions options;
  options.stop = &stop_;
  options.memory = &memory_;
  options.idle_timeout_ns = ns(selection_.idle_timeout_s);
  options.on_replaced = [](const std::string& path) { say(path + ": was replaced; reading the new file"); };
  options.on_broken = [](const std::string& name, const std::string& why) {
    say(fmt::format("{}: {}; trying again", name, why));
  };
  options.on_skipped = [this](const SkippedFile& file) { skipped_.push_back(file); };
  options.recursive = selection_.recursive;
  return options;
}

void Input::open_one(const std::string& name) {
  name_ = name;
  auto opened =
      is_remote(name) ? open_remote(name, following()) : open_at_once(name, &stop_, {.memory = &memory_});
  if (opened) {
    reader_ = std::move(*opened);
  } else if (stop_) {
    reader_ = std::make_unique<StoppedReader>();
  } else {
    troubles_.push_back(opened.error().message);
  }
}

void Input::open_several() {
  InputOptions options;
  options.follow = selection_.follow;
  options.following = following();
  options.merging.window_ns = ns(selection_.merge_window_s);
  options.merging.waiting_bytes_max = waiting_max_;
  std::unique_ptr<MergedReader> merged;
  if (selection_.follow) {
    merged = open_inputs(selection_.files, options);
  } else {
    InputFiles found = expand_inputs(selection_.files, selection_.recursive);
    skipped_ = std::move(found.skipped);
    for (const InputFile& file : found.files) {
      if (!file.trouble.empty()) troubles_.push_back(file.trouble);
    }
    if (troubles_.size() == found.files.size()) return;
    troubles_.clear();  // the reader tells them
    merged = restitch::open_files(found.files, options);
  }
  reader_ = std::move(merged);
  merged_ = static_cast<MergedReader*>(reader_.get());
}

// The kernel filters.
Result<void> Input::open_interfaces() {
  std::vector<MergeInput> inputs;
  for (const std::string& interface : selection_.interfaces) {
    auto opened = open_live(live_options(selection_, interface, stop_));
    if (!opened) return tl::unexpected(opened.error());
    if (selection_.interfaces.size() == 1) {
      name_ = interface;
      reader_ = std::move(*opened);
      return {};
    }
    // MergeInput::open is copyable, and called once.
    const auto parcel = std::make_shared<std::unique_ptr<CaptureReader>>(std::move(*opened));
    inputs.push_back({interface, Timestamp(), std::nullopt,
                      [parcel]() -> Result<std::unique_ptr<CaptureReader>> { return std::move(*parcel); }});
  }
  auto merged = std::make_unique<MergedReader>(
      std::move(inputs),
      MergeOptions{.window_ns = ns(selection_.merge_window_s), .waiting_bytes_max = waiting_max_});
  merged_ = merged.get();
  reader_ = std::move(merged);
  return {};
}

Result<void> Input::filter(const std::string& expression) {
  if (expression.empty()) return {};
  auto compiled = PacketFilter::compile(expression);
  if (!compiled) return tl::unexpected(compiled.error());
  auto filtered = std::make_unique<FilteredReader>(std::move(reader_), std::move(*compiled));
  filtered_ = filtered.get();
  reader_ = std::move(filtered);
  return {};
}

std::vector<InputEnd> Input::ends() const {
  std::vector<InputEnd> ends;
  if (merged_ == nullptr) {
    ends.push_back({name_, true, reader_->finished(), reader_->end()});
  } else {
    ends = merged_->ends();
  }
  for (InputEnd& input : ends) {
    if (input.name == "-") input.name = "standard input";
    // What could not be opened is named by open_capture() already.
    if (input.opened && !input.end.message.empty()) input.end.message.insert(0, input.name + ": ");
  }
  if (merged_ != nullptr && filtered_ != nullptr && !filtered_->filter_failure().empty()) {
    CaptureEnd end;
    end.damaged = true;
    end.message = filtered_->filter_failure();
    ends.push_back({"filter", true, true, std::move(end)});
  }
  return ends;
}

std::vector<std::string> Input::names() const {
  if (merged_ == nullptr) return {name_};
  std::vector<std::string> names;
  for (const InputEnd& input : merged_->ends()) names.push_back(input.name);
  return names;
}

bool Input::stopped() const {
  const std::vector<InputEnd> all = ends();
  return std::any_of(all.begin(), all.end(), [](const InputEnd& input) { return input.end.stopped; });
}

// Less than all of it, or there would be nothing to say.
std::string Input::how_far() const {
  const std::vector<InputEnd> all = ends();
  const std::string what = all.size() == 1 ? all.front().name : fmt::format("{} inputs", all.size());
  const std::uint64_t read = reader_->bytes_read();
  const std::optional<std::uint64_t> size = reader_->size();
  if (!size || *size == 0) return fmt::format("after {} bytes of {}", read, what);
  const double percent = 100.0 * static_cast<double>(read) / static_cast<double>(*size);
  return fmt::format("at {} % of {}", static_cast<int>(std::min(percent, 99.0)), what);
}

}  // namespace restitch::cli
