#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "app/ascii.h"
#include "base/clean_text.h"
#include "output/text.h"
#include "restitch/app/har.h"
#include "restitch/output_ids.h"

namespace restitch {
namespace {

// ,"name":"text"
void append_member(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, text);
}

void append_har_time(std::string& out, Timestamp time) {
  fmt::format_to(std::back_inserter(out), "\"{}.{:06}Z\"", utc_date(time, "%Y-%m-%dT%H:%M:%S"),
                 (time.ns % 1'000'000'000 + 1'000'000'000) % 1'000'000'000 / 1'000);
}

// {"name":…,"value":… without its end, so that more can follow.
void append_pair(std::string& out, std::string_view name, std::string_view value) {
  out += "{\"name\":";
  append_json_string(out, name);
  append_member(out, "value", value);
}

void append_headers(std::string& out, const HttpMessage& message) {
  out += ",\"headers\":[";
  bool first = true;
  for (const HttpFields* fields : {&message.pseudo, &message.fields}) {
    for (const auto& [name, value] : *fields) {
      if (!std::exchange(first, false)) out += ',';
      append_pair(out, name, value);
      out += '}';
    }
  }
  out += ']';
}

// Takes what stands before the next `end` off, without blanks around it.
std::string_view take_part(std::string_view& text, char end) {
  const std::size_t size = std::min(text.find(end), text.size());
  const std::string_view part = ascii::trimmed(text.substr(0, size));
  text.remove_prefix(std::min(size + 1, text.size()));
  return part;
}

void append_cookie(std::string& out, std::string_view pair) {
  const std::string_view name = take_part(pair, '=');
  append_pair(out, name, ascii::trimmed(pair));
}

void append_request_cookies(std::string& out, const HttpMessage& message) {
  out += ",\"cookies\":[";
  bool first = true;
  for (const auto& [name, value] : message.fields) {
    if (!ascii::equal(name, "cookie")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view pair = take_part(rest, ';');
      if (pair.empty()) continue;
      if (!std::exchange(first, false)) out += ',';
      append_cookie(out, pair);
      out += '}';
    }
  }
  out += ']';
}

void append_set_cookie(std::string& out, std::string_view value) {
  append_cookie(out, take_part(value, ';'));
  bool http_only = false;
  bool secure = false;
  while (!value.empty()) {
    std::string_view attribute = take_part(value, ';');
    const std::string_view name = take_part(attribute, '=');
    if (ascii::equal(name, "path")) append_member(out, "path", attribute);
    if (ascii::equal(name, "domain")) append_member(out, "domain", attribute);
    http_only = http_only || ascii::equal(name, "httponly");
    secure = secure || ascii::equal(name, "secure");
  }
  fmt::format_to(std::back_inserter(out), ",\"httpOnly\":{},\"secure\":{}}}", http_only, secure);
}

void append_response_cookies(std::string& out, const HttpMessage& message) {
  out += ",\"cookies\":[";
  bool first = true;
  for (const auto& [name, value] : message.fields) {
    if (!ascii::equal(name, "set-cookie")) continue;
    if (!std::exchange(first, false)) out += ',';
    append_set_cookie(out, value);
  }
  out += ']';
}

void append_query(std::string& out, std::string_view url) {
  out += ",\"queryString\":[";
  const std::size_t question = url.find('?');
  std::string_view rest = question == std::string_view::npos ? std::string_view() : url.substr(question + 1);
  rest = rest.substr(0, rest.find('#'));
  for (bool first = true; !rest.empty();) {
    std::string_view pair = take_part(rest, '&');
    if (pair.empty()) continue;
    if (!std::exchange(first, false)) out += ',';
    const std::string_view name = take_part(pair, '=');
    append_pair(out, name, pair);
    out += '}';
  }
  out += ']';
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (!character.valid) return false;
    text.remove_prefix(character.size);
  }
  return true;
}

// ,"text":… and, if need be, in which encoding.
void append_text(std::string& out, const HttpContent& body, std::string_view encoding) {
  const std::string_view text = ascii::text_of(body.bytes);
  if (is_utf8(text)) return append_member(out, "text", text);
  out += ",\"text\":\"";
  append_base64(out, body.bytes);
  out.append("\",\"").append(encoding).append("\":\"base64\"");
}

void append_comment(std::string& out, std::string_view comment) {
  if (!comment.empty()) append_member(out, "comment", comment);
}

std::string_view type_of(const HttpMessage& message) {
  const std::string* const type = message.field("content-type");
  return type == nullptr ? std::string_view() : std::string_view(*type);
}

std::string version_of(const HttpMessage& message) {
  return message.version.empty() ? std::string() : "HTTP/" + message.version;
}

// ,"headersSize":…,"bodySize":…; -1: not known.
void append_sizes(std::string& out, const HttpMessage& message) {
  const auto size = [](bool known, std::uint64_t bytes) {
    return known ? static_cast<std::int64_t>(bytes) : -1;
  };
  fmt::format_to(std::back_inserter(out), ",\"headersSize\":{},\"bodySize\":{}",
                 size(message.head_size != 0, message.head_size), size(message.seen, message.wire_size));
}

void append_request(std::string& out, std::string_view url, const HttpRecord& record,
                    const HttpContent& body) {
  const HttpMessage& message = record.request;
  out += ",\"request\":{\"method\":";
  append_json_string(out, record.method);
  append_member(out, "url", url);
  append_member(out, "httpVersion", version_of(message));
  append_request_cookies(out, message);
  append_headers(out, message);
  append_query(out, url);
  if (message.object) {
    out += ",\"postData\":{\"mimeType\":";
    append_json_string(out, type_of(message));
    out += ",\"params\":[]";
    append_text(out, body, "_encoding");
    append_comment(out, flaws_of(body));
    out += '}';
  }
  append_sizes(out, message);
  if (!message.seen) append_comment(out, "it was not captured");
  out += '}';
}

void append_response(std::string& out, const HttpRecord& record, const HttpContent& body) {
  const HttpMessage& message = record.response;
  fmt::format_to(std::back_inserter(out), ",\"response\":{{\"status\":{}", record.status);
  append_member(out, "statusText", record.reason);
  append_member(out, "httpVersion", version_of(message));
  append_response_cookies(out, message);
  append_headers(out, message);
  fmt::format_to(std::back_inserter(out), ",\"content\":{{\"size\":{}", message.body_size);
  if (message.body_size > message.wire_size) {
    fmt::format_to(std::back_inserter(out), ",\"compression\":{}", message.body_size - message.wire_size);
  }
  append_member(out, "mimeType", type_of(message));
  if (message.object) append_text(out, body, "encoding");
  if (message.seen) append_comment(out, flaws_of(body));
  out += '}';
  const std::string* const location = message.field("location");
  append_member(out, "redirectURL", location == nullptr ? std::string_view() : std::string_view(*location));
  append_sizes(out, message);
  if (!message.seen) append_comment(out, "it was not captured");
  out += '}';
}

// Milliseconds; 0 where one of the times is not known, for HAR wants a number.
double milliseconds(Timestamp from, Timestamp to) {
  if (from.ns == 0 || to.ns == 0) return 0;
  return static_cast<double>(std::max<std::int64_t>(duration_between(from, to), 0)) / 1e6;
}

void append_timings(std::string& out, double send, double wait, double receive) {
  fmt::format_to(std::back_inserter(out),
                 ",\"cache\":{{}},\"timings\":{{\"send\":{:.3f},\"wait\":{:.3f},\"receive\":{:.3f}}}", send,
                 wait, receive);
}

}  // namespace

void append_har_entry(std::string& out, const FindingPlace& place, const HttpRecord& record,
                      const HttpContent& request, const HttpContent& response) {
  const Timestamp begun = record.request.seen ? record.request.begun : record.response.begun;
  const double send = milliseconds(record.request.begun, record.request.ended);
  const double wait = milliseconds(record.request.ended, record.response.begun);
  const double receive = milliseconds(record.response.begun, record.response.ended);
  out += "{\"startedDateTime\":";
  append_har_time(out, begun);
  fmt::format_to(std::back_inserter(out), ",\"time\":{:.3f}", send + wait + receive);
  append_request(out, http_url(record, place.layer), record, request);
  append_response(out, record, response);
  append_timings(out, send, wait, receive);
  append_member(out, "serverIPAddress", to_string(place.net().destination));
  append_member(out, "connection", connection_uid(*place.summary));
  if (record.stream_id != 0) fmt::format_to(std::back_inserter(out), ",\"_stream\":{}", record.stream_id);
  out += '}';
}

}  // namespace restitch
