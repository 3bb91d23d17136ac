#include "capture/live_reader.h"

#include <algorithm>

#include "base/clean_text.h"

namespace restitch {

LiveReader::LiveReader(const LiveOptions& options)
    : stop_(options.stop), grace_(2 * std::max(options.block_timeout_ms, 1)) {
  CaptureInterface& about = metadata_.interfaces.emplace_back();
  about.name = clean_text(options.interface);
  about.filter = clean_text(options.filter);
  about.snap_size = options.snap_size;
}

std::span<const Record> LiveReader::next_batch() {
  batch_size_ = 0;
  if (finished_) return {};
  const auto patience_end = Clock::now() + std::chrono::milliseconds(patience_ms_);
  for (;;) {
    // Asked before, not after: what came before the flag was set is still taken.
    const bool stop = note_stop();
    const bool goes_on = take();
    // On a busy line there is always more; what came later is not waited for.
    const bool late = stop && !empty() && batch_.front().info.timestamp.ns > stopped_ns_;
    if (!empty() && !late) return {batch_.data(), batch_size_};
    const auto now = Clock::now();
    if (!goes_on || late || (stop && now - *stopped_ >= grace_)) {
      finish(!goes_on);
      return {};
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(patience_end - now);
    if (left.count() <= 0) return {};
    wait(static_cast<int>(stop ? std::min(left, grace_).count() : left.count()));
  }
}

// True once the end was asked for.
bool LiveReader::note_stop() {
  if (stop_ == nullptr || !stop_->load()) return false;
  if (!stopped_) {
    stopped_ = Clock::now();
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    stopped_ns_ = std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
  }
  return true;
}

void LiveReader::finish(bool damaged) {
  finished_ = true;
  batch_size_ = 0;
  end_.damaged = damaged;
  end_.message = why_over_;
}

void LiveReader::add(std::int64_t ns, LinkType link_type, Bytes frame, std::size_t original_size) {
  Record& record = batch_[batch_size_++];
  record.info.timestamp.ns = ns;
  record.info.packet_number = ++packets_;
  record.info.user_tag = 0;
  record.info.captured_size = static_cast<std::uint32_t>(frame.size());
  record.info.original_size = static_cast<std::uint32_t>(std::max(original_size, frame.size()));
  record.info.interface_index = 0;
  record.info.source_index = 0;
  record.link_type = link_type;
  record.frame = frame;
  bytes_read_ += frame.size();
}

const CaptureMetadata& LiveReader::metadata() const {
  count(metadata_.interfaces.front());
  return metadata_;
}

}  // namespace restitch
