#include "app/http2_side.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "app/http1_text.h"
#include "restitch/app/services.h"

namespace restitch {
namespace {

// A control frame that is longer is not looked into.
constexpr std::uint32_t control_size_max = 16'384;

constexpr std::size_t settings_kept = 32;

// A head in more frames than this only makes work.
constexpr unsigned block_frames_max = 64;

}  // namespace

void Http2Side::tell(Told told, Findings& findings) {
  static constexpr std::array<std::string_view, 10> names = {"http2_frame_size",
                                                             "http2_bad_stream",
                                                             "http2_continuation_flood",
                                                             "http2_no_preface",
                                                             "http2_no_settings",
                                                             "http2_interrupted_head",
                                                             "http2_lone_continuation",
                                                             "http2_hpack",
                                                             "http2_header_table_too_large",
                                                             "http2_gap"};
  const auto number = static_cast<std::size_t>(told);
  const std::uint32_t bit = 1u << number;
  if ((told_ & bit) != 0) return;
  told_ |= bit;
  findings.anomaly(names[number], direction_, origin_,
                   "frame type " + std::to_string(frame_.type) + ", stream " + std::to_string(frame_.stream));
}

void Http2Side::lose(Told why, Findings& findings) {
  tell(why, findings);
  lost_ = true;
  block_.reset();
  decoder_.reset();
  streams_.end(direction_, findings);
}

AnalyzerAnswer Http2Side::take(const AnalyzerInput& input, const Http2Side& other, Findings& findings) {
  const Bytes bytes = input.bytes();
  std::size_t at = 0;
  while (at < bytes.size() && !lost_) {
    std::size_t size = 0;
    if (!preface_seen_ && direction_ == TcpFlowDirection::client_to_server) {
      size = take_preface(input, findings);
    } else if (!in_frame_) {
      if (bytes.size() - at < Http2Frame::header_size) break;
      if (!input.forced() && waits(Http2Frame::parse(bytes.subspan(at)), other))
        return {at, Need::other_side};
      size = take_header(input, at, other.frame_max_, findings);
    } else if (!prefix_seen_) {
      size = take_prefix(input, at, findings);
    } else {
      size = take_payload(input, at, findings);
    }
    if (size == 0) break;
    at += size;
  }
  if (lost_) return {bytes.size(), Need::nothing};
  return {at, Need::more};
}

std::size_t Http2Side::take_preface(const AnalyzerInput& input, Findings& findings) {
  const std::string_view text = ascii::text_of(input.bytes());
  origin_ = input.origin(0);
  const std::size_t size = std::min(text.size(), preface.size());
  if (text.substr(0, size) != preface.substr(0, size)) {
    lose(Told::no_preface, findings);
    return size;
  }
  if (size < preface.size()) return 0;
  preface_seen_ = true;
  return size;
}

// A response is read when its request was.
bool Http2Side::waits(const Http2Frame& frame, const Http2Side& other) const {
  return direction_ == TcpFlowDirection::server_to_client && frame.type == Http2Frame::headers &&
         frame.stream % 2 == 1 && !streams_.known(frame.stream) && !other.lost_ &&
         !streams_.ended(other.direction_);
}

std::size_t Http2Side::take_header(const AnalyzerInput& input, std::size_t at, std::uint32_t size_max,
                                   Findings& findings) {
  const Bytes bytes = input.bytes().subspan(at);
  frame_ = Http2Frame::parse(bytes);
  origin_ = input.origin(at);
  if (!check_order(findings)) return Http2Frame::header_size;
  const bool control = frame_.known() && !frame_.carries();
  if (control && frame_.size <= control_size_max) {
    const std::size_t size = Http2Frame::header_size + frame_.size;
    if (bytes.size() < size) return 0;
    first_ = false;
    take_control(bytes.subspan(Http2Frame::header_size, frame_.size), findings);
    return size;
  }
  first_ = false;
  in_frame_ = true;
  prefix_seen_ = false;
  skipped_ = !frame_.carries();
  if (frame_.size > size_max || (!skipped_ && !frame_.right_size())) tell(Told::frame_size, findings);
  if (!frame_.right_stream()) tell(Told::bad_stream, findings);
  if (frame_.prefix_size() == 0) begin_payload({}, findings);
  return Http2Frame::header_size;
}

// The first frame is SETTINGS, and within a head there are only its continuations.
bool Http2Side::check_order(Findings& findings) {
  if (first_ && (frame_.type != Http2Frame::settings || frame_.stream != 0)) {
    lose(Told::no_settings, findings);
    return false;
  }
  const bool continues = frame_.type == Http2Frame::continuation;
  if (block_ != nullptr && (!continues || frame_.stream != block_->stream)) {
    lose(Told::interrupted, findings);
    return false;
  }
  if (block_ == nullptr && continues) {
    lose(Told::lone, findings);
    return false;
  }
  return true;
}

std::size_t Http2Side::take_prefix(const AnalyzerInput& input, std::size_t at, Findings& findings) {
  const Bytes bytes = input.bytes().subspan(at);
  const std::size_t size = frame_.prefix_size();
  if (bytes.size() < size) return 0;
  begin_payload(bytes.first(size), findings);
  return size;
}

void Http2Side::begin_payload(Bytes prefix, Findings& findings) {
  const bool padded = !prefix.empty() && frame_.has(Http2Frame::padded);
  padding_left_ = padded ? prefix[0] : 0;
  if (prefix.size() + padding_left_ > frame_.size) return lose(Told::frame_size, findings);
  body_left_ = frame_.size - static_cast<std::uint32_t>(prefix.size()) - padding_left_;
  prefix_seen_ = true;
  if (frame_.type == Http2Frame::headers) begin_block(0);
  if (frame_.type == Http2Frame::push_promise)
    begin_block(http2_number(prefix, padded ? 1 : 0) & 0x7fffffffu);
  if (block_ != nullptr && ++block_->frames > block_frames_max) tell(Told::flood, findings);
  if (body_left_ == 0 && padding_left_ == 0) finish_frame(findings);
}

void Http2Side::begin_block(std::uint32_t promised) {
  block_ = std::make_unique<Block>();
  block_->stream = frame_.stream;
  block_->promised = promised;
  block_->ends_stream = frame_.type == Http2Frame::headers && frame_.has(Http2Frame::end_stream);
  block_->origin = origin_;
}

std::size_t Http2Side::take_payload(const AnalyzerInput& input, std::size_t at, Findings& findings) {
  const std::size_t run = input.run(at);
  const std::uint32_t left = body_left_ != 0 ? body_left_ : padding_left_;
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(run, left));
  const Bytes part = input.bytes().subspan(at, size);
  if (body_left_ == 0) {
    padding_left_ -= size;
  } else {
    body_left_ -= size;
    if (!skipped_ && frame_.type == Http2Frame::data) {
      take_data(part, input.origin(at), findings);
    } else if (!skipped_) {
      take_fragment(part, findings);
    }
  }
  if (!lost_ && body_left_ == 0 && padding_left_ == 0) finish_frame(findings);
  return size;
}

void Http2Side::take_data(Bytes bytes, const Origin& origin, Findings& findings) {
  Http2Stream* stream = streams_.find(frame_.stream);
  if (stream != nullptr && stream->head_seen(direction_))
    return stream->data(direction_, bytes, origin, findings);
  // What follows RST_STREAM is on its way perhaps.
  if (stream != nullptr || !streams_.known(frame_.stream)) tell(Told::bad_stream, findings);
}

void Http2Side::take_fragment(Bytes fragment, Findings& findings) {
  const AppLimits& limits = findings.services().limits();
  if (decoder_ == nullptr) decoder_ = std::make_unique<Http2FieldDecoder>(limits.header_table_max);
  if (decoder_->decode(fragment, false, limits.header_max, block_->fields)) return;
  lose(decoder_->table_too_large() ? Told::table : Told::hpack, findings);
}

void Http2Side::finish_frame(Findings& findings) {
  in_frame_ = false;
  if (skipped_) return;
  if (block_ != nullptr) {
    if (frame_.has(Http2Frame::end_headers)) finish_block(findings);
    return;
  }
  if (frame_.type != Http2Frame::data || !frame_.has(Http2Frame::end_stream)) return;
  Http2Stream* stream = streams_.find(frame_.stream);
  if (stream == nullptr) return;
  stream->end(direction_, true, origin_, findings);
  streams_.settle(frame_.stream, origin_, findings);
}

void Http2Side::finish_block(Findings& findings) {
  const AppLimits& limits = findings.services().limits();
  if (decoder_ == nullptr) decoder_ = std::make_unique<Http2FieldDecoder>(limits.header_table_max);
  if (!decoder_->decode({}, true, limits.header_max, block_->fields)) return lose(Told::hpack, findings);
  finish_head(std::move(*std::exchange(block_, nullptr)), findings);
}

void Http2Side::finish_head(Block block, Findings& findings) {
  const bool from_client = direction_ == TcpFlowDirection::client_to_server;
  const std::uint32_t id = block.promised != 0 ? block.promised : block.stream;
  Http2Stream* stream = streams_.find(id);
  if (stream == nullptr) {
    // Behind its end there may be more on its way.
    if (id == 0 || streams_.known(id)) return;
    const bool right_parity = block.promised != 0 ? !from_client && id % 2 == 0 : id % 2 == 1;
    if (!right_parity) tell(Told::bad_stream, findings);
    stream = &streams_.open(id, block.origin, findings);
  }
  if (block.promised != 0) {
    if (!stream->head_seen(TcpFlowDirection::client_to_server)) {
      stream->promise(std::move(block.fields), block.origin, findings);
    }
  } else {
    stream->head(direction_, std::move(block.fields), block.origin, findings);
    if (block.ends_stream) stream->end(direction_, true, origin_, findings);
  }
  streams_.settle(id, block.origin, findings);
}

void Http2Side::take_control(Bytes payload, Findings& findings) {
  if (!frame_.right_stream()) tell(Told::bad_stream, findings);
  if (!frame_.right_size()) return tell(Told::frame_size, findings);
  if (frame_.type == Http2Frame::settings && !frame_.has(Http2Frame::ack)) take_settings(payload, findings);
  if (frame_.type == Http2Frame::rst_stream) {
    streams_.reset(frame_.stream, direction_, http2_number(payload, 0), origin_, findings);
  }
}

void Http2Side::take_settings(Bytes payload, Findings& findings) {
  constexpr std::uint16_t max_frame_size = 5;
  Http2SettingsRecord record{direction_, false, {}, origin_};
  for (; payload.size() >= 6; payload = payload.subspan(6)) {
    const auto id = static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
    const std::uint32_t value = http2_number(payload, 2);
    if (id == max_frame_size) frame_max_ = std::clamp<std::uint32_t>(value, 16'384, 0xffffff);
    if (record.settings.size() < settings_kept) record.settings.push_back({id, value});
  }
  findings.record(std::move(record));
}

// Within the bytes of a frame that nobody has to decode, what is missing is a hole of it. Elsewhere the next
// frame cannot be found, and the table of HPACK is not known any more.
void Http2Side::gap(std::uint64_t size, Findings& findings) {
  // The start of the stream was not captured, but perhaps nothing was before what was.
  if (lost_ || (first_ && size == 0)) return;
  const bool passes = skipped_ || frame_.type == Http2Frame::data;
  const std::uint64_t left = std::uint64_t{body_left_} + padding_left_;
  if (!in_frame_ || !prefix_seen_ || !passes || size > left) return lose(Told::gap, findings);
  const auto of_body = static_cast<std::uint32_t>(std::min<std::uint64_t>(size, body_left_));
  Http2Stream* stream = skipped_ ? nullptr : streams_.find(frame_.stream);
  if (stream != nullptr) stream->gap(direction_, of_body, findings);
  body_left_ -= of_body;
  padding_left_ -= static_cast<std::uint32_t>(size) - of_body;
  if (body_left_ == 0 && padding_left_ == 0) finish_frame(findings);
}

}  // namespace restitch
