// What tests of the engine read, and streams that write down what they are told.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "capture/open_source.h"
#include "restitch/engine.h"
#include "support/frame_builder.h"
#include "unit/capture/capture_builder.h"

namespace restitch::testing {

// A frame of the conversation of a client's port: some by IPv4, which a look is enough for, some by IPv6,
// some in a VLAN.
inline FrameBuilder frame_of(std::uint16_t port) {
  FrameBuilder frame;
  if (port % 3 == 0) {
    frame.ipv6("2001:db8::1", "2001:db8::2");
  } else {
    frame.ipv4("10.0.0.1", "192.0.2.1");
  }
  if (port % 4 == 0) frame.vlan(7);
  return frame.tcp(port, 80);
}

// A capture of many conversations at once: handshake, segments of which a seventh comes too late, FINs.
// Some are one-sided or begin in the middle.
inline ByteVector mixed_capture(unsigned connections, unsigned segments, unsigned seed = 1) {
  struct Conversation {
    std::uint16_t port;
    unsigned step = 0;
  };
  std::mt19937 random(seed);
  std::vector<Conversation> open;
  for (unsigned i = 0; i < connections; ++i) open.push_back({static_cast<std::uint16_t>(10'000 + i)});
  PcapBuilder file(Order::little, {});
  std::uint32_t ticks = 0;
  const auto add = [&](std::uint16_t port, std::uint32_t seq, TcpFlags flags, const std::string& payload) {
    const Frame frame = frame_of(port).seq(seq).flags(flags).payload(payload).build();
    file.record(1'600'000'000 + ticks / 1000, ticks % 1000,
                std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
    ++ticks;
  };
  // Ten bytes that are its own.
  const auto text_of = [](const Conversation& one) {
    return std::to_string(1'000'000'000 + std::uint32_t{one.port} * 1000 + one.step);
  };
  while (!open.empty()) {
    const std::size_t at = random() % open.size();
    Conversation& one = open[at];
    const std::uint32_t place = one.step == 0 ? 0 : 1 + 10 * (one.step - 1);
    if (one.step == 0 && one.port % 5 != 0) {
      add(one.port, 0, TcpFlags{0x02}, "");
    } else if (one.step > segments) {
      add(one.port, place, TcpFlags{0x11}, "");
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      continue;
    } else if (one.step != 0) {
      const std::string text = text_of(one);
      const bool late = random() % 7 == 0 && one.step < segments;
      if (late) {
        ++one.step;
        add(one.port, place + 10, TcpFlags{0x10}, text_of(one));
      }
      if (!late || random() % 3 != 0) add(one.port, place, TcpFlags{0x10}, text);
    }
    ++one.step;
  }
  return file.bytes;
}

// Lends records for one batch only, and makes sure of it: what was lent is overwritten.
class LendingReader final : public CaptureReader {
 public:
  explicit LendingReader(std::unique_ptr<CaptureReader> reader) : reader_(std::move(reader)) {}

  std::span<const Record> next_batch() override {
    std::fill(bytes_.begin(), bytes_.end(), std::uint8_t{0xEE});
    const auto batch = reader_->next_batch();
    records_.assign(batch.begin(), batch.end());
    std::size_t size = 0;
    for (const Record& record : records_) size += record.frame.size();
    bytes_.resize(std::max(bytes_.size(), size));
    std::uint8_t* to = bytes_.data();
    for (Record& record : records_) {
      std::copy(record.frame.begin(), record.frame.end(), to);
      record.frame = {to, record.frame.size()};
      to += record.frame.size();
    }
    return records_;
  }
  [[nodiscard]] bool finished() const override { return reader_->finished(); }
  [[nodiscard]] const CaptureEnd& end() const override { return reader_->end(); }
  [[nodiscard]] const CaptureMetadata& metadata() const override { return reader_->metadata(); }
  [[nodiscard]] std::string format_name() const override { return reader_->format_name(); }
  [[nodiscard]] std::uint64_t bytes_read() const override { return reader_->bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return reader_->size(); }

 private:
  std::unique_ptr<CaptureReader> reader_;
  std::vector<Record> records_;
  std::vector<std::uint8_t> bytes_;
};

// What was told of each connection, by the client's port.
using Story = std::map<std::uint16_t, std::string>;

class StoryStream {
 public:
  StoryStream(std::string& story, std::atomic<int>& inside) : story_(&story), inside_(&inside) {}

  bool accept(const TcpSegment& /*tcp*/, const CaptureInfo& info, TcpFlowDirection /*direction*/,
              std::optional<Sequence> /*next_seq*/, bool& /*start*/, AssemblerContext& /*context*/) {
    EXPECT_EQ(++*inside_, 1) << "calls of one connection at the same time";
    *story_ += " #" + std::to_string(info.packet_number);
    --*inside_;
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& /*context*/) {
    *story_ += "[" + std::to_string(sg.info().skip) + ":";
    for (const auto& chunk : sg.chunks()) story_->append(chunk.bytes.begin(), chunk.bytes.end());
    *story_ += "]";
  }
  bool reassembly_complete(AssemblerContext* /*context*/, EndReason reason) {
    *story_ += " " + std::string(to_string(reason));
    return true;
  }

 private:
  std::string* story_;
  std::atomic<int>* inside_;
};

struct StoryFactory {
  Story story;
  std::map<std::uint16_t, std::atomic<int>> inside;

  std::optional<StoryStream> create(const NetFlow& /*net*/, TransportFlow ports, const TcpSegment& /*tcp*/,
                                    AssemblerContext& /*context*/) {
    return StoryStream(story[ports.source_port], inside[ports.source_port]);
  }
};

}  // namespace restitch::testing
