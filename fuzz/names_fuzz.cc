// Any bytes as a name template and as the stream that it names: the first 48 bytes are addresses, ports,
// VLAN, time and numbers, the rest is the template. What parse() lets through must never lead out of its
// folder.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "restitch/output_names.h"

namespace {

using namespace restitch;

void require(bool condition) {
  if (!condition) std::abort();
}

template <class T>
T take(const std::uint8_t*& data) {
  T value{};
  std::memcpy(&value, data, sizeof value);
  data += sizeof value;
  return value;
}

IpAddress take_address(const std::uint8_t*& data) {
  IpAddress address;
  address.version = (*data & 1) != 0 ? 6 : 4;
  std::memcpy(address.bytes.data(), data, address.bytes.size());
  data += address.bytes.size();
  return address;
}

// No part is empty, "." or "..": so it is relative, and each step goes down.
void check_path(std::string_view path) {
  require(path.find('\0') == std::string_view::npos);
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    require(!part.empty() && part != "." && part != "..");
    begin = end + 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t name_size = 2 * 16 + 2 + 2 + 2 + 8 + 2;
  if (size < name_size) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + name_size, size - name_size);
  StreamName name;
  name.source = take_address(data);
  name.destination = take_address(data);
  name.source_port = take<std::uint16_t>(data);
  name.destination_port = take<std::uint16_t>(data);
  name.vlan = take<std::uint16_t>(data);
  name.first_seen.ns = take<std::int64_t>(data);
  name.repeats = take<std::uint8_t>(data) % 3u;
  name.number = take<std::uint8_t>(data) * std::uint64_t{0x0123456789abcd};
  check_path(NameTemplate().expand(name));
  const auto parsed = NameTemplate::parse(text);
  if (!parsed) {
    require(!parsed.error().message.empty());
    return 0;
  }
  const std::string path = parsed->expand(name);
  check_path(path);
  StreamName next = name;
  ++next.repeats;
  require(parsed->expand(next) != path);  // a repeated name is another one
  return 0;
}
