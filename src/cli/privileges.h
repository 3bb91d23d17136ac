// Giving up what only opening an interface needs. Call from the main thread.
#pragma once

#include <string>

#include "restitch/result.h"

namespace restitch::cli {

// Who to become for good: the user asked for, else who called sudo, else nobody. Only root changes users;
// everyone loses the capabilities. "root": all stays as it is.
// A folder that this run has made goes to that user, with the files in it.
Result<void> relinquish_privileges(const std::string& user, const std::string& new_folder = {});

}  // namespace restitch::cli
