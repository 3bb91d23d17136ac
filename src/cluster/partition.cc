#include "restitch/cluster/partition.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace restitch::cluster {
namespace {

constexpr std::size_t end_size = 18;
using End = std::array<std::uint8_t, end_size>;

End end_of(const IpAddress& address, std::uint16_t port) {
  End end{};
  std::copy(address.bytes.begin(), address.bytes.end(), end.begin());
  end[16] = static_cast<std::uint8_t>(port >> 8);
  end[17] = static_cast<std::uint8_t>(port);
  return end;
}

}  // namespace

std::uint64_t partition_hash(const NetFlow& net, TransportFlow ports) {
  const End source = end_of(net.source, ports.source_port);
  const End destination = end_of(net.destination, ports.destination_port);
  const bool ordered = source <= destination;
  const End& low = ordered ? source : destination;
  const End& high = ordered ? destination : source;
  std::array<std::uint8_t, 1 + 2 * end_size> message;
  message[0] = net.source.version;
  std::copy(low.begin(), low.end(), message.begin() + 1);
  std::copy(high.begin(), high.end(), message.begin() + 1 + end_size);
  return XXH64(message.data(), message.size(), 0);
}

}  // namespace restitch::cluster
