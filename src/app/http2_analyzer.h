// HTTP/2 (RFC 9113): an HttpRecord for each stream, whose bodies are objects; an Http2SettingsRecord for each
// SETTINGS.
//
// Anomalies of a direction, each told once: "http2_frame_size", "http2_bad_stream" (its number, or that there
// is none), "http2_continuation_flood"; and those behind which the direction is not read any more:
// "http2_no_preface", "http2_no_settings", "http2_interrupted_head", "http2_lone_continuation",
// "http2_hpack", "http2_header_table_too_large", "http2_gap" (missing bytes that do not lie within one frame
// of a body). Of a connection, once: "http2_too_many_streams" (the oldest was reported as it was),
// "http2_rapid_reset". Of a message: "http2_headers_too_long", "http2_bad_pseudo_header", "http2_bad_field",
// "http2_upper_case_name", "http2_connection_field", "http2_transfer_encoding", "http2_two_lengths",
// "http2_two_hosts", "http2_length_mismatch".
//
// Memory: about 400 bytes, and for each direction that sent a head the table of HPACK (up to
// AppLimits::header_table_max), for all open streams together their fields (up to 16 times
// AppLimits::header_max), and about 1 KiB and its decoder for each of them.
#pragma once

#include <memory>
#include <string>

#include "app/protocols.h"
#include "restitch/app/analyzer.h"
#include "restitch/app/http_record.h"

namespace restitch {

// A request of HTTP/1 to which the server answered 101 and h2c: it is stream 1.
struct Http2Upgrade {
  HttpRecord request;    // as it is known; its depth is that of the stream before
  std::string settings;  // the field HTTP2-Settings
};

// Both answer nullptr where HTTP/2 was not built in.
std::unique_ptr<Analyzer> make_http2_analyzer(AppServices& services);
std::unique_ptr<Analyzer> make_http2_analyzer(const Http2Upgrade& upgrade);

// By the preface of the client.
Fit fit_http2(Bytes client, Bytes server);

}  // namespace restitch
