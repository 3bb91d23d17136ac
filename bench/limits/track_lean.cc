#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "limits/track_table.h"
#include "limits/walks.h"

namespace restitch::bench {

namespace {

std::uint32_t big16(const std::uint8_t* at) { return static_cast<std::uint32_t>(at[0] << 8 | at[1]); }

std::uint32_t big32(const std::uint8_t* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, 4);
  return __builtin_bswap32(value);
}

void track_frame(std::span<const std::uint8_t> frame, TrackTable& table, Tally& tally, bool sums) {
  if (frame.size() < 54) return;
  const std::uint8_t* ip = frame.data() + 14;
  TrackKey key;
  std::size_t header = 0;
  std::size_t total = 0;
  if (big16(frame.data() + 12) == 0x0800 && ip[9] == 6) {
    header = (ip[0] & 15U) * 4;
    total = big16(ip + 2);
    std::memcpy(key.addresses.data(), ip + 12, 4);
    std::memcpy(key.addresses.data() + 2, ip + 16, 4);
  } else if (big16(frame.data() + 12) == 0x86DD && ip[6] == 6) {
    header = 40;
    total = 40 + big16(ip + 4);
    std::memcpy(key.addresses.data(), ip + 8, 32);
  } else {
    return;
  }
  if (14 + total > frame.size() || header + 20 > total) return;
  const std::uint8_t* tcp = ip + header;
  const std::size_t offset = (tcp[12] >> 4U) * 4U;
  if (offset < 20 || header + offset > total) return;
  std::memcpy(&key.ports, tcp, 4);
  const std::size_t size = total - header - offset;
  const std::uint32_t length = static_cast<std::uint32_t>(size) + (tcp[13] >> 1 & 1U) + (tcp[13] & 1U);
  if (table.track(key, big32(tcp + 4), length)) ++tally.next;
  tally.count({tcp + offset, size}, sums);
}

}  // namespace

Tally track_lean(const std::string& path, bool sums) {
  Tally tally;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return tally;
  TrackTable table;
  std::vector<std::uint8_t> buffer(std::size_t{256} << 10);
  std::size_t filled = 0;
  std::size_t at = 24;  // behind the file header
  for (ssize_t got = 0; (got = read(file, buffer.data() + filled, buffer.size() - filled)) > 0;) {
    filled += static_cast<std::size_t>(got);
    while (at + 16 <= filled) {
      std::uint32_t size = 0;
      std::memcpy(&size, &buffer[at + 8], 4);
      if (size > filled - at - 16) break;
      ++tally.packets;
      track_frame({&buffer[at + 16], size}, table, tally, sums);
      at += 16 + size;
    }
    filled -= at;
    std::memmove(buffer.data(), buffer.data() + at, filled);
    at = 0;
  }
  close(file);
  return tally;
}

}  // namespace restitch::bench
