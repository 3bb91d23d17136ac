// TCP options (RFC 9293, 7323, 2018, 2385, 7413; 6994 for the experimental form of fast open).
#include "base/bytes.h"
#include "restitch/packet.h"

namespace restitch {
namespace {

enum : std::uint8_t {
  option_end = 0,
  option_nop = 1,
  option_mss = 2,
  option_window_scale = 3,
  option_sack_permitted = 4,
  option_sack = 5,
  option_timestamps = 8,
  option_md5 = 19,
  option_fast_open = 34,
  option_experiment = 254,
};

void read_timestamps(const std::uint8_t* value, TcpOptions& options) {
  options.has_timestamps = true;
  options.timestamp_value = load_be32(value);
  options.timestamp_echo = load_be32(value + 4);
}

bool read_sacks(const std::uint8_t* value, std::size_t size, TcpOptions& options) {
  constexpr std::size_t block_size = 8;
  if (size == 0 || size % block_size != 0) return false;
  options.sack_count = 0;
  for (std::size_t i = 0; i < size && options.sack_count < options.sacks.size(); i += block_size) {
    options.sacks[options.sack_count++] = {Sequence(load_be32(value + i)),
                                           Sequence(load_be32(value + i + 4))};
  }
  return true;
}

// Reads the `size` bytes of value of one option; false when the size is wrong for its kind.
bool read_option(std::uint8_t kind, const std::uint8_t* value, std::size_t size, TcpOptions& options) {
  switch (kind) {
    case option_mss:
      if (size != 2) return false;
      options.has_mss = true;
      options.mss = load_be16(value);
      return true;
    case option_window_scale:
      if (size != 1) return false;
      options.has_window_scale = true;
      options.window_scale = value[0];
      return true;
    case option_sack_permitted:
      if (size != 0) return false;
      options.sack_permitted = true;
      return true;
    case option_sack:
      return read_sacks(value, size, options);
    case option_timestamps:
      if (size != 8) return false;
      read_timestamps(value, options);
      return true;
    case option_md5:
      if (size != 16) return false;
      options.has_md5 = true;
      return true;
    case option_fast_open:  // no cookie asks for one; a cookie has 4 to 16 bytes
      if (size != 0 && (size < 4 || size > 16 || size % 2 != 0)) return false;
      options.has_fast_open = true;
      return true;
    case option_experiment:
      if (size >= 2 && load_be16(value) == 0xf989) options.has_fast_open = true;
      return true;
    default:
      return true;
  }
}

}  // namespace

TcpOptions parse_options(Bytes list) {
  TcpOptions options;
  // What nearly every segment of a running connection carries: two NOPs and the timestamps.
  if (list.size() == 12 && load_be32(list.data()) == 0x0101080a) [[likely]] {
    read_timestamps(list.data() + 4, options);
    return options;
  }
  for (std::size_t i = 0; i < list.size();) {
    const std::uint8_t kind = list[i];
    if (kind == option_end) break;
    if (kind == option_nop) {
      ++i;
      continue;
    }
    const std::size_t size = list.size() - i >= 2 ? list[i + 1] : 0;
    if (size < 2 || size > list.size() - i) {
      options.malformed = true;
      options.broken_size = static_cast<std::uint8_t>(list.size() - i);
      break;
    }
    if (!read_option(kind, list.data() + i + 2, size - 2, options)) options.malformed = true;
    i += size;
  }
  return options;
}

}  // namespace restitch
