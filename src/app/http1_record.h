// What the heads of HTTP/1 put into a record, and what a record says of the object in a body. Pure functions;
// any thread.
#pragma once

#include <string_view>

#include "app/http1_head.h"
#include "restitch/app/findings.h"
#include "restitch/app/http_record.h"

namespace restitch::http1 {

void fill_request(HttpRecord& record, const Head& head, const Origin& origin);
void fill_response(HttpRecord& record, const Head& head, const Origin& origin);
void fill_trailers(HttpMessage& message, const Head& trailers);

// Of the body of the request, or of the response.
ObjectHead object_head(const HttpRecord& record, TcpFlowDirection direction, std::string_view layer);

// Whether the field Connection says so: "close", "upgrade". In lower case.
bool connection_says(const HttpMessage& message, std::string_view what);

}  // namespace restitch::http1
