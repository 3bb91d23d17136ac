// Live capture: an interface as a CaptureReader, through libpcap, or on Linux through a ring of memory
// shared with the kernel (AF_PACKET, TPACKET_V3). The reader owns ring and socket; the bytes of a Record
// live until the next call. One thread at a time; for several threads open several readers with one
// fanout group. Opening needs the right to capture (root, or cap_net_raw); reading needs none.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "restitch/capture.h"

namespace RESTITCH_API restitch {

enum class LiveBackend {
  automatic,  // the ring where it can do what is asked, else libpcap
  libpcap,    // any platform, any interface libpcap knows ("any" among them)
  ring,       // Linux; Ethernet, loopback and raw IP interfaces
};

struct LiveOptions {
  std::string interface;
  LiveBackend backend = LiveBackend::automatic;
  std::uint32_t snap_size = 262'144;  // longest frame kept
  bool promiscuous = true;
  std::size_t buffer_size = std::size_t{32} << 20;  // in the kernel
  std::string filter;                               // pcap-filter(7); empty: all
  std::optional<std::uint16_t> fanout_group;        // readers of one group share the packets by connection
  int block_timeout_ms = 20;  // how long the kernel may hold packets back to hand out more at once
  const std::atomic<bool>* stop = nullptr;  // true: read what is there, then end
};

// Opens an interface. next_batch() waits at most its patience (100 ms) and then answers with nothing;
// finished() stays false until the stop flag is set or the interface is gone, which is damage, with a
// message. metadata() has the one interface, with what the kernel has counted so far: `received` packets
// that passed the filter, `os_dropped` of them for want of buffer, `dropped` by the interface where known.
// Errors: invalid_argument (the filter, with libpcap's message), io (no such interface, no permission),
// unsupported (a back end this platform or interface does not have).
Result<std::unique_ptr<CaptureReader>> open_live(const LiveOptions& options);

// `count` readers for as many threads, which share the packets of one interface: both directions of a
// connection reach the same reader, fragments aside. Errors as of open_live(); unsupported other than with
// the ring.
Result<std::vector<std::unique_ptr<CaptureReader>>> open_live_fanout(LiveOptions options, std::size_t count);

// An interface that packets can be captured from.
struct LiveInterface {
  std::string name;
  std::string description;
  std::vector<std::string> addresses;
  bool up = false;
  bool loopback = false;
};

// All of them, in libpcap's order: the most useful first.
Result<std::vector<LiveInterface>> live_interfaces();

// Gives up every privilege, for good: as root, becomes `user` with the groups of that user; as anyone,
// loses all capabilities. To be called after opening and before other threads start. Where it fails, some
// privileges may already be lost. Errors: invalid_argument (root, and no such user), io.
Result<void> drop_privileges(const std::string& user);

}  // namespace restitch
