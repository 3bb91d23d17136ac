#include "capture/packet_ring.h"

#ifdef __linux__

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

namespace restitch {

namespace {

// A frame has to fit into a block, and a block goes to us when it is full or its time is up; so there are
// to be many, and none too small.
constexpr std::size_t usual_block_size = std::size_t{256} << 10;
constexpr std::size_t block_count_min = 4;
constexpr std::size_t frame_size = 2048;  // has to be given; TPACKET_V3 packs frames densely
constexpr unsigned room_for_vlan_tag = 4;

tl::unexpected<Error> refusal(const std::string& what, int error) {
  return failure(ErrorCode::io, what + ": " + std::generic_category().message(error));
}

template <class T>
bool set(int fd, int level, int option, const T& value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

}  // namespace

Result<PacketRing> PacketRing::open(const LiveOptions& options, int fanout_group) {
  PacketRing ring;
  if (const Result<void> ready = ring.set_up(options, fanout_group); !ready) {
    return tl::unexpected(ready.error());
  }
  return ring;
}

PacketRing PacketRing::in_memory(std::size_t block_size, std::size_t block_count, LinkType link_type,
                                 bool is_loopback) {
  PacketRing ring;
  ring.link_type_ = link_type;
  ring.loopback_ = is_loopback;
  ring.block_size_ = block_size;
  ring.block_count_ = block_count;
  void* const mapped =
      ::mmap(nullptr, block_size * block_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  ring.blocks_ = static_cast<std::uint8_t*>(mapped);
  return ring;
}

PacketRing::PacketRing(PacketRing&& other) noexcept
    : interface_(std::move(other.interface_)),
      fd_(std::exchange(other.fd_, -1)),
      index_(other.index_),
      link_type_(other.link_type_),
      loopback_(other.loopback_),
      fanout_group_(other.fanout_group_),
      blocks_(std::exchange(other.blocks_, nullptr)),
      block_size_(other.block_size_),
      block_count_(other.block_count_) {}

PacketRing::~PacketRing() {
  if (blocks_ != nullptr) ::munmap(blocks_, block_size_ * block_count_);
  if (fd_ >= 0) ::close(fd_);
}

// Nothing arrives before bind(): the socket begins without a protocol. So no packet slips by the filter.
Result<void> PacketRing::set_up(const LiveOptions& options, int fanout_group) {
  interface_ = options.interface;
  fd_ = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return refusal(interface_, errno);
  Result<void> ready = find_interface(options.interface);
  if (ready) ready = set_filter(options);
  if (ready) ready = map(options);
  if (ready) ready = bind(options);
  if (ready && fanout_group != fanout_none) ready = join(fanout_group);
  return ready;
}

Result<void> PacketRing::find_interface(const std::string& name) {
  ifreq request{};
  if (name.size() >= sizeof request.ifr_name) return refusal(name, ENODEV);
  std::copy(name.begin(), name.end(), request.ifr_name);
  if (name == "any") return failure(ErrorCode::unsupported, name + ": not one interface");
  if (::ioctl(fd_, SIOCGIFINDEX, &request) != 0) return refusal(name, errno);
  index_ = request.ifr_ifindex;
  if (::ioctl(fd_, SIOCGIFHWADDR, &request) != 0) return refusal(name, errno);
  switch (request.ifr_hwaddr.sa_family) {
    case ARPHRD_ETHER:
      link_type_ = LinkType::ethernet;
      return {};
    case ARPHRD_LOOPBACK:
      link_type_ = LinkType::ethernet;
      loopback_ = true;
      return {};
    case ARPHRD_NONE:  // tun
      link_type_ = LinkType::raw;
      return {};
    default:
      return failure(ErrorCode::unsupported, name + ": an interface of type " +
                                                 std::to_string(request.ifr_hwaddr.sa_family) +
                                                 ", which the ring does not take");
  }
}

Result<void> PacketRing::set_filter(const LiveOptions& options) {
  std::vector<std::uint64_t> code;
  if (options.filter.empty()) {
    const sock_filter take_all{BPF_RET | BPF_K, 0, 0, options.snap_size};
    code.resize(1);
    std::memcpy(code.data(), &take_all, sizeof take_all);
  } else {
    Result<std::vector<std::uint64_t>> compiled = compile_for_kernel(options);
    if (!compiled) return tl::unexpected(compiled.error());
    code = std::move(*compiled);
  }
  static_assert(sizeof(sock_filter) == sizeof(std::uint64_t));
  sock_fprog program{static_cast<unsigned short>(code.size()), reinterpret_cast<sock_filter*>(code.data())};
  if (!set(fd_, SOL_SOCKET, SO_ATTACH_FILTER, program)) return refusal("filter", errno);
  return {};
}

Result<void> PacketRing::map(const LiveOptions& options) {
  if (!set(fd_, SOL_PACKET, PACKET_VERSION, int{TPACKET_V3})) {
    return failure(ErrorCode::unsupported, interface_ + ": this kernel has no TPACKET_V3");
  }
  // Room in front of each frame, for the VLAN tag that the kernel took out.
  if (!set(fd_, SOL_PACKET, PACKET_RESERVE, room_for_vlan_tag)) return refusal(interface_, errno);
  block_size_ = usual_block_size;
  block_count_ = std::max(options.buffer_size / block_size_, block_count_min);
  tpacket_req3 request{};
  request.tp_block_size = static_cast<unsigned>(block_size_);
  request.tp_block_nr = static_cast<unsigned>(block_count_);
  request.tp_frame_size = frame_size;
  request.tp_frame_nr = static_cast<unsigned>(block_size_ / frame_size * block_count_);
  request.tp_retire_blk_tov = static_cast<unsigned>(std::max(options.block_timeout_ms, 1));
  if (!set(fd_, SOL_PACKET, PACKET_RX_RING, request)) {
    return refusal(interface_ + ": a buffer of " + std::to_string(block_size_ * block_count_) + " bytes",
                   errno);
  }
  void* const mapped =
      ::mmap(nullptr, block_size_ * block_count_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (mapped == MAP_FAILED) return refusal(interface_ + ": mapping the ring", errno);
  blocks_ = static_cast<std::uint8_t*>(mapped);
  return {};
}

Result<void> PacketRing::bind(const LiveOptions& options) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index_;
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return refusal(interface_, errno);
  }
  if (options.promiscuous && !loopback_) {
    packet_mreq membership{};
    membership.mr_ifindex = index_;
    membership.mr_type = PACKET_MR_PROMISC;
    // An interface that cannot still shows what it gets.
    (void)set(fd_, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership);
  }
  return {};
}

// The kernel's hash is the same for both directions of a connection.
Result<void> PacketRing::join(int fanout_group) {
  constexpr unsigned flags_shift = 16;
  const bool fresh = fanout_group == fanout_new_group;
  const unsigned type = fresh ? PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_UNIQUEID : PACKET_FANOUT_HASH;
  const unsigned value = (fresh ? 0 : static_cast<unsigned>(fanout_group)) | type << flags_shift;
  if (!set(fd_, SOL_PACKET, PACKET_FANOUT, value)) return refusal(interface_ + ": fanout group", errno);
  unsigned joined = 0;
  socklen_t size = sizeof joined;
  if (::getsockopt(fd_, SOL_PACKET, PACKET_FANOUT, &joined, &size) != 0) return refusal(interface_, errno);
  fanout_group_ = static_cast<int>(joined & 0xffff);
  return {};
}

bool PacketRing::interface_exists() const {
  return ::if_nametoindex(interface_.c_str()) == static_cast<unsigned>(index_);
}

tpacket_block_desc& PacketRing::block(std::size_t index) const {
  return *reinterpret_cast<tpacket_block_desc*>(blocks_ + index * block_size_);
}

}  // namespace restitch

#endif
