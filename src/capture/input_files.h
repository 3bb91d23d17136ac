// Looking into files and directories for captures, without reading them. Any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "restitch/capture_inputs.h"

namespace restitch {

// The time of the first record; 0: there is none yet. Error: as of open_capture().
Result<Timestamp> first_record_time(const std::string& path);

// The captures in a directory, in order of first record and then name; those that `wanted` refuses are not
// looked into. With `recursive` also those below it. Error: io, with the name.
Result<InputFiles> captures_in(const std::string& directory, bool recursive,
                               const std::function<bool(const std::string& path)>& wanted = {});

}  // namespace restitch
