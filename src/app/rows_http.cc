// The http log. Zeek's and Suricata's columns have the values that these programs put there.
#include <algorithm>
#include <array>
#include <iterator>

#include "app/ascii.h"
#include "app/http1_text.h"
#include "app/record_rows.h"
#include "output/text.h"
#include "restitch/output_ids.h"

namespace restitch {
namespace {

LogTable make_http_table(LogFamily family) {
  using enum CellType;
  switch (family) {
    case LogFamily::zeek:
      return table_of_records(family, "http", {{"trans_depth", count},
                                               {"method", text, true},
                                               {"host", text, true},
                                               {"uri", text, true},
                                               {"referrer", text, true},
                                               {"version", text, true},
                                               {"user_agent", text, true},
                                               {"origin", text, true},
                                               {"request_body_len", count},
                                               {"response_body_len", count},
                                               {"status_code", count, true},
                                               {"status_msg", text, true},
                                               {"info_code", count, true},
                                               {"info_msg", text, true},
                                               {"tags", list, false, "set[enum]"},
                                               {"username", text, true},
                                               {"password", text, true},
                                               {"proxied", list, true, "set[string]"},
                                               {"orig_fuids", list, true},
                                               {"orig_filenames", list, true},
                                               {"orig_mime_types", list, true},
                                               {"resp_fuids", list, true},
                                               {"resp_filenames", list, true},
                                               {"resp_mime_types", list, true}});
    case LogFamily::eve:
      return table_of_records(family, "http",
                              {{"tx_id", count},
                               {"http.hostname", text, true},
                               {"http.http_port", count, true},
                               {"http.url", text, true},
                               {"http.http_user_agent", text, true},
                               {"http.http_content_type", text, true},
                               {"http.http_refer", text, true},
                               {"http.http_method", text, true},
                               {"http.protocol", text, true},
                               {"http.version", text, true},
                               {"http.status", count, true},
                               {"http.redirect", text, true},
                               {"http.length", count},
                               {"http.request_headers", json, true},
                               {"http.response_headers", json, true},
                               {"http.http2.stream_id", count, true},
                               // Of stream 0 only: see rows_http2.cc.
                               {"http.http2.request.settings", json, true},
                               {"http.http2.response.settings", json, true}});
    case LogFamily::plain:
      break;
  }
  return table_of_records(family, "http",
                          {{"depth", count},
                           {"stream_id", count, true},
                           {"method", text, true},
                           {"host", text, true},
                           {"uri", text, true},
                           {"version", text, true},
                           {"status", count, true},
                           {"reason", text, true},
                           {"response_version", text, true},
                           {"info_status", count, true},
                           {"user_agent", text, true},
                           {"referrer", text, true},
                           {"user", text, true},
                           {"password", text, true},
                           {"request_type", text, true},
                           {"request_file", text, true},
                           {"request_size", count},
                           {"request_wire_size", count},
                           {"request_complete", flag},
                           {"request_object", count, true},
                           {"response_type", text, true},
                           {"response_file", text, true},
                           {"response_size", count},
                           {"response_wire_size", count},
                           {"response_complete", flag},
                           {"response_object", count, true},
                           {"request_time", time, true},
                           {"response_time", time, true}});
}

// ---- Cells -----------------------------------------------------------------------------------------

LogCell http_field(const HttpMessage& message, std::string_view name) {
  const std::string* value = message.field(name);
  return value == nullptr ? LogCell() : LogCell(*value);
}

// Content-Type, without its parameters.
LogCell http_type(const HttpMessage& message) {
  const std::string* value = message.field("content-type");
  if (value == nullptr) return {};
  return cell_of(http1::trimmed(std::string_view(*value).substr(0, value->find(';'))));
}

LogCell http_count(std::uint64_t number, bool known) { return known ? LogCell(number) : LogCell(); }

LogCell http_time(Timestamp time) { return time.ns == 0 ? LogCell() : LogCell(time); }

LogCell http_list(std::string_view text) {
  return text.empty() ? LogCell() : LogCell(TextList{std::string(text)});
}

Timestamp http_begun(const HttpRecord& record) {
  return record.request.seen ? record.request.begun : record.response.begun;
}

// ---- Zeek ------------------------------------------------------------------------------------------

// What proxies add, as "VIA -> 1.1 cache".
LogCell http_proxied(const HttpMessage& request) {
  constexpr std::array<std::string_view, 7> names = {
      "forwarded", "x-forwarded-for",  "x-forwarded-from", "client-ip",
      "via",       "xroxy-connection", "proxy-connection"};
  TextList found;
  for (const auto& field : request.fields) {
    const auto is_it = [&](auto one) { return ascii::equal(field.first, one); };
    if (std::none_of(names.begin(), names.end(), is_it)) continue;
    found.push_back(ascii::upper(field.first).append(" -> ").append(field.second));
  }
  return found.empty() ? LogCell() : LogCell(std::move(found));
}

// "<empty>" where the status line has no reason.
LogCell http_reason(bool seen, const std::string& reason) {
  if (!seen) return {};
  return reason.empty() ? std::string("<empty>") : reason;
}

// Of the answer to a request of HTTP/0.9, all is body to Zeek, also a head.
struct HttpZeekResponse {
  explicit HttpZeekResponse(const HttpRecord& record)
      : old(record.request.version == "0.9"),
        version(old && record.response.seen ? "0.9" : record.response.version),
        size(record.response.body_size + (old ? record.response.head_size : 0)),
        status(old ? 0 : record.status),
        reason(old ? "" : record.reason) {}

  bool old;
  std::string version;
  std::uint64_t size;
  unsigned status;
  std::string reason;
};

void fill_http_zeek_response(LogRow& row, const HttpRecord& record) {
  const HttpZeekResponse response(record);
  const bool seen = record.response.seen;
  const bool switched = record.status == 101;
  const unsigned info = switched ? record.status : record.info_status;
  row.emplace_back(record.request.body_size);
  row.emplace_back(response.size);
  row.push_back(http_count(response.status, seen));
  row.push_back(http_reason(seen, response.reason));
  row.push_back(http_count(info, info != 0));
  row.push_back(http_reason(info != 0, switched ? record.reason : record.info_reason));
}

void fill_http_zeek_file(LogRow& row, const HttpMessage& message, std::string_view uid) {
  row.push_back(message.object ? http_list(file_uid(uid, *message.object)) : LogCell());
  row.push_back(http_list(message.file_name));
  const LogCell type = message.object ? http_type(message) : LogCell();
  const auto* name = std::get_if<std::string>(&type);
  row.push_back(name == nullptr ? LogCell() : http_list(*name));
}

void fill_http_zeek(LogRow& row, const HttpRecord& record, std::string_view uid) {
  const HttpMessage& request = record.request;
  row.emplace_back(record.depth);
  row.push_back(request.seen ? LogCell(record.method) : LogCell());
  row.push_back(cell_of(record.host));
  row.push_back(request.seen ? LogCell(ascii::percent_decoded(record.uri)) : LogCell());
  row.push_back(http_field(request, "referer"));
  row.push_back(cell_of(HttpZeekResponse(record).version));
  row.push_back(http_field(request, "user-agent"));
  row.push_back(http_field(request, "origin"));
  fill_http_zeek_response(row, record);
  row.emplace_back(TextList());
  row.push_back(cell_of(record.user));
  // Zeek keeps the password only when told to.
  row.emplace_back();
  row.push_back(http_proxied(request));
  fill_http_zeek_file(row, request, uid);
  fill_http_zeek_file(row, record.response, uid);
}

// ---- Suricata --------------------------------------------------------------------------------------

struct HttpHost {
  std::string_view name;
  std::uint64_t port = 0;
};

HttpHost http_host(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) return {host};
  const std::string_view digits = host.substr(colon + 1);
  const bool port =
      !digits.empty() && digits.size() <= 5 && std::all_of(digits.begin(), digits.end(), http1::is_digit);
  HttpHost found{host.substr(0, colon)};
  if (!port) return {host};
  for (const char digit : digits) found.port = found.port * 10 + static_cast<std::uint64_t>(digit - '0');
  return found;
}

void add_http_header(std::string& out, std::string_view name, std::string_view value) {
  out += out.empty() ? "[{\"name\":" : ",{\"name\":";
  append_json_string(out, name);
  out += ",\"value\":";
  append_json_string(out, value);
  out += '}';
}

// Of HTTP/2 only, with its pseudo-header.
LogCell http_headers(const HttpRecord& record, const HttpMessage& message) {
  if (record.stream_id == 0 || !message.seen) return {};
  std::string out;
  if (message.table_size) out = R"([{"table_size_update":)" + std::to_string(*message.table_size) + "}";
  for (const auto& [name, value] : message.pseudo) add_http_header(out, name, value);
  for (const auto& [name, value] : message.fields) add_http_header(out, name, value);
  return out.empty() ? LogCell() : LogCell(JsonText{out + "]"});
}

void fill_http_eve(LogRow& row, const HttpRecord& record) {
  const HttpMessage& request = record.request;
  const HttpMessage& response = record.response;
  const HttpHost host = http_host(record.host);
  const bool first = record.stream_id == 0;
  const std::string& version = request.seen ? request.version : response.version;
  row.emplace_back(record.depth - std::min<std::uint64_t>(record.depth, 1));
  row.push_back(cell_of(host.name));
  row.push_back(http_count(host.port, host.port != 0));
  row.push_back(cell_of(record.uri));
  row.push_back(http_field(request, "user-agent"));
  row.push_back(http_type(response));
  row.push_back(http_field(request, "referer"));
  row.push_back(cell_of(record.method));
  row.push_back(first ? cell_of("HTTP/" + version) : LogCell());
  row.push_back(first ? LogCell() : cell_of(version));
  row.push_back(http_count(record.status, record.status != 0));
  row.push_back(record.status / 100 == 3 ? http_field(response, "location") : LogCell());
  row.emplace_back(response.wire_size);
  row.push_back(http_headers(record, request));
  row.push_back(http_headers(record, response));
  row.push_back(http_count(record.stream_id, !first));
  row.resize(row.size() + 2);
}

// ---- Our own ---------------------------------------------------------------------------------------

void fill_http_message(LogRow& row, const HttpMessage& message) {
  row.push_back(http_type(message));
  row.push_back(cell_of(message.file_name));
  row.emplace_back(message.body_size);
  row.emplace_back(message.wire_size);
  row.emplace_back(message.complete);
  row.push_back(http_count(message.object.value_or(0), message.object.has_value()));
}

void fill_http_plain(LogRow& row, const HttpRecord& record) {
  row.emplace_back(record.depth);
  row.push_back(http_count(record.stream_id, record.stream_id != 0));
  row.push_back(cell_of(record.method));
  row.push_back(cell_of(record.host));
  row.push_back(cell_of(record.uri));
  row.push_back(cell_of(record.request.version));
  row.push_back(http_count(record.status, record.status != 0));
  row.push_back(cell_of(record.reason));
  row.push_back(cell_of(record.response.version));
  row.push_back(http_count(record.info_status, record.info_status != 0));
  row.push_back(http_field(record.request, "user-agent"));
  row.push_back(http_field(record.request, "referer"));
  row.push_back(cell_of(record.user));
  row.push_back(record.has_password ? LogCell(record.password) : LogCell());
  fill_http_message(row, record.request);
  fill_http_message(row, record.response);
  row.push_back(http_time(record.request.begun));
  row.push_back(http_time(record.response.begun));
}

}  // namespace

const LogTable& http_table(LogFamily family) { return table_made_by<make_http_table>(family); }

void fill_row(LogRow& row, LogFamily family, const HttpRecord& record, const RowPlace& place) {
  begin_row(row, family, "http", http_begun(record), place);
  switch (family) {
    case LogFamily::zeek:
      return fill_http_zeek(row, record, place.uid);
    case LogFamily::eve:
      return fill_http_eve(row, record);
    case LogFamily::plain:
      return fill_http_plain(row, record);
  }
}

}  // namespace restitch
