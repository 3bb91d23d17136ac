// A capture cut into several files, as a rotating writer would have written them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace restitch::testing {

// Reads numbers of either byte order.
class CaptureBytes {
 public:
  explicit CaptureBytes(std::string_view bytes) : bytes_(bytes) {}

  void set_big(bool big) { big_ = big; }
  [[nodiscard]] std::uint32_t u32(std::size_t at) const {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto byte = static_cast<unsigned char>(bytes_[big_ ? at + i : at + 3 - i]);
      number = number << 8 | byte;
    }
    return number;
  }
  [[nodiscard]] bool has(std::size_t at, std::size_t size) const {
    return at <= bytes_.size() && size <= bytes_.size() - at;
  }
  [[nodiscard]] std::string_view part(std::size_t at, std::size_t size) const {
    return bytes_.substr(at, size);
  }

 private:
  std::string_view bytes_;
  bool big_ = false;
};

// A packet, and what has to stand before it in its file.
struct CutPacket {
  std::string head;
  std::string bytes;
};

inline std::vector<CutPacket> pcap_packets(CaptureBytes capture, bool big) {
  constexpr std::size_t head_size = 24;
  constexpr std::size_t record_size = 16;
  capture.set_big(big);
  std::vector<CutPacket> packets;
  for (std::size_t at = head_size; capture.has(at, record_size);) {
    const std::size_t size = record_size + capture.u32(at + 8);
    if (!capture.has(at, size)) break;
    packets.push_back({std::string(capture.part(0, head_size)), std::string(capture.part(at, size))});
    at += size;
  }
  return packets;
}

inline std::vector<CutPacket> pcapng_packets(CaptureBytes capture) {
  std::vector<CutPacket> packets;
  std::string head;
  for (std::size_t at = 0; capture.has(at, 12);) {
    const bool section = capture.part(at, 4) == "\x0a\x0d\x0d\x0a";
    if (section) capture.set_big(capture.part(at + 8, 4) == "\x1a\x2b\x3c\x4d");
    const std::uint32_t kind = capture.u32(at);
    const std::size_t size = capture.u32(at + 4);
    if (size < 12 || !capture.has(at, size)) break;
    const std::string block(capture.part(at, size));
    if (section) head.clear();
    if (section || kind == 1) head += block;
    if (kind == 2 || kind == 3 || kind == 6) packets.push_back({head, block});
    at += size;
  }
  return packets;
}

// In `files` parts, of which some are empty where there are fewer packets; none for what is no capture.
inline std::vector<std::string> cut_capture(std::string_view bytes, std::size_t files) {
  const CaptureBytes capture(bytes);
  if (!capture.has(0, 24)) return {};
  const std::string_view magic = bytes.substr(0, 4);
  const bool ng = magic == "\x0a\x0d\x0d\x0a";
  const bool big = magic == "\xa1\xb2\xc3\xd4" || magic == "\xa1\xb2\x3c\x4d";
  const bool little = magic == "\xd4\xc3\xb2\xa1" || magic == "\x4d\x3c\xb2\xa1";
  if (!ng && !big && !little) return {};
  const std::vector<CutPacket> packets = ng ? pcapng_packets(capture) : pcap_packets(capture, big);
  if (packets.empty()) return {};
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < files; ++i) {
    std::string part = packets.front().head;
    std::string head = part;
    for (std::size_t n = packets.size() * i / files; n < packets.size() * (i + 1) / files; ++n) {
      if (packets[n].head != head) part += packets[n].head;  // a section of its own
      head = packets[n].head;
      part += packets[n].bytes;
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace restitch::testing
