#include "capture/merge_input.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace restitch {

Timestamp MergedReader::Input::head_time() const {
  return held_out_ < held_.size() ? held_[held_out_].record.info.timestamp : batch_.front().info.timestamp;
}

std::chrono::nanoseconds MergedReader::Input::waited(Clock::time_point now) const {
  return held_out_ < held_.size() ? now - held_[held_out_].since : Clock::duration::zero();
}

bool MergedReader::Input::open(std::uint32_t& interfaces) {
  Result<std::unique_ptr<CaptureReader>> opened = about_.open();
  if (!opened) {
    end_.finished = true;
    end_.end.damaged = true;
    end_.end.message = opened.error().message;
    return false;
  }
  reader_ = std::move(*opened);
  reader_->set_patience_ms(0);
  end_.opened = true;
  number_interfaces(interfaces);
  return true;
}

void MergedReader::Input::leave() {
  end_.finished = true;
  end_.end = {};
  end_.end.stopped = true;
}

bool MergedReader::Input::refill(std::uint32_t& interfaces) {
  assert(can_refill() && held_out_ == 0);
  batch_ = reader_->next_batch();
  number_interfaces(interfaces);
  if (!batch_.empty()) latest_ = batch_.back().info.timestamp;
  if (!batch_.empty()) return true;
  if (!reader_->finished()) return false;
  close();
  return true;
}

void MergedReader::Input::close() {
  end_.finished = true;
  end_.end = reader_->end();
  metadata_ = reader_->metadata();
  format_ = reader_->format_name();
  bytes_read_ = reader_->bytes_read();
  reader_.reset();
}

void MergedReader::Input::number_interfaces(std::uint32_t& interfaces) {
  const std::size_t count = reader_->metadata().interfaces.size();
  while (interface_numbers_.size() < count) interface_numbers_.push_back(interfaces++);
}

Record MergedReader::Input::localised(Record record) const {
  record.info.source_index = index_;
  const std::uint32_t interface = record.info.interface_index;
  if (interface < interface_numbers_.size()) record.info.interface_index = interface_numbers_[interface];
  return record;
}

std::size_t MergedReader::Input::emit(std::vector<Record>& out) {
  if (held_out_ < held_.size()) {
    const Held& held = held_[held_out_++];
    out.push_back(held.record);
    return held.memory_size();
  }
  out.push_back(localised(batch_.front()));
  batch_ = batch_.subspan(1);
  return 0;
}

std::size_t MergedReader::Input::hold(Clock::time_point now) {
  std::size_t size = 0;
  for (const Record& record : std::exchange(batch_, {})) {
    Held& held = held_.emplace_back();
    held.record = localised(record);
    held.frame.assign(record.frame.begin(), record.frame.end());
    held.record.frame = held.frame;
    held.since = now;
    size += held.memory_size();
  }
  return size;
}

void MergedReader::Input::drop_handed_out() {
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(held_out_));
  held_out_ = 0;
}

void MergedReader::Input::describe(CaptureMetadata& whole) const {
  const CaptureMetadata& part = reader_ ? reader_->metadata() : metadata_;
  const auto take_first = [](std::string& to, const std::string& from) {
    if (to.empty()) to = from;
  };
  take_first(whole.hardware, part.hardware);
  take_first(whole.os, part.os);
  take_first(whole.application, part.application);
  whole.comments.insert(whole.comments.end(), part.comments.begin(), part.comments.end());
  for (PacketComment comment : part.packet_comments) {
    comment.source_index = index_;
    whole.packet_comments.push_back(std::move(comment));
  }
  whole.packet_comment_count += part.packet_comment_count;
  for (std::size_t i = 0; i < std::min(interface_numbers_.size(), part.interfaces.size()); ++i) {
    CaptureInterface& interface = whole.interfaces[interface_numbers_[i]];
    interface = part.interfaces[i];
    interface.source_index = index_;
  }
}

InputEnd MergedReader::Input::end() const {
  InputEnd end = end_;
  end.name = about_.name;
  return end;
}

}  // namespace restitch
