#include "app/http1_record.h"

#include <algorithm>
#include <string>

#include "app/http1_text.h"

namespace restitch::http1 {
namespace {

void fill_message(HttpMessage& message, const Head& head, const Origin& origin) {
  message.seen = true;
  message.version = head.version;
  message.head_size = head.text.size();
  message.fields.reserve(head.fields.size());
  for (const Field& field : head.fields) {
    message.fields.emplace_back(std::string(field.name), unfolded(field.value));
  }
  if (const Field* disposition = head.field("content-disposition")) {
    message.file_name = file_name(unfolded(disposition->value));
  }
  message.origin = origin;
  message.begun = message.ended = origin.time;
}

// The host of an absolute URI, with its port.
std::string_view authority(std::string_view target) {
  target.remove_prefix(target.find("//") + 2);
  target = target.substr(0, target.find_first_of("/?#"));
  const std::size_t at = target.rfind('@');
  return at == std::string_view::npos ? target : target.substr(at + 1);
}

void fill_authorization(HttpRecord& record, std::string_view value) {
  if (!begins(value, "basic ")) return;
  const auto plain = base64_decoded(trimmed(value.substr(6)));
  if (!plain) return;
  const std::size_t colon = plain->find(':');
  record.user = plain->substr(0, colon);
  if (colon == std::string::npos) return;
  record.password = plain->substr(colon + 1);
  record.has_password = true;
}

// The last part of the path: "c.html" of "/a/b/c.html?d=e".
std::string last_segment(std::string_view target) {
  if (http_is_absolute(target)) {
    const std::size_t path = target.find('/', target.find("//") + 2);
    target = path == std::string_view::npos ? std::string_view() : target.substr(path);
  }
  target = target.substr(0, target.find_first_of("?#"));
  const std::size_t slash = target.rfind('/');
  return std::string(slash == std::string_view::npos ? target : target.substr(slash + 1));
}

}  // namespace

void fill_request(HttpRecord& record, const Head& head, const Origin& origin) {
  fill_message(record.request, head, origin);
  record.method = head.method;
  record.uri = head.target;
  if (const std::string* host = record.request.field("host")) record.host = *host;
  if (record.host.empty() && http_is_absolute(record.uri)) record.host = authority(record.uri);
  if (const std::string* value = record.request.field("authorization")) fill_authorization(record, *value);
}

void fill_response(HttpRecord& record, const Head& head, const Origin& origin) {
  fill_message(record.response, head, origin);
  record.status = head.status;
  record.reason = head.reason;
}

void fill_trailers(HttpMessage& message, const Head& trailers) {
  for (const Field& field : trailers.fields) {
    message.trailers.emplace_back(std::string(field.name), unfolded(field.value));
  }
}

ObjectHead object_head(const HttpRecord& record, TcpFlowDirection direction, std::string_view layer) {
  const bool request = direction == TcpFlowDirection::client_to_server;
  const HttpMessage& message = request ? record.request : record.response;
  ObjectHead head;
  head.protocol = "http";
  head.direction = direction;
  head.name = message.file_name.empty() ? last_segment(record.uri) : message.file_name;
  head.url = http_url(record, layer);
  if (const std::string* type = message.field("content-type")) {
    head.type = trimmed(std::string_view(*type).substr(0, type->find(';')));
  }
  head.transaction = record.depth;
  return head;
}

bool connection_says(const HttpMessage& message, std::string_view what) {
  const std::string* value = message.field("connection");
  for (std::string_view rest = value == nullptr ? std::string_view() : *value; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (equal(trimmed(rest.substr(0, comma)), what)) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

}  // namespace restitch::http1
