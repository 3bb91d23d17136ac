// Body: reads the body of one message of HTTP/1 to its end, and hands its bytes to an object without copying
// them. Owned by the analyzer while the body lasts; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "app/http1_chunks.h"
#include "app/http1_framing.h"
#include "app/http_body.h"
#include "restitch/app/analyzer.h"
#include "restitch/app/http_record.h"

namespace restitch::http1 {

class Body {
 public:
  enum class Progress : std::uint8_t { more, done, damaged };

  // `record` outlives it. Requires: framing.kind is not none.
  Body(HttpRecord& record, TcpFlowDirection direction, const Framing& framing);

  // Reads on at `at`, which moves behind what was read.
  Progress read(const AnalyzerInput& input, std::size_t& at, Findings& findings);
  // So many bytes are missing. Answers how many of them belong to this body; if it ends with the last of
  // them, or is lost, it is done.
  std::uint64_t gap(std::uint64_t size, Findings& findings);
  [[nodiscard]] bool done() const { return done_; }
  // Nothing comes any more in its direction.
  void finish();
  // Ends the object, and says in the record what it was. Once.
  void end(Findings& findings);

 private:
  Progress read_chunks(const AnalyzerInput& input, std::size_t& at, Findings& findings);
  void data(Bytes bytes, const Origin& origin, Findings& findings);
  void begin(const Origin& origin, Findings& findings);
  [[nodiscard]] HttpMessage& message() const;

  HttpRecord& record_;
  TcpFlowDirection direction_;
  Framing::Kind kind_;
  std::uint64_t left_;
  Chunks chunks_;
  std::unique_ptr<HttpBody> object_;  // once its first byte, or a gap, came
  bool done_ = false;                 // it ended as it should
  bool whole_ = true;                 // nothing is missing
  std::uint64_t declared_;            // by Content-Length
};

}  // namespace restitch::http1
