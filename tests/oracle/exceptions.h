// The cases of the Linux oracle in which no observer of the packets can know what the application read, each
// with its argument. Everything else has to agree.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace restitch::testing {

struct OracleException {
  std::string_view topic;  // how the id ends
  std::string_view argument;
};

inline constexpr std::array oracle_exceptions = {
    OracleException{"fin/server-closed",
                    "the application closed its socket; its FIN only says that it will send no more, and a "
                    "socket that was shut down for sending looks the same until a RST answers the data"},
    OracleException{"urg-oob/two-unread",
                    "the first urgent byte falls back into the stream because the application read nothing "
                    "between the two; the same packets with a reader give another stream (urg-oob/two)"},
    OracleException{"urg-oob/three-unread",
                    "as urg-oob/two-unread: what is read out of band depends on when the application reads"},
};

inline const OracleException* find_oracle_exception(std::string_view id) {
  const auto* found =
      std::find_if(oracle_exceptions.begin(), oracle_exceptions.end(),
                   [id](const OracleException& exception) { return id.ends_with(exception.topic); });
  return found == oracle_exceptions.end() ? nullptr : found;
}

}  // namespace restitch::testing
