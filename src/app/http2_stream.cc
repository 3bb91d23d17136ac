#include "app/http2_stream.h"

#include <charconv>
#include <string>
#include <utility>

#include "app/http1_record.h"
#include "app/http1_text.h"

namespace restitch {
namespace {

constexpr TcpFlowDirection from_client = TcpFlowDirection::client_to_server;
constexpr TcpFlowDirection from_server = TcpFlowDirection::server_to_client;

using Kind = Http2Fields::Kind;
using Oddity = Http2Fields::Oddity;

constexpr std::string_view oddity_names[] = {"",
                                             "http2_bad_pseudo_header",
                                             "http2_bad_field",
                                             "http2_upper_case_name",
                                             "http2_connection_field",
                                             "http2_transfer_encoding",
                                             "http2_two_lengths",
                                             "http2_two_hosts"};

void tell_oddity(const Http2Fields& fields, Kind kind, TcpFlowDirection direction, const Origin& origin,
                 Findings& findings) {
  if (fields.too_long) findings.anomaly("http2_headers_too_long", direction, origin);
  Http2Fields::Odd odd = fields.oddity(kind);
  if (odd.what == Oddity::none || fields.too_long) return;
  findings.anomaly(oddity_names[static_cast<std::size_t>(odd.what)], direction, origin,
                   std::move(odd.detail));
}

// A number of decimal digits only.
std::optional<std::uint64_t> http2_decimal(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string content_codings(const HttpMessage& message) {
  std::string codings;
  for (const auto& [name, value] : message.fields) {
    if (!ascii::equal(name, "content-encoding") || value.empty()) continue;
    if (!codings.empty()) codings += ", ";
    codings += value;
  }
  return codings;
}

void read_authorization(HttpRecord& record) {
  const std::string* value = record.request.field("authorization");
  if (value == nullptr || !ascii::begins(*value, "basic ")) return;
  const auto plain = http1::base64_decoded(http1::trimmed(std::string_view(*value).substr(6)));
  if (!plain) return;
  const std::size_t colon = plain->find(':');
  record.user = plain->substr(0, colon);
  record.has_password = colon != std::string::npos;
  if (record.has_password) record.password = plain->substr(colon + 1);
}

}  // namespace

Http2Stream::Http2Stream(std::uint32_t id, std::uint64_t depth) {
  record_.stream_id = id;
  record_.depth = depth;
}

HttpMessage& Http2Stream::message(TcpFlowDirection direction) {
  return direction == from_client ? record_.request : record_.response;
}

bool Http2Stream::head_seen(TcpFlowDirection direction) const {
  return direction == from_client ? record_.request.seen : record_.response.seen;
}

void Http2Stream::upgrade(const HttpRecord& record) {
  const std::uint64_t depth = record_.depth;
  const std::uint32_t id = record_.stream_id;
  record_ = record;
  record_.depth = depth;
  record_.stream_id = id;
  record_.response = {};
  record_.status = record_.info_status = 0;
  record_.reason.clear();
  record_.info_reason.clear();
  // Its body is an object of the request that upgraded.
  record_.request.object.reset();
  record_.request.version = "2";
  record_.request.pseudo = {{":method", record.method}, {":path", record.uri}, {":authority", record.host}};
  halves_[0].over = true;
}

void Http2Stream::promise(Http2Fields fields, const Origin& origin, Findings& findings) {
  record_.pushed = true;
  tell_oddity(fields, Kind::request, from_server, origin, findings);
  fill_request(fields);
  fill_message(from_client, std::move(fields), origin);
  read_authorization(record_);
  record_.request.complete = true;
  halves_[0].over = true;
}

void Http2Stream::head(TcpFlowDirection direction, Http2Fields fields, const Origin& origin,
                       Findings& findings) {
  if (half(direction).over) return;
  HttpMessage& message = this->message(direction);
  if (message.seen) {
    tell_oddity(fields, Kind::trailers, direction, origin, findings);
    fields_size_ += fields.size;
    // A second one is not what any program sends.
    if (message.trailers.empty()) message.trailers = std::move(fields.fields);
    return;
  }
  tell_oddity(fields, direction == from_client ? Kind::request : Kind::response, direction, origin, findings);
  if (direction == from_client) {
    fill_request(fields);
    fill_message(direction, std::move(fields), origin);
    return read_authorization(record_);
  }
  const auto status = http2_decimal(fields.pseudo_field(":status"));
  const unsigned code = status.value_or(0) < 1000 ? static_cast<unsigned>(status.value_or(0)) : 0;
  if (code >= 100 && code < 200) {
    record_.info_status = code;
    return;
  }
  record_.status = code;
  fill_message(direction, std::move(fields), origin);
}

void Http2Stream::fill_request(Http2Fields& fields) {
  record_.method = fields.pseudo_field(":method");
  record_.uri = fields.pseudo_field(":path");
  record_.host = fields.pseudo_field(":authority");
  record_.scheme = fields.pseudo_field(":scheme");
  if (record_.uri.empty() && record_.method == "CONNECT") record_.uri = record_.host;
}

void Http2Stream::fill_message(TcpFlowDirection direction, Http2Fields fields, const Origin& origin) {
  HttpMessage& message = this->message(direction);
  fields_size_ += fields.size;
  message.seen = true;
  message.version.assign(1, '2');
  message.pseudo = std::move(fields.pseudo);
  message.fields = std::move(fields.fields);
  message.table_size = fields.table_size;
  message.origin = origin;
  message.begun = message.ended = origin.time;
  if (const std::string* value = message.field("content-disposition"))
    message.file_name = http1::file_name(*value);
  if (const std::string* value = message.field("content-length"))
    half(direction).declared = http2_decimal(*value);
  const std::string* host = message.field("host");
  if (direction == from_client && record_.host.empty() && host != nullptr) record_.host = *host;
}

void Http2Stream::begin_body(TcpFlowDirection direction, const Origin& origin, Findings& findings) {
  Half& half = this->half(direction);
  HttpMessage& message = this->message(direction);
  ObjectHead head = http1::object_head(record_, direction, findings.place().layer);
  head.origin = origin;
  head.size_known = half.declared.has_value();
  head.size = half.declared.value_or(0);
  half.body = std::make_unique<HttpBody>(findings, std::move(head), content_codings(message));
  message.object = half.body->number();
}

void Http2Stream::data(TcpFlowDirection direction, Bytes bytes, const Origin& origin, Findings& findings) {
  Half& half = this->half(direction);
  if (half.over || bytes.empty()) return;
  if (half.body == nullptr) begin_body(direction, origin, findings);
  half.body->data(findings, bytes, origin);
  message(direction).ended = origin.time;
}

void Http2Stream::gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) {
  Half& half = this->half(direction);
  if (half.over || size == 0 || !head_seen(direction)) return;
  if (half.body == nullptr) begin_body(direction, message(direction).origin, findings);
  half.body->gap(findings, size);
  half.whole = false;
}

void Http2Stream::end(TcpFlowDirection direction, bool complete, const Origin& origin, Findings& findings) {
  Half& half = this->half(direction);
  if (std::exchange(half.over, true)) return;
  HttpMessage& message = this->message(direction);
  if (complete && half.whole) check_length(direction, origin, findings);
  message.complete = complete && half.whole && message.seen;
  if (complete && message.seen) message.ended = origin.time;
  if (half.body == nullptr) return;
  half.body->end(findings, message.complete);
  message.body_size = half.body->size();
  message.wire_size = half.body->wire_size();
  half.body.reset();
}

void Http2Stream::check_length(TcpFlowDirection direction, const Origin& origin, Findings& findings) {
  const Half& half = this->half(direction);
  const bool none = direction == from_server &&
                    (record_.method == "HEAD" || record_.status == 304 || !record_.request.seen);
  const std::uint64_t size = half.body == nullptr ? 0 : half.body->wire_size();
  if (!half.declared || *half.declared == size || (none && size == 0)) return;
  findings.anomaly("http2_length_mismatch", direction, origin,
                   std::to_string(*half.declared) + " declared, " + std::to_string(size) + " sent");
}

void Http2Stream::reset(TcpFlowDirection by, std::uint32_t code) {
  record_.reset_code = code;
  record_.reset_by_client = by == from_client;
}

void Http2Stream::report(Findings& findings) {
  for (const TcpFlowDirection direction : {from_client, from_server}) end(direction, false, {}, findings);
  findings.record(std::move(record_));
}

}  // namespace restitch
