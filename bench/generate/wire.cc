#include "generate/wire.h"

#include <algorithm>
#include <array>
#include <utility>

namespace restitch::bench {

namespace {

constexpr std::uint64_t start_seconds = 1'700'000'000;
constexpr std::uint64_t gap_microseconds = 3;  // between two packets

}  // namespace

Wire::Wire(const std::string& path, const Impairment& impairment)
    : file_(std::fopen(path.c_str(), "wb")), impairment_(impairment) {
  if (file_ == nullptr) return;
  std::setvbuf(file_, nullptr, _IOFBF, std::size_t{1} << 20);
  const std::array<std::uint32_t, 6> header{0xA1B2C3D4, 0x00040002, 0, 0, 262144, 1};
  std::fwrite(header.data(), sizeof header, 1, file_);
}

Wire::~Wire() {
  if (file_ != nullptr) std::fclose(file_);
}

void Wire::send_data(Flow& flow, Side side, std::size_t size) {
  End& end = flow.end(side);
  Segment segment{side, flag_ack | flag_psh, end.sent, size};
  end.sent += size;
  if (random_.chance(impairment_.lost)) return flow.lose(side, segment.offset, end.sent);
  if (random_.chance(impairment_.overlapping)) {
    const std::uint64_t early = std::min<std::uint64_t>(segment.offset, random_.between(1, 700));
    segment.offset -= early;
    segment.size = std::min<std::size_t>(size + early, 1460);
    end.sent = segment.offset + segment.size;
  }
  flow.capture(side, segment.offset, end.sent);
  const std::uint32_t delay =
      random_.chance(impairment_.reordered) ? random_.between(1, impairment_.reordered_by) : 0;
  std::erase_if(end.late, [this](const auto& late) { return late.first <= sent_; });
  if (delay > 0) end.late.emplace_back(sent_ + delay, segment.offset);
  put(flow, segment, delay);
  if (random_.chance(impairment_.repeated)) put(flow, segment, random_.between(0, impairment_.reordered_by));
}

void Wire::send_flags(Flow& flow, Side side, std::uint8_t flags) {
  put(flow, {side, flags, flow.end(side).sent, 0}, 0);
  if ((flags & flag_fin) != 0) flow.end(side).finished = true;
}

void Wire::put(const Flow& flow, Segment segment, std::uint32_t delay) {
  const std::uint64_t order = sent_++;
  segment.acknowledged = flow.acknowledged(other(segment.side), order);
  build_frame(flow, segment, static_cast<std::uint32_t>(order >> 8), frame_);
  if (delay == 0) {
    write_due(order);
    return write(frame_);
  }
  delayed_.push({order + delay, order, frame_});
}

void Wire::write_due(std::uint64_t until) {
  while (!delayed_.empty() && delayed_.top().due <= until) {
    write(delayed_.top().frame);
    delayed_.pop();
  }
}

void Wire::write(const std::vector<std::uint8_t>& frame) {
  if (file_ == nullptr) return;
  const std::uint64_t time = packets_++ * gap_microseconds;
  const auto size = static_cast<std::uint32_t>(frame.size());
  const std::array<std::uint32_t, 4> header{static_cast<std::uint32_t>(start_seconds + time / 1'000'000),
                                            static_cast<std::uint32_t>(time % 1'000'000), size, size};
  std::fwrite(header.data(), sizeof header, 1, file_);
  std::fwrite(frame.data(), frame.size(), 1, file_);
}

bool Wire::finish() {
  write_due(~std::uint64_t{0});
  if (file_ == nullptr) return false;
  const bool sound = std::fflush(file_) == 0 && std::ferror(file_) == 0;
  return std::fclose(std::exchange(file_, nullptr)) == 0 && sound;
}

}  // namespace restitch::bench
