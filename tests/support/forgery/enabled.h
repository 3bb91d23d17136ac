// Which kinds of conversations hold under which reading. The table in docs/notes/forgery.md says why others
// are not enabled yet.
#pragma once

#include <string_view>

namespace restitch::forgery {

// Kinds with commas between, as Scope::of() takes them; "honest" is none. Empty: not even honest ones hold.
inline std::string_view enabled_kinds(std::string_view reading) {
  if (reading == "capture") {
    return "capture_loss,midstream,one_direction,skewed_taps,port_reuse,garbage_probes,outage";
  }
  return "";
}

}  // namespace restitch::forgery
