// Live capture through a ring shared with the kernel. Records lie in its blocks and are lent from there;
// a block goes back to the kernel when the batch behind its last record is asked for.
#include "capture/packet_ring.h"

#ifdef __linux__

#include <linux/if_ether.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace restitch {

namespace {

constexpr std::size_t mac_addresses_size = 12;
constexpr std::size_t vlan_tag_size = 4;
// The address of a frame stands behind its header, aligned.
constexpr std::size_t address_offset =
    (sizeof(tpacket3_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT;

class RingReader final : public LiveReader {
 public:
  RingReader(const LiveOptions& options, PacketRing ring) : LiveReader(options), ring_(std::move(ring)) {
    interface().link_type = ring_.link_type();
  }

  [[nodiscard]] std::string format_name() const override { return "live, through a packet ring"; }

 protected:
  bool take() override;
  void wait(int ms) override;
  void count(CaptureInterface& interface) const override;

 private:
  bool enter_block();
  void leave_block();
  void take_frame(tpacket3_hdr& frame);
  bool interface_is_gone();

  PacketRing ring_;
  std::size_t block_ = 0;
  tpacket3_hdr* next_ = nullptr;  // in the current block
  std::uint32_t left_ = 0;        // frames from there to its end
  bool inside_ = false;           // the current block is ours
  mutable std::uint64_t received_ = 0;
  mutable std::uint64_t dropped_ = 0;
};

bool RingReader::take() {
  if (inside_ && left_ == 0) leave_block();
  while (empty() && (inside_ || enter_block())) {
    for (; left_ > 0 && !full(); --left_) {
      tpacket3_hdr& frame = *next_;
      next_ = reinterpret_cast<tpacket3_hdr*>(reinterpret_cast<std::uint8_t*>(next_) + frame.tp_next_offset);
      take_frame(frame);
    }
    if (empty()) leave_block();
  }
  return !empty() || !interface_is_gone();
}

bool RingReader::enter_block() {
  tpacket_block_desc& block = ring_.block(block_);
  const std::atomic_ref<std::uint32_t> status(block.hdr.bh1.block_status);
  if ((status.load(std::memory_order_acquire) & TP_STATUS_USER) == 0) return false;
  inside_ = true;
  left_ = block.hdr.bh1.num_pkts;
  next_ = reinterpret_cast<tpacket3_hdr*>(reinterpret_cast<std::uint8_t*>(&block) +
                                          block.hdr.bh1.offset_to_first_pkt);
  return true;
}

void RingReader::leave_block() {
  inside_ = false;
  const std::atomic_ref<std::uint32_t> status(ring_.block(block_).hdr.bh1.block_status);
  status.store(TP_STATUS_KERNEL, std::memory_order_release);
  block_ = (block_ + 1) % ring_.block_count();
}

void RingReader::take_frame(tpacket3_hdr& frame) {
  auto* const start = reinterpret_cast<std::uint8_t*>(&frame);
  const auto* const from = reinterpret_cast<const sockaddr_ll*>(start + address_offset);
  // What is sent on a loopback comes back at once: one of the two is enough.
  if (ring_.is_loopback() && from->sll_pkttype == PACKET_OUTGOING) return;
  std::uint8_t* bytes = start + frame.tp_mac;
  std::size_t captured = frame.tp_snaplen;
  std::size_t original = frame.tp_len;
  if ((frame.tp_status & TP_STATUS_VLAN_VALID) != 0 && ring_.link_type() == LinkType::ethernet &&
      captured >= mac_addresses_size) {
    bytes -= vlan_tag_size;
    std::memmove(bytes, bytes + vlan_tag_size, mac_addresses_size);
    const bool known = (frame.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    const std::uint32_t tag = std::uint32_t{known ? frame.hv1.tp_vlan_tpid : std::uint16_t{ETH_P_8021Q}}
                                  << 16 |
                              (frame.hv1.tp_vlan_tci & 0xffff);
    for (std::size_t i = 0; i < vlan_tag_size; ++i) {
      bytes[mac_addresses_size + i] = static_cast<std::uint8_t>(tag >> (24 - 8 * i));
    }
    captured += vlan_tag_size;
    original += vlan_tag_size;
  }
  const std::int64_t ns = std::int64_t{frame.tp_sec} * 1'000'000'000 + std::int64_t{frame.tp_nsec};
  add(ns, ring_.link_type(), {bytes, captured}, original);
}

// The socket is told when its interface goes down, and when it goes for good; only the latter is an end.
bool RingReader::interface_is_gone() {
  pollfd state{ring_.fd(), 0, 0};
  if (::poll(&state, 1, 0) <= 0 || (state.revents & POLLERR) == 0) return false;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(ring_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != ENETDOWN || ring_.interface_exists()) return false;
  why_over_ = "the interface is gone";
  return true;
}

void RingReader::wait(int ms) {
  pollfd waiting{ring_.fd(), POLLIN, 0};
  ::poll(&waiting, 1, ms);
}

// The kernel's counters start anew with each look.
void RingReader::count(CaptureInterface& interface) const {
  tpacket_stats_v3 counts{};
  socklen_t size = sizeof counts;
  if (::getsockopt(ring_.fd(), SOL_PACKET, PACKET_STATISTICS, &counts, &size) == 0) {
    received_ += counts.tp_packets;
    dropped_ += counts.tp_drops;
  }
  interface.received = received_;
  interface.os_dropped = dropped_;
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> open_ring(const LiveOptions& options, int fanout_group,
                                                 int& group_taken) {
  Result<PacketRing> ring = PacketRing::open(options, fanout_group);
  if (!ring) return tl::unexpected(ring.error());
  group_taken = ring->fanout_group();
  return read_ring(options, std::move(*ring));
}

std::unique_ptr<CaptureReader> read_ring(const LiveOptions& options, PacketRing ring) {
  return std::make_unique<RingReader>(options, std::move(ring));
}

}  // namespace restitch

#else

namespace restitch {

Result<std::unique_ptr<CaptureReader>> open_ring(const LiveOptions& options, int, int&) {
  return failure(ErrorCode::unsupported, options.interface + ": packet rings are a thing of Linux");
}

}  // namespace restitch

#endif
