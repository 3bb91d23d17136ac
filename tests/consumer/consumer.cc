// What a user of the installed library writes first. Built by find_package, by pkg-config and by
// add_subdirectory (consume.py); nothing here knows the tree the library was built in.
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

#if __has_include(<restitch/restitch.h>)
#include <restitch/restitch.h>
#else
#include <restitch/packet.h>
#endif

int main() {
  const std::array<std::uint8_t, 4> bytes{192, 0, 2, 1};
  const auto address = restitch::IpAddress::from_bytes(bytes);
  const std::string endpoint = restitch::endpoint_to_string(address, 80);
  std::printf("%s\n", endpoint.c_str());
  return endpoint == "192.0.2.1:80" ? 0 : 1;
}
