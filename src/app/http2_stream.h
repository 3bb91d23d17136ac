// Http2Stream: a stream of HTTP/2 with its request, its response and their bodies. Owned by Http2Streams;
// findings are lent for the call. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "app/http2_fields.h"
#include "app/http_body.h"
#include "restitch/app/findings.h"

namespace restitch {

class Http2Stream {
 public:
  Http2Stream(std::uint32_t id, std::uint64_t depth);

  // The request was one of HTTP/1 that upgraded, and is complete.
  void upgrade(const HttpRecord& record);
  // The server promises an answer to a request that it makes up.
  void promise(Http2Fields fields, const Origin& origin, Findings& findings);
  // A head, an interim one, or trailers.
  void head(TcpFlowDirection direction, Http2Fields fields, const Origin& origin, Findings& findings);
  [[nodiscard]] bool head_seen(TcpFlowDirection direction) const;
  // The next bytes of a body. Requires: head_seen().
  void data(TcpFlowDirection direction, Bytes bytes, const Origin& origin, Findings& findings);
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings);
  // Nothing more comes of a message. `complete`: its sender said so.
  void end(TcpFlowDirection direction, bool complete, const Origin& origin, Findings& findings);
  void reset(TcpFlowDirection by, std::uint32_t code);
  [[nodiscard]] bool over() const { return halves_[0].over && halves_[1].over; }
  // Ends what is open, and reports the record. Once.
  void report(Findings& findings);

  // How much its fields have grown since it was asked last, as Http2Fields counts; and what it answered in
  // all.
  std::size_t take_growth() {
    const std::size_t growth = fields_size_ - counted_size_;
    counted_size_ = fields_size_;
    return growth;
  }
  [[nodiscard]] std::size_t counted_size() const { return counted_size_; }

 private:
  struct Half {
    std::unique_ptr<HttpBody> body;  // from its first byte on
    std::optional<std::uint64_t> declared;
    bool over = false;
    bool whole = true;  // nothing is missing
  };

  [[nodiscard]] Half& half(TcpFlowDirection direction) {
    return halves_[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] HttpMessage& message(TcpFlowDirection direction);
  void fill_request(Http2Fields& fields);
  void fill_message(TcpFlowDirection direction, Http2Fields fields, const Origin& origin);
  void begin_body(TcpFlowDirection direction, const Origin& origin, Findings& findings);
  void check_length(TcpFlowDirection direction, const Origin& origin, Findings& findings);

  HttpRecord record_;
  std::array<Half, 2> halves_;
  std::size_t fields_size_ = 0;
  std::size_t counted_size_ = 0;
};

}  // namespace restitch
