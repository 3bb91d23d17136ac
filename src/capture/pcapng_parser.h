// PcapngParser: the pcapng format: any number of sections, each with its byte order and interfaces;
// Enhanced, Simple and obsolete Packet Blocks; Interface Statistics; secrets of TLS; other blocks are passed
// over. It owns nothing that records point to. One thread at a time.
#pragma once

#include <string>
#include <vector>

#include "capture/record_parser.h"
#include "capture/time_scale.h"

namespace restitch {

class PcapngParser final : public RecordParser {
 public:
  // More interfaces than this in one file are taken as damage; each costs memory until the end.
  static constexpr std::size_t interfaces_max = 65'536;
  // What is kept of names and comments, all together; the rest is dropped.
  static constexpr std::size_t text_size_max = std::size_t{1} << 20;
  static constexpr std::size_t comments_max = 1'000;
  // What is kept of key logs; a block for which there is no room any more is dropped.
  static constexpr std::size_t secrets_size_max = std::size_t{16} << 20;
  // Bytes of memory that a byte of a key log may cost, once it is read.
  static constexpr std::size_t secrets_cost = 4;
  // What an interface costs: what we need of it, and its description here and where it is told.
  static constexpr std::size_t interface_size = 1'000;

  // What it remembers until the end is taken of `memory`, and not given back: readers hand it on.
  explicit PcapngParser(ReadingMemory* memory = nullptr) : memory_(memory) {}

  // True when a file that starts so is a pcapng file. Requires: start.size() >= 4.
  static bool recognises(Bytes start);

  // True when the byte order of the section can be told. Requires: recognises(header), size() >= 12.
  static bool has_byte_order(Bytes header);

  Scan scan(Bytes bytes, std::span<Record> out) override;
  [[nodiscard]] std::string place() const override;
  [[nodiscard]] std::string format_name() const override;

 private:
  // What packets of an interface of the current section need.
  struct Interface {
    LinkType link_type;
    std::uint32_t snap_size;
    std::uint32_t index;  // in metadata_.interfaces
    TimeScale scale;
  };

  // Where a scan stands.
  struct Cursor {
    Bytes rest;
    std::span<Record> out;
    std::size_t records = 0;
  };

  // What stands behind the length of a packet block.
  struct Packet {
    std::uint32_t interface = 0;
    std::uint64_t ticks = 0;
    std::uint32_t captured = 0;
    std::uint32_t original = 0;
    Bytes room;            // the captured bytes and what follows them in the block
    bool options = false;  // options may follow them
  };

  enum class Stop { section, done };

  template <bool swapped>
  Stop scan_blocks(Cursor& cursor);
  template <bool swapped>
  bool block_is_whole(Bytes rest, std::uint32_t length);
  template <bool swapped>
  void take_block(std::uint32_t type, Bytes block, Cursor& cursor);
  template <bool swapped>
  void take_simple_packet(Bytes block, Cursor& cursor);
  template <bool swapped>
  void take_interface(Bytes block);
  template <bool swapped>
  void take_statistics(Bytes block);
  template <bool swapped>
  void take_secrets(Bytes block);

  void take_packet(const Packet& packet, Cursor& cursor);
  void deliver(const Packet& packet, const Interface& interface, std::int64_t ns, Cursor& cursor);
  bool begin_section(Cursor& cursor);
  template <bool swapped>
  bool take_section(Cursor& cursor);
  void take_packet_comments(const Packet& packet);
  void skip_packet(const Cursor& cursor, std::string reason);
  std::string text(Bytes value);
  bool take(std::size_t size) { return memory_ == nullptr || memory_->take(size); }

  ReadingMemory* memory_;
  std::size_t secrets_size_ = 0;  // of those that were told
  bool swapped_ = false;
  bool section_seen_ = false;
  std::uint32_t sections_ = 0;
  std::size_t text_size_ = 0;
  std::size_t scan_size_ = 0;          // bytes shown to the scan under way
  std::vector<Interface> interfaces_;  // of the current section
};

}  // namespace restitch
