// FollowInside: what was found inside a connection, as text in the formats of FollowWriter: the bytes that
// came out of TLS, or each message of HTTP, its head and its decoded body. For AnalyzedStreamFactory; node 0
// is the client. One thread: that of the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "restitch/app/analyzed_stream.h"
#include "restitch/app/http_exchanges.h"
#include "restitch/output_follow.h"

namespace RESTITCH_API restitch {

class FollowInside final : public FindingsSinks {
 public:
  enum class What : std::uint8_t { decrypted, http };
  using Wanted = std::function<bool(const ConnectionSummary&)>;

  // What is found in the connections that are `wanted`; several take turns. `style.protocol` is set here.
  FollowInside(What what, const FollowStyle& style, FollowWriter::Sink sink, Wanted wanted);

  std::unique_ptr<FindingsSink> make(ConnectionLog& log, const ConnectionSummary& summary) override;

  // How many connections had something to show, and how many of those that are wanted are over.
  [[nodiscard]] std::uint64_t shown() const { return shown_; }
  [[nodiscard]] std::uint64_t ended() const { return ended_; }
  // Bytes that were missing in between.
  [[nodiscard]] std::uint64_t missing_bytes() const { return missing_bytes_; }

 private:
  class Writer;
  class Decrypted;
  class Http;

  What what_;
  FollowStyle style_;
  FollowWriter::Sink sink_;
  Wanted wanted_;
  FollowTurns turns_;
  HttpContentRoom room_;
  std::uint64_t shown_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t missing_bytes_ = 0;
};

}  // namespace restitch
