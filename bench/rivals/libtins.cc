// libtins' StreamFollower on a capture.
//
//   rival_libtins [--verify] CAPTURE
#include <tins/tcp_ip/stream_follower.h>
#include <tins/tins.h>

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "rivals/digest.h"

namespace {

using restitch::bench::Digest;
using restitch::bench::Endpoint;
using Tins::TCPIP::Stream;

std::uint64_t delivered = 0;
bool verify = false;

struct Digests {
  Digest client;
  Digest server;
};
std::unordered_map<const Stream*, Digests> digests;

std::array<std::uint8_t, 16> address_bytes(const Stream& stream, bool client) {
  std::array<std::uint8_t, 16> bytes{};
  if (stream.is_v6()) {
    const auto address = client ? stream.client_addr_v6() : stream.server_addr_v6();
    std::copy(address.begin(), address.end(), bytes.begin());
  } else {
    const std::uint32_t address = client ? stream.client_addr_v4() : stream.server_addr_v4();
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(address >> (8 * i));
  }
  return bytes;
}

void print(const Stream& stream, const Digests& found) {
  const std::size_t size = stream.is_v6() ? 16 : 4;
  const auto client = address_bytes(stream, true);
  const auto server = address_bytes(stream, false);
  const Endpoint client_end{client.data(), size, stream.client_port()};
  const Endpoint server_end{server.data(), size, stream.server_port()};
  found.client.print(client_end, server_end);
  found.server.print(server_end, client_end);
}

void on_client_data(Stream& stream) {
  delivered += stream.client_payload().size();
  if (verify) digests[&stream].client.add(stream.client_payload().data(), stream.client_payload().size());
}
void on_server_data(Stream& stream) {
  delivered += stream.server_payload().size();
  if (verify) digests[&stream].server.add(stream.server_payload().data(), stream.server_payload().size());
}
void on_end(Stream& stream) {
  if (!verify) return;
  print(stream, digests[&stream]);
  digests.erase(&stream);
}

void on_stream(Stream& stream) {
  stream.auto_cleanup_payloads(true);
  stream.client_data_callback(on_client_data);
  stream.server_data_callback(on_server_data);
  stream.stream_closed_callback(on_end);
}

}  // namespace

int main(int, char** argv) {
  verify = std::string(argv[1]) == "--verify";
  std::uint64_t packets = 0;
  // The destructor of the follower makes no call for what is still open: those are printed behind it.
  Tins::TCPIP::StreamFollower follower;
  follower.new_stream_callback(on_stream);
  follower.follow_partial_streams(true);
  follower.stream_termination_callback(
      [](Stream& stream, Tins::TCPIP::StreamFollower::TerminationReason) { on_end(stream); });
  Tins::FileSniffer sniffer(argv[verify ? 2 : 1]);
  for (Tins::Packet packet = sniffer.next_packet(); packet; packet = sniffer.next_packet()) {
    ++packets;
    follower.process_packet(packet);
  }
  for (const auto& [stream, found] : digests) print(*stream, found);
  if (!verify) {
    std::printf("packets %llu bytes %llu sum 0\n", static_cast<unsigned long long>(packets),
                static_cast<unsigned long long>(delivered));
  }
  return 0;
}
