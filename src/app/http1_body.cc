#include "app/http1_body.h"

#include <algorithm>
#include <string>

#include "app/http1_record.h"
#include "app/http1_text.h"

namespace restitch::http1 {
namespace {

// What can be taken off; chunks are not a coding of bytes.
bool body_transfer_coding(std::string_view coding) {
  constexpr std::string_view known[] = {"gzip", "x-gzip", "deflate"};
  return std::any_of(std::begin(known), std::end(known),
                     [&](std::string_view name) { return equal(coding, name); });
}

void add_codings(const HttpMessage& message, std::string_view field, std::string& codings) {
  for (const auto& [name, value] : message.fields) {
    if (!equal(name, field)) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view coding = trimmed(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      if (coding.empty() || (field == "transfer-encoding" && !body_transfer_coding(coding))) continue;
      if (!codings.empty()) codings += ", ";
      codings += coding;
    }
  }
}

// In the order in which they were applied.
std::string body_codings(const HttpMessage& message) {
  std::string codings;
  add_codings(message, "content-encoding", codings);
  add_codings(message, "transfer-encoding", codings);
  return codings;
}

}  // namespace

Body::Body(HttpRecord& record, TcpFlowDirection direction, const Framing& framing)
    : record_(record),
      direction_(direction),
      kind_(framing.kind),
      left_(framing.length),
      done_(framing.kind == Framing::Kind::length && framing.length == 0),
      declared_(framing.length) {}

HttpMessage& Body::message() const {
  return direction_ == TcpFlowDirection::client_to_server ? record_.request : record_.response;
}

Body::Progress Body::read(const AnalyzerInput& input, std::size_t& at, Findings& findings) {
  if (kind_ == Framing::Kind::chunked) return read_chunks(input, at, findings);
  std::size_t size = input.bytes().size() - at;
  if (kind_ == Framing::Kind::length) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
    left_ -= size;
    done_ = left_ == 0;
  }
  if (size != 0) data(input.bytes().subspan(at, size), input.origin(at), findings);
  at += size;
  return done_ ? Progress::done : Progress::more;
}

Body::Progress Body::read_chunks(const AnalyzerInput& input, std::size_t& at, Findings& findings) {
  while (at < input.bytes().size() && !done_) {
    const Bytes rest = input.bytes().subspan(at);
    Chunks::Step step = chunks_.next(text_of(rest), input.forced());
    if (!step.oddity.what.empty()) {
      const Origin origin = input.origin(std::min(at + step.oddity.at, input.bytes().size() - 1));
      findings.anomaly(step.oddity.what, direction_, origin, std::move(step.oddity.detail));
    }
    if (step.kind == Chunks::Step::Kind::damaged) return Progress::damaged;
    if (step.kind == Chunks::Step::Kind::more) break;
    if (step.kind == Chunks::Step::Kind::data) data(rest.first(step.size), input.origin(at), findings);
    if (step.kind == Chunks::Step::Kind::trailers) {
      done_ = true;
      // A start line is read first; trailers have none.
      const std::string text = "T / HTTP/1.1\r\n" + std::string(text_of(rest.first(step.size)));
      if (step.size > 2) fill_trailers(message(), read_generously(text, Head::Kind::request));
    }
    at += step.size;
  }
  return done_ ? Progress::done : Progress::more;
}

void Body::data(Bytes bytes, const Origin& origin, Findings& findings) {
  if (object_ == nullptr) begin(origin, findings);
  object_->data(findings, bytes, origin);
  message().ended = origin.time;
}

void Body::begin(const Origin& origin, Findings& findings) {
  ObjectHead head = object_head(record_, direction_, findings.place().layer);
  head.origin = origin;
  head.size_known = kind_ == Framing::Kind::length;
  if (head.size_known) head.size = declared_;
  object_ = std::make_unique<HttpBody>(findings, std::move(head), body_codings(message()));
  message().object = object_->number();
}

std::uint64_t Body::gap(std::uint64_t size, Findings& findings) {
  whole_ = false;
  std::uint64_t within = size;
  if (kind_ == Framing::Kind::length) {
    within = std::min(size, left_);
    left_ -= within;
    done_ = left_ == 0;
  } else if (kind_ == Framing::Kind::chunked) {
    within = chunks_.gap(size);
  }
  if (within == 0) return 0;
  if (object_ == nullptr) begin(message().origin, findings);
  object_->gap(findings, within);
  return within;
}

void Body::finish() {
  if (kind_ == Framing::Kind::until_close) done_ = true;
}

void Body::end(Findings& findings) {
  HttpMessage& message = this->message();
  message.complete = done_ && whole_;
  message.wire_size = 0;
  if (object_ == nullptr) return;
  object_->end(findings, message.complete);
  message.body_size = object_->size();
  message.wire_size = object_->wire_size();
}

}  // namespace restitch::http1
