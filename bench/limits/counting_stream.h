// The streams that restitch is measured with: one that only counts, and one that digests what it is given
// for comparison with the truth; each as a type known at compile time and behind the virtual API.
#pragma once

#include <zlib.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "limits/tally.h"
#include "restitch/restitch.h"

namespace restitch::bench {

// Begins in the middle where the handshake was not captured.
inline bool accept_all(const std::optional<Sequence>& next_seq, bool& start) {
  if (!next_seq) start = true;
  return true;
}

// Counts delivered bytes, all streams into one tally.
class CountingStream {
 public:
  CountingStream(Tally& tally, bool sums) : tally_(&tally), sums_(sums) {}

  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence> next_seq,
              bool& start, AssemblerContext&) {
    return accept_all(next_seq, start);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) {
    for (const ScatterGather::Chunk& chunk : sg.chunks()) tally_->count(chunk.bytes, sums_);
  }
  bool reassembly_complete(AssemblerContext*, EndReason) { return true; }

 private:
  Tally* tally_;
  bool sums_;
};

// Prints a line for each direction with payload, as in the truth.
class DigestingStream {
 public:
  DigestingStream(std::string client, std::string server) : ends_{std::move(client), std::move(server)} {}

  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence> next_seq,
              bool& start, AssemblerContext&) {
    return accept_all(next_seq, start);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) {
    Direction& direction = directions_[static_cast<std::size_t>(sg.info().direction)];
    if (sg.info().skip > 0) direction.missing += static_cast<std::uint64_t>(sg.info().skip);
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      direction.bytes += chunk.bytes.size();
      direction.crc = crc32(direction.crc, chunk.bytes.data(), static_cast<uInt>(chunk.bytes.size()));
    }
  }
  bool reassembly_complete(AssemblerContext*, EndReason) {
    for (std::size_t i = 0; i < 2; ++i) {
      const Direction& direction = directions_[i];
      if (direction.bytes + direction.missing == 0) continue;
      std::printf("%s %s %llu %08lx %llu\n", ends_[i].c_str(), ends_[1 - i].c_str(),
                  static_cast<unsigned long long>(direction.bytes), direction.crc,
                  static_cast<unsigned long long>(direction.missing));
    }
    return true;
  }

 private:
  struct Direction {
    std::uint64_t bytes = 0;
    std::uint64_t missing = 0;
    uLong crc = 0;
  };
  std::array<std::string, 2> ends_;
  std::array<Direction, 2> directions_{};
};

// Any of them, behind virtual calls.
template <class S>
class VirtualStream : public Stream {
 public:
  explicit VirtualStream(S stream) : stream_(std::move(stream)) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) override {
    return stream_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) override {
    stream_.reassembled_sg(sg, context);
  }
  bool reassembly_complete(AssemblerContext* context, EndReason reason) override {
    return stream_.reassembly_complete(context, reason);
  }

 private:
  S stream_;
};

inline std::string hex_endpoint(const IpAddress& address, std::uint16_t port) {
  std::string text;
  const std::size_t first = address.version == 6 ? 0 : 12;
  for (std::size_t i = first; i < 16; ++i) {
    text += "0123456789abcdef"[address.bytes[i] >> 4U];
    text += "0123456789abcdef"[address.bytes[i] & 15U];
  }
  return text + ":" + std::to_string(port);
}

// What makes them.
struct CountingFactory {
  Tally* tally;
  bool sums;
  std::optional<CountingStream> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return CountingStream(*tally, sums);
  }
};

struct DigestingFactory {
  std::optional<DigestingStream> create(const NetFlow& net, TransportFlow ports, const TcpSegment&,
                                        AssemblerContext&) {
    return DigestingStream(hex_endpoint(net.source, ports.source_port),
                           hex_endpoint(net.destination, ports.destination_port));
  }
};

template <class Factory, class S>
class VirtualFactory : public StreamFactory {
 public:
  explicit VirtualFactory(Factory factory) : factory_(factory) {}

  std::unique_ptr<Stream> create(const NetFlow& net, TransportFlow ports, const TcpSegment& tcp,
                                 AssemblerContext& context) override {
    return std::make_unique<VirtualStream<S>>(*factory_.create(net, ports, tcp, context));
  }

 private:
  Factory factory_;
};

}  // namespace restitch::bench
