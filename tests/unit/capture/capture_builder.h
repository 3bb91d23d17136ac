// Builds capture files in memory, byte by byte, for tests and fuzz seeds; and reads them back in the
// ways that have to agree. The builder owns its bytes. Any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/open_source.h"

namespace restitch::testing {

using ByteVector = std::vector<std::uint8_t>;

enum class Order { little, big };

// Numbers appended in one byte order.
class ByteWriter {
 public:
  explicit ByteWriter(Order order) : order_(order) {}

  ByteWriter& u8(std::uint8_t value) { return number(value, 1); }
  ByteWriter& u16(std::uint16_t value) { return number(value, 2); }
  ByteWriter& u32(std::uint32_t value) { return number(value, 4); }
  ByteWriter& u64(std::uint64_t value) { return number(value, 8); }
  ByteWriter& raw(std::string_view value) {
    bytes.insert(bytes.end(), value.begin(), value.end());
    return *this;
  }
  ByteWriter& pad4() {
    while (bytes.size() % 4 != 0) bytes.push_back(0);
    return *this;
  }

  ByteVector bytes;

 private:
  ByteWriter& number(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = 8 * (order_ == Order::little ? i : size - 1 - i);
      bytes.push_back(static_cast<std::uint8_t>(value >> shift));
    }
    return *this;
  }

  Order order_;
};

// A classic pcap file.
class PcapBuilder : public ByteWriter {
 public:
  struct Header {
    std::uint32_t magic = 0xa1b2c3d4;
    std::uint16_t minor = 4;
    std::uint32_t snap_size = 65535;
    std::uint32_t link_type = 1;
  };

  PcapBuilder(Order order, Header header) : ByteWriter(order), modified_(header.magic == 0xa1b2cd34) {
    u32(header.magic).u16(2).u16(header.minor).u32(0).u32(0).u32(header.snap_size).u32(header.link_type);
  }
  explicit PcapBuilder(Order order = Order::little) : PcapBuilder(order, Header()) {}

  PcapBuilder& record(std::uint32_t s, std::uint32_t fraction, std::string_view frame,
                      std::uint32_t original) {
    head(s, fraction, static_cast<std::uint32_t>(frame.size()), original).raw(frame);
    return *this;
  }
  PcapBuilder& record(std::uint32_t s, std::uint32_t fraction, std::string_view frame) {
    return record(s, fraction, frame, static_cast<std::uint32_t>(frame.size()));
  }
  ByteWriter& head(std::uint32_t s, std::uint32_t fraction, std::uint32_t captured, std::uint32_t original) {
    u32(s).u32(fraction).u32(captured).u32(original);
    if (modified_) u32(7).u16(0x0800).u8(0).u8(0);  // interface, protocol, packet type, nothing
    return *this;
  }

 private:
  bool modified_;
};

// A pcapng file; section() may change the byte order, and comes first.
class PcapngBuilder {
 public:
  PcapngBuilder& section(Order order = Order::little, const ByteVector& options = {}) {
    order_ = order;
    ByteWriter body(order);
    body.u32(0x1a2b3c4d).u16(1).u16(0).u64(~std::uint64_t{0});
    return block(0x0a0d0d0a, append(body, options));
  }
  PcapngBuilder& interface(std::uint16_t link_type, std::uint32_t snap_size = 0,
                           const ByteVector& options = {}) {
    ByteWriter body(order_);
    body.u16(link_type).u16(0).u32(snap_size);
    return block(1, append(body, options));
  }
  PcapngBuilder& enhanced(std::uint32_t interface, std::uint64_t ticks, std::string_view frame,
                          std::uint32_t original = 0, const ByteVector& options = {}) {
    ByteWriter body(order_);
    body.u32(interface);
    return block(6, append(packet(body, ticks, frame, original), options));
  }
  PcapngBuilder& obsolete(std::uint16_t interface, std::uint64_t ticks, std::string_view frame) {
    ByteWriter body(order_);
    body.u16(interface).u16(0xffff);
    return block(2, packet(body, ticks, frame, 0).bytes);
  }
  PcapngBuilder& simple(std::string_view frame, std::uint32_t original) {
    ByteWriter body(order_);
    body.u32(original).raw(frame);
    return block(3, body.bytes);
  }
  PcapngBuilder& statistics(std::uint32_t interface, const ByteVector& options) {
    ByteWriter body(order_);
    body.u32(interface).u64(0);
    return block(5, append(body, options));
  }
  // A block of secrets; its type is a key log of TLS, if nothing else is said.
  PcapngBuilder& secrets(std::string_view text, std::uint32_t type = 0x544c534b) {
    ByteWriter body(order_);
    body.u32(type).u32(static_cast<std::uint32_t>(text.size())).raw(text);
    return block(10, body.bytes);
  }
  // Any block: what stands between its two sizes, padded.
  PcapngBuilder& block(std::uint32_t type, ByteVector body) {
    ByteWriter out(order_);
    while (body.size() % 4 != 0) body.push_back(0);
    const auto size = static_cast<std::uint32_t>(body.size() + 12);
    out.u32(type).u32(size);
    out.bytes.insert(out.bytes.end(), body.begin(), body.end());
    out.u32(size);
    bytes.insert(bytes.end(), out.bytes.begin(), out.bytes.end());
    return *this;
  }
  // An option of the current byte order, to be put together with others.
  [[nodiscard]] ByteVector option(std::uint16_t code, std::string_view value) const {
    ByteWriter out(order_);
    out.u16(code).u16(static_cast<std::uint16_t>(value.size())).raw(value).pad4();
    return out.bytes;
  }
  [[nodiscard]] ByteVector option64(std::uint16_t code, std::uint64_t value) const {
    ByteWriter out(order_);
    out.u16(code).u16(8).u64(value);
    return out.bytes;
  }
  // The order of the next options and blocks, before the section() that starts it.
  PcapngBuilder& order(Order order) {
    order_ = order;
    return *this;
  }

  ByteVector bytes;

 private:
  static ByteWriter& packet(ByteWriter& body, std::uint64_t ticks, std::string_view frame,
                            std::uint32_t original) {
    const auto size = static_cast<std::uint32_t>(frame.size());
    body.u32(static_cast<std::uint32_t>(ticks >> 32)).u32(static_cast<std::uint32_t>(ticks));
    body.u32(size).u32(original == 0 ? size : original).raw(frame);
    return body.pad4();
  }
  static ByteVector append(ByteWriter& body, const ByteVector& options) {
    body.bytes.insert(body.bytes.end(), options.begin(), options.end());
    return body.bytes;
  }

  Order order_ = Order::little;
};

inline ByteVector operator+(ByteVector a, const ByteVector& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// A ByteSource over memory that gives at most `chunk` bytes at a time.
class MemorySource final : public ByteSource {
 public:
  MemorySource(Bytes bytes, std::size_t chunk) : bytes_(bytes), chunk_(chunk) {}

  std::size_t read(std::uint8_t* to, std::size_t size) override {
    const std::size_t count = std::min({size, chunk_, bytes_.size() - at_});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), count, to);
    at_ += count;
    return count;
  }
  [[nodiscard]] const std::string& failure() const override { return failure_; }
  [[nodiscard]] std::uint64_t bytes_read() const override { return at_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return bytes_.size(); }

 private:
  Bytes bytes_;
  std::size_t chunk_;
  std::size_t at_ = 0;
  std::string failure_;
};

// A record with its bytes, kept.
struct KeptRecord {
  CaptureInfo info;
  LinkType link_type{};
  std::string frame;

  friend bool operator==(const KeptRecord&, const KeptRecord&) = default;
};

struct Reading {
  bool opened = false;
  Error error;  // if not opened
  std::vector<KeptRecord> records;
  CaptureEnd end;
  CaptureMetadata metadata;
  std::string format;
  std::string tls_secrets;  // the lines out of secrets blocks
};

inline Reading read_all(Result<std::unique_ptr<CaptureReader>> opened) {
  Reading result;
  if (!opened) {
    result.error = opened.error();
    return result;
  }
  CaptureReader& reader = **opened;
  result.opened = true;
  while (!reader.finished()) {
    for (const Record& record : reader.next_batch()) {
      result.records.push_back(
          {record.info, record.link_type, std::string(record.frame.begin(), record.frame.end())});
    }
  }
  result.end = reader.end();
  result.metadata = reader.metadata();
  result.format = reader.format_name();
  return result;
}

// Reads `bytes` in pieces of `chunk`, through a buffer of `buffer_size` at first.
inline Reading read_bytes(Bytes bytes, std::size_t chunk = std::size_t{1} << 16,
                          std::size_t buffer_size = std::size_t{1} << 16) {
  std::string secrets;
  ReadingMemory memory(std::size_t{1} << 30);
  memory.set_tls_secrets_sink([&](std::string_view lines) { secrets += lines; });
  Reading reading =
      read_all(open_source(std::make_unique<MemorySource>(bytes, chunk), {buffer_size, &memory}));
  reading.tls_secrets = std::move(secrets);
  return reading;
}

}  // namespace restitch::testing
