// PacketRing: a packet socket of Linux with its TPACKET_V3 ring, opened and bound. It owns both; the
// blocks of the ring go to and fro between the kernel and us. One thread at a time.
#pragma once

#include "capture/live_reader.h"

#ifdef __linux__

#include <linux/if_packet.h>

namespace restitch {

class PacketRing {
 public:
  // What was asked for, and a fanout group: its number, fanout_none, or fanout_new_group.
  static Result<PacketRing> open(const LiveOptions& options, int fanout_group);

  // Without a socket: who makes it fills its blocks, as the kernel would. For tests.
  static PacketRing in_memory(std::size_t block_size, std::size_t block_count, LinkType link_type,
                              bool is_loopback);

  PacketRing(PacketRing&& other) noexcept;
  PacketRing& operator=(PacketRing&&) = delete;
  ~PacketRing();

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] LinkType link_type() const { return link_type_; }
  [[nodiscard]] bool is_loopback() const { return loopback_; }
  [[nodiscard]] int fanout_group() const { return fanout_group_; }
  // False when its interface has been removed.
  [[nodiscard]] bool interface_exists() const;

  [[nodiscard]] std::size_t block_count() const { return block_count_; }
  [[nodiscard]] std::size_t block_size() const { return block_size_; }
  [[nodiscard]] tpacket_block_desc& block(std::size_t index) const;

 private:
  PacketRing() = default;
  Result<void> set_up(const LiveOptions& options, int fanout_group);
  Result<void> find_interface(const std::string& name);
  Result<void> set_filter(const LiveOptions& options);
  Result<void> map(const LiveOptions& options);
  Result<void> bind(const LiveOptions& options);
  Result<void> join(int fanout_group);

  std::string interface_;
  int fd_ = -1;
  int index_ = 0;
  LinkType link_type_ = LinkType::ethernet;
  bool loopback_ = false;
  int fanout_group_ = fanout_none;
  std::uint8_t* blocks_ = nullptr;
  std::size_t block_size_ = 0;
  std::size_t block_count_ = 0;
};

// Reads what comes into its blocks.
std::unique_ptr<CaptureReader> read_ring(const LiveOptions& options, PacketRing ring);

// A filter for packet sockets, or just the snap length if there is none: what the kernel is to run on each
// packet. Instructions as pairs of 32-bit words, as the kernel and libpcap lay them out.
Result<std::vector<std::uint64_t>> compile_for_kernel(const LiveOptions& options);

}  // namespace restitch

#endif
