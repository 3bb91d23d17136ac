// Giving up what only opening an interface needs. Call from the main thread.
#pragma once

#include <string>

#include "restitch/output_folder.h"
#include "restitch/result.h"

namespace restitch::cli {

// Who to become for good: the user asked for, else who called sudo, else nobody. Only root changes users;
// everyone loses the capabilities. "root": all stays as it is.
// A folder that this run has made goes to that user.
Result<void> relinquish_privileges(const std::string& user, const OutputFolder* folder = nullptr);

}  // namespace restitch::cli
