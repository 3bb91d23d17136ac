// Http2Side: the frames of one direction of HTTP/2. Owned by the analyzer; the streams, which it borrows,
// outlive it; findings are lent for the call. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "app/http2_field_decoder.h"
#include "app/http2_frame.h"
#include "app/http2_streams.h"
#include "restitch/app/analyzer.h"

namespace restitch {

class Http2Side {
 public:
  Http2Side(TcpFlowDirection direction, Http2Streams& streams) : direction_(direction), streams_(streams) {}

  // `other` is the other direction.
  AnalyzerAnswer take(const AnalyzerInput& input, const Http2Side& other, Findings& findings);
  void gap(std::uint64_t size, Findings& findings);

  static constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

 private:
  enum class Told : std::uint8_t {
    frame_size,
    bad_stream,
    flood,
    no_preface,
    no_settings,
    interrupted,
    lone,
    hpack,
    table,
    gap
  };

  // A header block while it comes.
  struct Block {
    std::uint32_t stream = 0;
    std::uint32_t promised = 0;  // by it; 0: none
    bool ends_stream = false;
    unsigned frames = 0;
    Origin origin;  // of its first frame
    Http2Fields fields;
  };

  // What a frame begins with is read by these; each answers how much it consumed, 0 if it needs more.
  std::size_t take_preface(const AnalyzerInput& input, Findings& findings);
  std::size_t take_header(const AnalyzerInput& input, std::size_t at, std::uint32_t size_max,
                          Findings& findings);
  std::size_t take_prefix(const AnalyzerInput& input, std::size_t at, Findings& findings);
  std::size_t take_payload(const AnalyzerInput& input, std::size_t at, Findings& findings);

  [[nodiscard]] bool waits(const Http2Frame& frame, const Http2Side& other) const;
  bool check_order(Findings& findings);
  void begin_payload(Bytes prefix, Findings& findings);
  void begin_block(std::uint32_t promised);
  void take_control(Bytes payload, Findings& findings);
  void take_settings(Bytes payload, Findings& findings);
  void take_fragment(Bytes fragment, Findings& findings);
  void take_data(Bytes bytes, const Origin& origin, Findings& findings);
  void finish_frame(Findings& findings);
  void finish_block(Findings& findings);
  void finish_head(Block block, Findings& findings);
  void tell(Told told, Findings& findings);
  void lose(Told why, Findings& findings);

  TcpFlowDirection direction_;
  bool preface_seen_ = false;  // or need not be seen
  bool first_ = true;          // frame
  bool lost_ = false;
  bool in_frame_ = false;
  bool prefix_seen_ = false;  // of the current frame
  bool skipped_ = false;      // nobody looks at the payload of the current frame
  std::uint32_t told_ = 0;    // a bit for each Told
  Http2Frame frame_;          // the current one
  std::uint32_t body_left_ = 0;
  std::uint32_t padding_left_ = 0;
  std::uint32_t frame_max_ = 16'384;  // that it is ready to receive
  Origin origin_;                     // of the current frame
  Http2Streams& streams_;
  std::unique_ptr<Block> block_;
  std::unique_ptr<Http2FieldDecoder> decoder_;
};

}  // namespace restitch
