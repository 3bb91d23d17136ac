#include "restitch/app/http_record.h"

#include <algorithm>

#include "app/ascii.h"

namespace restitch {

const std::string* HttpMessage::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return ascii::equal(field.first, name); });
  return found == fields.end() ? nullptr : &found->second;
}

bool http_is_absolute(std::string_view target) {
  return ascii::begins(target, "http://") || ascii::begins(target, "https://");
}

std::string http_url(const HttpRecord& record, std::string_view layer) {
  if (record.uri.empty() || record.host.empty() || http_is_absolute(record.uri)) return record.uri;
  if (record.method == "CONNECT") return record.uri;
  const bool secure = record.scheme == "https" || layer.find("tls") != std::string_view::npos;
  return (secure ? "https://" : "http://") + record.host + (record.uri.front() == '/' ? "" : "/") +
         record.uri;
}

}  // namespace restitch
