// A user who wants no more than the packet decoder.
#include <restitch/packet.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

int main() {
  const std::array<std::uint8_t, 4> bytes{192, 0, 2, 1};
  const std::string endpoint = restitch::endpoint_to_string(restitch::IpAddress::from_bytes(bytes), 80);
  std::printf("%s\n", endpoint.c_str());
  return endpoint == "192.0.2.1:80" ? 0 : 1;
}
