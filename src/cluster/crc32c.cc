#include "cluster/crc32c.h"

#include <array>
#include <cstddef>

namespace restitch::cluster {
namespace {

constexpr std::size_t slices = 8;
using Tables = std::array<std::array<std::uint32_t, 256>, slices>;

// Table i is what a byte makes of the sum when i bytes follow it.
constexpr Tables make_tables() {
  constexpr std::uint32_t polynomial = 0x82F63B78;
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum & 1U) != 0 ? sum >> 1 ^ polynomial : sum >> 1;
    tables[0][byte] = sum;
  }
  for (std::size_t i = 1; i < slices; ++i) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[i - 1][byte];
      tables[i][byte] = before >> 8 ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

}  // namespace

std::uint32_t crc32c(Bytes bytes) {
  std::uint32_t sum = ~std::uint32_t{0};
  while (bytes.size() >= slices) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < slices; ++i) {
      const std::uint8_t mask = i < 4 ? static_cast<std::uint8_t>(sum >> 8 * i) : std::uint8_t{0};
      next ^= tables[slices - 1 - i][bytes[i] ^ mask];
    }
    sum = next;
    bytes = bytes.subspan(slices);
  }
  for (const std::uint8_t byte : bytes) sum = sum >> 8 ^ tables[0][(sum ^ byte) & 0xFFU];
  return ~sum;
}

}  // namespace restitch::cluster
