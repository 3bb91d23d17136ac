// Any bytes as what the kernel puts into a packet ring: frames of any size, with VLAN tags that it took out,
// sent or received, in blocks that are full or came to their time, on an interface of either kind. Each frame
// comes as it was on the wire, once and in order, and every block goes back.
#include <cstddef>
#include <cstdint>

#ifdef __linux__

#include <linux/if_ether.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "capture/packet_ring.h"
#include "restitch/packet.h"
#include "unit/capture/capture_invariants.h"

namespace {

using namespace restitch;
using restitch::testing::require;
using ByteVector = std::vector<std::uint8_t>;

// Takes bytes from the front of the input; zeros behind its end.
class Choices {
 public:
  explicit Choices(Bytes bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    const std::uint8_t first = bytes_.empty() ? std::uint8_t{0} : bytes_.front();
    bytes_ = bytes_.subspan(bytes_.empty() ? 0 : 1);
    return first;
  }
  Bytes take(std::size_t size) {
    const Bytes taken = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

 private:
  Bytes bytes_;
};

// What is on the wire, and what the kernel makes of it.
struct Frame {
  explicit Frame(Choices& choices) : flags(choices.byte()) {
    const std::size_t size = std::size_t{choices.byte()} * ((flags & 0x20) != 0 ? 16 : 1);
    tag_control = static_cast<std::uint16_t>(choices.byte() << 8);
    tag_protocol = static_cast<std::uint16_t>(0x8100 + choices.byte());
    missing = choices.byte();
    const Bytes taken = choices.take(size);
    bytes.assign(taken.begin(), taken.end());
  }

  [[nodiscard]] bool has_tag() const { return (flags & 1) != 0; }
  [[nodiscard]] bool has_protocol() const { return (flags & 2) != 0; }
  [[nodiscard]] bool is_outgoing() const { return (flags & 4) != 0; }
  [[nodiscard]] bool ends_block() const { return (flags & 8) != 0; }

  std::uint8_t flags;
  std::uint16_t tag_control;
  std::uint16_t tag_protocol;
  std::uint32_t missing;
  ByteVector bytes;  // without the tag
};

// As TPACKET_ALIGN does.
constexpr std::size_t aligned(std::size_t size) {
  constexpr std::size_t step = TPACKET_ALIGNMENT;
  return (size + step - 1) / step * step;
}

// Lays frames out in blocks as af_packet does (TPACKET_V3).
class Kernel {
 public:
  Kernel(const PacketRing& ring, bool ethernet) : ethernet_(ethernet), block_size_(ring.block_size()) {
    for (std::size_t i = 0; i < ring.block_count(); ++i) blocks_.push_back(&ring.block(i));
  }

  // False: there is no room until a block comes back.
  bool put(const Frame& frame, std::uint32_t number) {
    const std::size_t mac = aligned(aligned(sizeof(tpacket3_hdr)) + sizeof(sockaddr_ll) + 16) + reserve -
                            (ethernet_ ? ETH_HLEN : 0);
    const std::size_t size = aligned(mac + frame.bytes.size());
    if (open_ && at_ + size > block_size_) close();
    if (!open_ && !begin()) return false;
    auto* const start = reinterpret_cast<std::uint8_t*>(blocks_[block_]) + at_;
    auto* const header = ::new (start) tpacket3_hdr{};
    header->tp_next_offset = static_cast<std::uint32_t>(size);
    header->tp_sec = number;
    header->tp_snaplen = static_cast<std::uint32_t>(frame.bytes.size());
    header->tp_len = header->tp_snaplen + frame.missing;
    header->tp_mac = static_cast<std::uint16_t>(mac);
    if (frame.has_tag()) header->tp_status |= TP_STATUS_VLAN_VALID;
    if (frame.has_tag() && frame.has_protocol()) header->tp_status |= TP_STATUS_VLAN_TPID_VALID;
    header->hv1.tp_vlan_tci = frame.tag_control;
    header->hv1.tp_vlan_tpid = frame.tag_protocol;
    auto* const address = ::new (start + aligned(sizeof(tpacket3_hdr))) sockaddr_ll{};
    address->sll_pkttype = frame.is_outgoing() ? PACKET_OUTGOING : PACKET_HOST;
    std::copy(frame.bytes.begin(), frame.bytes.end(), start + mac);
    at_ += size;
    ++blocks_[block_]->hdr.bh1.num_pkts;
    if (frame.ends_block()) close();
    return true;
  }

  // Its time is up.
  void close() {
    if (!open_) return;
    open_ = false;
    blocks_[block_]->hdr.bh1.block_status = TP_STATUS_USER;
    block_ = (block_ + 1) % blocks_.size();
  }

  [[nodiscard]] bool has_all() const {
    return std::all_of(blocks_.begin(), blocks_.end(),
                       [](const auto* block) { return block->hdr.bh1.block_status == TP_STATUS_KERNEL; });
  }

 private:
  static constexpr std::size_t reserve = 4;

  bool begin() {
    if (blocks_[block_]->hdr.bh1.block_status != TP_STATUS_KERNEL) return false;
    open_ = true;
    at_ = aligned(sizeof(tpacket_block_desc));
    blocks_[block_]->hdr.bh1.num_pkts = 0;
    blocks_[block_]->hdr.bh1.offset_to_first_pkt = static_cast<std::uint32_t>(at_);
    return true;
  }

  bool ethernet_;
  std::size_t block_size_;
  std::vector<tpacket_block_desc*> blocks_;
  std::size_t block_ = 0;
  std::size_t at_ = 0;
  bool open_ = false;
};

// What should come, in order, and what comes.
class Wire {
 public:
  Wire(bool ethernet, bool loopback) : ethernet_(ethernet), loopback_(loopback) {}

  void note(const Frame& frame) {
    const std::uint32_t number = ++sent_;
    if (loopback_ && frame.is_outgoing()) return;
    Expected& expected = expected_.emplace_back();
    expected.bytes = frame.bytes;
    if (frame.has_tag() && ethernet_ && frame.bytes.size() >= 12) {
      const std::uint16_t protocol = frame.has_protocol() ? frame.tag_protocol : std::uint16_t{ETH_P_8021Q};
      const std::uint8_t tag[] = {
          static_cast<std::uint8_t>(protocol >> 8), static_cast<std::uint8_t>(protocol),
          static_cast<std::uint8_t>(frame.tag_control >> 8), static_cast<std::uint8_t>(frame.tag_control)};
      expected.bytes.insert(expected.bytes.begin() + 12, std::begin(tag), std::end(tag));
    }
    expected.original_size = expected.bytes.size() + frame.missing;
    expected.second = number;
  }
  [[nodiscard]] std::uint32_t sent() const { return sent_; }

  void read(CaptureReader& reader) {
    for (;;) {
      const auto batch = reader.next_batch();
      if (batch.empty()) return;
      for (const Record& record : batch) check(record);
    }
  }

  void check_all_came() const { require(came_ == expected_.size(), "every frame comes"); }

 private:
  struct Expected {
    ByteVector bytes;
    std::size_t original_size = 0;
    std::int64_t second = 0;
  };

  void check(const Record& record) {
    require(came_ < expected_.size(), "no frame comes that was not sent");
    const Expected& expected = expected_[came_++];
    require(
        std::equal(record.frame.begin(), record.frame.end(), expected.bytes.begin(), expected.bytes.end()),
        "a frame is what was on the wire, with its tag");
    require(record.info.captured_size == expected.bytes.size(), "so is its size");
    require(record.info.original_size == expected.original_size, "and that of what was not captured");
    require(record.info.packet_number == came_, "frames are numbered");
    require(record.info.timestamp.ns == expected.second * 1'000'000'000, "each has its time");
    (void)decode(record.link_type, record.frame, record.info.original_size);
  }

  bool ethernet_;
  bool loopback_;
  std::uint32_t sent_ = 0;
  std::vector<Expected> expected_;
  std::size_t came_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices{Bytes(data, size)};
  const std::uint8_t kind = choices.byte();
  const bool ethernet = (kind & 1) == 0;
  const bool loopback = (kind & 2) != 0;
  constexpr std::size_t block_size = 8192;  // two of the largest frames do not fit
  PacketRing ring = PacketRing::in_memory(block_size, 1 + (kind >> 2) % 4,
                                          ethernet ? LinkType::ethernet : LinkType::raw, loopback);
  Kernel kernel(ring, ethernet);
  LiveOptions options;
  options.interface = "ring";
  const auto reader = read_ring(options, std::move(ring));
  reader->set_patience_ms(0);
  Wire wire(ethernet, loopback);
  while (!choices.empty()) {
    const Frame frame(choices);
    if (!kernel.put(frame, wire.sent() + 1)) {
      wire.read(*reader);
      require(kernel.put(frame, wire.sent() + 1), "what was read gives its block back");
    }
    wire.note(frame);
    if ((frame.flags & 0x10) != 0) wire.read(*reader);
  }
  kernel.close();
  wire.read(*reader);
  wire.check_all_came();
  require(kernel.has_all(), "every block goes back");
  return 0;
}

#else

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t) { return 0; }

#endif
