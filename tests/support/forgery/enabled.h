// Which kinds of conversations hold under which reading, in conversations 1 to 2,000. docs/notes/forgery.md
// says what still fails.
#pragma once

#include <string_view>

namespace restitch::forgery {

// Kinds with commas between, as Scope::of() takes them; "honest" is none, "all" is each. Empty: not even
// honest ones hold.
inline std::string_view enabled_kinds(std::string_view reading) {
  if (reading == "capture" || reading == "capture watching") {
    return "all";
  }
  return "capture_loss,midstream,one_direction,skewed_taps,garbage_probes";
}

}  // namespace restitch::forgery
