// What a rival's driver delivered in one direction of a connection, printed in the form of the generator's
// truth (without the last column where the rival reports no gaps).
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace restitch::bench {

// `address` lies in network order, 4 or 16 bytes.
struct Endpoint {
  const std::uint8_t* address;
  std::size_t address_size;
  unsigned port;

  void print() const {
    for (std::size_t i = 0; i < address_size; ++i) std::printf("%02x", address[i]);
    std::printf(":%u ", port);
  }
};

struct Digest {
  std::uint64_t bytes = 0;
  uLong crc = 0;

  void add(const std::uint8_t* data, std::size_t size) {
    bytes += size;
    crc = crc32(crc, data, static_cast<uInt>(size));
  }

  void print(const Endpoint& from, const Endpoint& to) const {
    if (bytes == 0) return;
    from.print();
    to.print();
    std::printf("%llu %08lx\n", static_cast<unsigned long long>(bytes), crc);
  }
};

}  // namespace restitch::bench
