#include "app/http1_upgrade.h"

namespace restitch::http1 {

std::unique_ptr<Analyzer> make_upgraded(const HttpRecord& /*record*/) { return nullptr; }

}  // namespace restitch::http1
