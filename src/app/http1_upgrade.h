// What follows HTTP/1 on a connection that changes its protocol. Pure functions; any thread.
#pragma once

#include <memory>

#include "restitch/app/analyzer.h"
#include "restitch/app/http_record.h"

namespace restitch::http1 {

// Behind a response 101, or CONNECT that was granted; nullptr: whatever is found to fit.
std::unique_ptr<Analyzer> make_upgraded(const HttpRecord& record);

}  // namespace restitch::http1
