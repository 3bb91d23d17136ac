// Filters for packet sockets. libpcap compiles them, on a live handle of the interface: only then does it
// look for VLAN tags where the kernel keeps them, which is not in the packet.
#include <array>
#include <cstring>

#include "capture/packet_ring.h"
#include "capture/pcap_handle.h"

#ifdef __linux__

namespace restitch {

namespace {

// For a handle that is only compiled with.
constexpr int small_buffer_size = 64 << 10;

}  // namespace

Result<std::vector<std::uint64_t>> compile_for_kernel(const LiveOptions& options) {
  static_assert(sizeof(bpf_insn) == sizeof(std::uint64_t));
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  const PcapHandle handle(pcap_create(options.interface.c_str(), why.data()));
  if (!handle) return failure(ErrorCode::io, options.interface + ": " + why.data());
  pcap_set_snaplen(handle.get(), static_cast<int>(options.snap_size));
  pcap_set_buffer_size(handle.get(), small_buffer_size);
  if (const int status = pcap_activate(handle.get()); status < 0) {
    return failure(ErrorCode::io, options.interface + ": " + pcap_statustostr(status));
  }
  bpf_program code{};
  if (pcap_compile(handle.get(), &code, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return failure(ErrorCode::invalid_argument,
                   "filter \"" + options.filter + "\": " + pcap_geterr(handle.get()));
  }
  std::vector<std::uint64_t> instructions(code.bf_len);
  std::memcpy(instructions.data(), code.bf_insns, instructions.size() * sizeof(std::uint64_t));
  pcap_freecode(&code);
  return instructions;
}

}  // namespace restitch

#endif
