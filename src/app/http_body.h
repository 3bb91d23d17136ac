// HttpBody: the body of one message of HTTP as an object: its codings are taken off, and the limits are kept.
// Owned by an analyzer; findings are lent for the call. One thread. It holds about 200 bytes, and from the
// first byte of a coded body to its end what its decoders need: 40 KiB for gzip and deflate, up to 17 MiB for
// br, up to 9 MiB for zstd.
//
// What it tells: "object_too_long" and "coding_expands_too_much" and "coding_no_room" (the object is cut:
// ObjectEnd::over_limit), "coding_damaged" (ObjectEnd::undecodable). A body that is no good from its first
// bytes on is handed out as it came, as is one whose coding is not known; ObjectEnd::undecodable says that
// its coding was not taken off.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "restitch/app/findings.h"

namespace restitch {

class ContentDecoder;

class HttpBody {
 public:
  // Begins the object. `codings`: as Content-Encoding has them, "gzip, br", in the order in which they were
  // applied.
  HttpBody(Findings& findings, ObjectHead head, std::string_view codings);
  HttpBody(const HttpBody&) = delete;
  HttpBody& operator=(const HttpBody&) = delete;
  ~HttpBody();

  void data(Findings& findings, Bytes bytes, const Origin& origin);
  // Bytes of the body that were not captured. A decoder cannot go on behind them.
  void gap(Findings& findings, std::uint64_t size);
  // Ends the object. `complete`: all of it came, by what the protocol says. Once.
  void end(Findings& findings, bool complete);

  [[nodiscard]] ObjectNumber number() const { return number_; }
  // Decoded bytes that were reported, and bytes as they came.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t wire_size() const { return wire_size_; }

 private:
  // A decoder that fails within so many bytes shows that there is no such coding.
  static constexpr std::size_t tried_max = 16;

  void try_decoder(Findings& findings, Bytes bytes, const Origin& origin);
  void report_as_it_came(Findings& findings);
  void note(std::size_t size, const Origin& origin);
  void decode(Findings& findings, Bytes bytes, const Origin& origin);
  void report(Findings& findings, Bytes decoded, const Origin& origin);
  void cut(Findings& findings, const Origin& origin);
  void stop_decoding(Findings& findings, std::string_view why, const Origin& origin);

  ObjectNumber number_ = 0;
  TcpFlowDirection direction_;
  std::unique_ptr<ContentDecoder> decoder_;  // nullptr: there is nothing to take off, or no going on
  bool stopped_ = false;                     // what comes is not decodable any more, or beyond a limit
  std::uint8_t tried_size_ = 0;
  std::array<std::uint8_t, tried_max> tried_{};  // the first bytes of a coded body
  ObjectEnd end_;
  std::uint64_t size_ = 0;
  std::uint64_t wire_size_ = 0;
};

}  // namespace restitch
