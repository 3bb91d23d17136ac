// libnids on a capture. It knows no IPv6. Its table of streams is given room for all connections of our
// workloads, its scan detection and its thread are off.
//
//   rival_libnids [--verify] CAPTURE
#include <nids.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "rivals/digest.h"

namespace {

using restitch::bench::Digest;
using restitch::bench::Endpoint;

// The table costs what it has room for, so the room follows the size of the capture: no workload has more
// than one connection in 500 bytes.
int streams_max(const char* path) {
  struct stat file {};
  return stat(path, &file) == 0 ? static_cast<int>(file.st_size / 500 + 1040) : 1040;
}

std::uint64_t delivered = 0;
bool verify = false;

struct Digests {
  Digest to_server;
  Digest to_client;
};

void print(const tuple4& address, const Digests& found) {
  std::uint8_t bytes[8];
  std::memcpy(bytes, &address.saddr, 4);
  std::memcpy(bytes + 4, &address.daddr, 4);
  const Endpoint client{bytes, 4, address.source};
  const Endpoint server{bytes + 4, 4, address.dest};
  found.to_server.print(client, server);
  found.to_client.print(server, client);
}

void take(const half_stream& half, Digest* digest) {
  const auto size = static_cast<std::size_t>(half.count_new);
  delivered += size;
  if (digest != nullptr) digest->add(reinterpret_cast<const std::uint8_t*>(half.data), size);
}

void on_tcp(tcp_stream* stream, void** user) {
  auto* digests = static_cast<Digests*>(*user);
  if (stream->nids_state == NIDS_JUST_EST) {
    stream->client.collect = 1;
    stream->server.collect = 1;
    if (verify) *user = new Digests;
  } else if (stream->nids_state == NIDS_DATA) {
    take(stream->server, digests != nullptr ? &digests->to_server : nullptr);
    take(stream->client, digests != nullptr ? &digests->to_client : nullptr);
  } else if (digests != nullptr) {
    print(stream->addr, *digests);
    delete digests;
    *user = nullptr;
  }
}

void be_silent(int, int, void*, void*) {}

}  // namespace

int main(int, char** argv) {
  verify = std::string(argv[1]) == "--verify";
  nids_params.filename = argv[verify ? 2 : 1];
  nids_params.n_tcp_streams = streams_max(nids_params.filename);
  nids_params.scan_num_hosts = 0;
  nids_params.multiproc = 0;
  nids_params.tcp_workarounds = 1;
  nids_params.syslog = reinterpret_cast<void (*)()>(be_silent);
  if (nids_init() == 0) return std::fprintf(stderr, "%s\n", nids_errbuf), 2;
  nids_register_tcp(reinterpret_cast<void*>(on_tcp));
  nids_run();
  nids_exit();
  if (!verify) std::printf("packets 0 bytes %llu sum 0\n", static_cast<unsigned long long>(delivered));
  return 0;
}
