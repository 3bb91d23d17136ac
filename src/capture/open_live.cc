#include <netdb.h>
#include <pcap/pcap.h>
#include <sys/socket.h>

#include <array>

#include "capture/live_reader.h"

namespace restitch {

namespace {

std::string address_text(const sockaddr* address) {
  std::array<char, NI_MAXHOST> text{};
  if (address == nullptr || (address->sa_family != AF_INET && address->sa_family != AF_INET6)) return {};
  const socklen_t size = address->sa_family == AF_INET ? 16 : 28;  // of sockaddr_in, sockaddr_in6
  const int status = ::getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return status == 0 ? text.data() : std::string();
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> open_live(const LiveOptions& options) {
  if (options.backend == LiveBackend::libpcap) {
    if (!options.fanout_group) return open_libpcap(options);
    return failure(ErrorCode::unsupported, options.interface + ": libpcap has no fanout");
  }
  int group = options.fanout_group ? *options.fanout_group : fanout_none;
  auto ring = open_ring(options, group, group);
  const bool other_way = options.backend == LiveBackend::automatic && !options.fanout_group;
  if (!ring && ring.error().code == ErrorCode::unsupported && other_way) return open_libpcap(options);
  return ring;
}

Result<std::vector<std::unique_ptr<CaptureReader>>> open_live_fanout(LiveOptions options, std::size_t count) {
  std::vector<std::unique_ptr<CaptureReader>> readers;
  if (options.backend == LiveBackend::libpcap) {
    return failure(ErrorCode::unsupported, options.interface + ": libpcap has no fanout");
  }
  int group = options.fanout_group ? *options.fanout_group : fanout_new_group;
  while (readers.size() < count) {
    auto reader = open_ring(options, group, group);
    if (!reader) return tl::unexpected(reader.error());
    readers.push_back(std::move(*reader));
  }
  return readers;
}

Result<std::vector<LiveInterface>> live_interfaces() {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  pcap_if_t* first = nullptr;
  if (pcap_findalldevs(&first, why.data()) != 0) return failure(ErrorCode::io, why.data());
  const std::unique_ptr<pcap_if_t, void (*)(pcap_if_t*)> all(first, pcap_freealldevs);
  std::vector<LiveInterface> interfaces;
  for (const pcap_if_t* one = first; one != nullptr; one = one->next) {
    LiveInterface& about = interfaces.emplace_back();
    about.name = one->name;
    if (one->description != nullptr) about.description = one->description;
    about.up = (one->flags & PCAP_IF_UP) != 0;
    about.loopback = (one->flags & PCAP_IF_LOOPBACK) != 0;
    for (const pcap_addr* address = one->addresses; address != nullptr; address = address->next) {
      if (std::string text = address_text(address->addr); !text.empty()) {
        about.addresses.push_back(std::move(text));
      }
    }
  }
  return interfaces;
}

}  // namespace restitch
