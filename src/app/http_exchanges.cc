#include "restitch/app/http_exchanges.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "restitch/app/records.h"

namespace restitch {

std::string flaws_of(const HttpContent& body) {
  std::string flaws;
  const auto add = [&](const std::string& flaw) { flaws += (flaws.empty() ? "" : "; ") + flaw; };
  if (body.missing != 0) add(fmt::format("{} bytes were not captured", body.missing));
  if (body.left_out != 0) add(fmt::format("{} bytes are left out", body.left_out));
  if (body.undecodable) add("its coding is damaged or unknown");
  if (flaws.empty() && !body.complete) add("its end was not captured");
  return flaws;
}

HttpExchanges::~HttpExchanges() {
  for (const auto& [object, body] : bodies_) room_.used -= body.bytes.size();
}

void HttpExchanges::begin_object(const FindingPlace& /*place*/, ObjectNumber object, const ObjectHead& head) {
  if (head.protocol == "http") bodies_.try_emplace(object);
}

void HttpExchanges::object_data(const FindingPlace& /*place*/, ObjectNumber object, Bytes bytes,
                                const Origin& /*origin*/) {
  const auto found = bodies_.find(object);
  if (found == bodies_.end()) return;
  HttpContent& body = found->second;
  const bool whole = body.missing == 0 && body.left_out == 0;
  const std::size_t room =
      whole ? std::min(room_.body_max - body.bytes.size(), room_.total_max - room_.used) : 0;
  const Bytes fits = bytes.first(std::min(bytes.size(), room));
  body.bytes.insert(body.bytes.end(), fits.begin(), fits.end());
  room_.used += fits.size();
  body.left_out += bytes.size() - fits.size();
}

void HttpExchanges::object_gap(const FindingPlace& /*place*/, ObjectNumber object, std::uint64_t size) {
  const auto found = bodies_.find(object);
  if (found != bodies_.end()) found->second.missing += size;
}

void HttpExchanges::end_object(const FindingPlace& /*place*/, ObjectNumber object, const ObjectEnd& end) {
  const auto found = bodies_.find(object);
  if (found == bodies_.end()) return;
  found->second.complete = end.complete;
  found->second.undecodable = end.undecodable;
}

HttpContent HttpExchanges::take(const HttpMessage& message) {
  const auto found = message.object ? bodies_.find(*message.object) : bodies_.end();
  if (found == bodies_.end()) {
    HttpContent none;
    none.complete = message.complete;
    return none;
  }
  HttpContent body = std::move(found->second);
  bodies_.erase(found);
  return body;
}

void HttpExchanges::record(const FindingPlace& place, const AppRecord& record) {
  const auto* const http = std::get_if<HttpRecord>(&record);
  if (http == nullptr) return;
  const HttpContent request = take(http->request);
  const HttpContent response = take(http->response);
  room_.used -= request.bytes.size() + response.bytes.size();
  exchange(place, *http, request, response);
}

}  // namespace restitch
