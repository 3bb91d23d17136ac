#include "restitch/app/http_record.h"

#include <algorithm>

#include "app/ascii.h"

namespace restitch {

const std::string* HttpMessage::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return ascii::equal(field.first, name); });
  return found == fields.end() ? nullptr : &found->second;
}

}  // namespace restitch
