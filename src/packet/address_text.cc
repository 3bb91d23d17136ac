// Addresses as text. IPv6 follows RFC 5952: lower case, no leading zeros, the longest run of two or
// more zero groups (the first of equals) as "::", an IPv4-mapped address with its IPv4 part dotted.
#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "restitch/detail/require.h"
#include "restitch/packet.h"

namespace restitch {
namespace {

struct Run {
  std::size_t first = 0;
  std::size_t size = 0;
};

std::uint16_t group(const IpAddress& address, std::size_t index) {
  return load_be16(address.bytes.data() + 2 * index);
}

// The longest run of zero groups among the first `count`; size 0 when none is worth a "::".
Run longest_zero_run(const IpAddress& address, std::size_t count) {
  Run best;
  Run current;
  for (std::size_t i = 0; i < count; ++i) {
    if (group(address, i) != 0) {
      current = {i + 1, 0};
      continue;
    }
    ++current.size;
    if (current.size > best.size) best = current;
  }
  return best.size >= 2 ? best : Run{};
}

bool is_ipv4_mapped(const IpAddress& address) {
  for (std::size_t i = 0; i < 5; ++i) {
    if (group(address, i) != 0) return false;
  }
  return group(address, 5) == 0xffff;
}

void append_number(std::string& text, unsigned value, int base) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, base).ptr;
  text.append(digits, end);
}

void append_ipv4(std::string& text, const IpAddress& address) {
  char written[16];
  char* end = written;
  for (std::size_t i = 12; i < 16; ++i) {
    if (i > 12) *end++ = '.';
    end = std::to_chars(end, written + sizeof written, address.bytes[i]).ptr;
  }
  text.append(written, end);
}

void append_ipv6(std::string& text, const IpAddress& address) {
  const bool mapped = is_ipv4_mapped(address);
  const std::size_t count = mapped ? 6 : 8;
  const Run zeros = longest_zero_run(address, count);
  bool separate = false;
  for (std::size_t i = 0; i < count;) {
    if (zeros.size > 0 && i == zeros.first) {
      text += "::";
      separate = false;
      i += zeros.size;
      continue;
    }
    if (separate) text += ':';
    append_number(text, group(address, i), 16);
    separate = true;
    ++i;
  }
  if (!mapped) return;
  text += ':';
  append_ipv4(text, address);
}

}  // namespace

IpAddress IpAddress::from_bytes(Bytes bytes) {
  RESTITCH_REQUIRE(bytes.size() == 4 || bytes.size() == 16, "an IP address has 4 or 16 bytes");
  IpAddress address;
  if (bytes.size() == 4) {
    address.version = 4;
    std::memcpy(address.bytes.data() + 12, bytes.data(), 4);
  } else {
    address.version = 6;
    std::memcpy(address.bytes.data(), bytes.data(), 16);
  }
  return address;
}

std::string to_string(const IpAddress& address) {
  std::string text;
  if (address.version == 4) {
    append_ipv4(text, address);
  } else if (address.version == 6) {
    append_ipv6(text, address);
  } else {
    text = "none";
  }
  return text;
}

std::optional<IpAddress> parse_address(std::string_view text) {
  const std::string ended(text);
  std::uint8_t bytes[16];
  if (inet_pton(AF_INET, ended.c_str(), bytes) == 1) return IpAddress::from_bytes(Bytes(bytes, 4));
  if (inet_pton(AF_INET6, ended.c_str(), bytes) == 1) return IpAddress::from_bytes(Bytes(bytes, 16));
  return std::nullopt;
}

std::string endpoint_to_string(const IpAddress& address, std::uint16_t port) {
  std::string text = to_string(address);
  if (address.version == 6) text = "[" + text + "]";
  text += ':';
  append_number(text, port, 10);
  return text;
}

}  // namespace restitch
