#include "output/datagram.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "packet/checksum.h"

namespace restitch {
namespace {

constexpr std::uint8_t tcp_protocol = 6;
constexpr std::uint8_t hops = 64;  // what the fragments said is not known any more

std::vector<std::uint8_t> ipv4_datagram(const NetFlow& net, Bytes payload) {
  constexpr std::size_t header_size = 20;
  std::vector<std::uint8_t> out(header_size);
  const std::size_t size = header_size + payload.size();
  // A whole datagram of 65,535 bytes had options perhaps that we do not write: 0, as offloaded ones have.
  const std::size_t total = size > 0xffff ? 0 : size;
  out[0] = 0x45;
  out[2] = static_cast<std::uint8_t>(total >> 8);
  out[3] = static_cast<std::uint8_t>(total);
  out[8] = hops;
  out[9] = tcp_protocol;
  std::copy_n(net.source.bytes.begin() + 12, 4, out.begin() + 12);
  std::copy_n(net.destination.bytes.begin() + 12, 4, out.begin() + 16);
  const auto sum = static_cast<std::uint16_t>(~fold_sum(sum_words(out.data(), header_size)));
  std::memcpy(out.data() + 10, &sum, sizeof sum);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

std::vector<std::uint8_t> ipv6_datagram(const NetFlow& net, Bytes payload) {
  constexpr std::size_t header_size = 40;
  std::vector<std::uint8_t> out(header_size);
  const std::size_t size = payload.size() > 0xffff ? 0 : payload.size();
  out[0] = 0x60;
  out[4] = static_cast<std::uint8_t>(size >> 8);
  out[5] = static_cast<std::uint8_t>(size);
  out[6] = tcp_protocol;
  out[7] = hops;
  std::copy_n(net.source.bytes.begin(), 16, out.begin() + 8);
  std::copy_n(net.destination.bytes.begin(), 16, out.begin() + 24);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace

std::vector<std::uint8_t> datagram_of(NetFlow net, TcpFlowDirection direction, Bytes payload) {
  if (direction == TcpFlowDirection::server_to_client) std::swap(net.source, net.destination);
  return net.source.version == 4 ? ipv4_datagram(net, payload) : ipv6_datagram(net, payload);
}

}  // namespace restitch
