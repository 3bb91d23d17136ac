#include "restitch/app/services.h"

#include "app/expected_ends.h"

namespace restitch {

AppServices::AppServices(const AppOptions& options) : options_(options) {}

AppServices::~AppServices() = default;

ExpectedEnds& AppServices::expected() {
  if (expected_ == nullptr) expected_ = std::make_unique<ExpectedEnds>();
  return *expected_;
}

}  // namespace restitch
