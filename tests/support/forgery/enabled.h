// Which kinds of conversations hold under which reading. The table in docs/notes/forgery.md says why others
// are not enabled yet.
#pragma once

#include <string_view>

namespace restitch::forgery {

// Kinds with commas between, as Scope::of() takes them; "honest" is none. Empty: not even honest ones hold.
inline std::string_view enabled_kinds(std::string_view reading) {
  if (reading == "capture" || reading == "capture watching") {
    return "capture_loss,midstream,one_direction,skewed_taps,garbage_probes,rst_exact,rst_window,rst_wild,"
           "ack_ahead,ack_early,ack_wild,zero_window,data_old,none,wrong_checksum,low_ttl";
  }
  return "capture_loss,midstream,one_direction,skewed_taps,garbage_probes";
}

}  // namespace restitch::forgery
