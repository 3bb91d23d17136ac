// A number of TLS and its name. A value.
#pragma once

#include <cstdint>
#include <string_view>

namespace restitch {

struct TlsNumberName {
  std::uint16_t number;
  std::string_view name;
};

}  // namespace restitch
