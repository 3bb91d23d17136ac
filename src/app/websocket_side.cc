#include "app/websocket_side.h"

#include <algorithm>
#include <array>
#include <utility>

#include "restitch/app/services.h"

namespace restitch {
namespace {

// A message may expand up to here as it likes.
constexpr std::uint64_t message_free = std::uint64_t{1} << 20;

// RFC 7692, 7.2.2: a sender leaves it out at the end of each message.
constexpr std::array<std::uint8_t, 4> message_tail = {0, 0, 0xff, 0xff};

constexpr std::uint64_t control_max = 125;

// Takes what a message decodes to, up to the limits.
struct MessageTaker final : DecodedTaker {
  bool take_decoded(Bytes bytes) override {
    const std::uint64_t size = message.record().size + bytes.size();
    const std::uint64_t expansion_max =
        std::max<std::uint64_t>(findings.services().limits().expansion_max, 1);
    expands = size > message_free && size / expansion_max >= message.record().wire_size;
    return !expands && message.data(findings, bytes, origin);
  }

  MessageTaker(WebSocketMessage& message_, Findings& findings_, const Origin& origin_)
      : message(message_), findings(findings_), origin(origin_) {}

  WebSocketMessage& message;
  Findings& findings;
  Origin origin;
  bool expands = false;
};

}  // namespace

WebSocketMessage* WebSocketSide::current() const {
  if (skipped_) return nullptr;
  return frame_.control() ? control_.get() : message_.get();
}

void WebSocketSide::tell(Told told, Findings& findings, const Origin& origin) {
  static constexpr std::array<std::string_view, 12> names = {
      "websocket_unmasked_client",    "websocket_reserved_bits",       "websocket_reserved_opcode",
      "websocket_lone_continuation",  "websocket_message_interrupted", "websocket_long_control",
      "websocket_fragmented_control", "websocket_bad_length",          "websocket_bad_close",
      "websocket_coding_damaged",     "websocket_expands_too_much",    "websocket_no_room"};
  const auto number = static_cast<std::size_t>(told);
  const std::uint32_t bit = 1u << number;
  if ((told_ & bit) != 0) return;
  told_ |= bit;
  const bool server = direction_ == TcpFlowDirection::server_to_client;
  findings.anomaly(told == Told::masking && server ? "websocket_masked_server" : names[number], direction_,
                   origin);
}

AnalyzerAnswer WebSocketSide::take(const AnalyzerInput& input, Findings& findings) {
  const Bytes bytes = input.bytes();
  std::size_t at = 0;
  while (at < bytes.size() && !lost_) {
    if (!in_frame_) {
      const std::size_t size = begin_frame(input, at, findings);
      if (size == 0) return {at, Need::more};
      at += size;
      continue;
    }
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.run(at)));
    take_payload(bytes.subspan(at, size), findings, input.origin(at));
    at += size;
    left_ -= size;
    if (left_ == 0) end_frame(findings);
  }
  if (lost_) return {bytes.size(), Need::nothing};
  return {at, Need::more};
}

// Answers how many bytes the header has; 0: there are too few.
std::size_t WebSocketSide::begin_frame(const AnalyzerInput& input, std::size_t at, Findings& findings) {
  const WebSocketFrame frame = WebSocketFrame::parse(input.bytes().subspan(at));
  if (frame.header_size == 0) return 0;
  const Origin origin = input.origin(at);
  frame_ = frame;
  last_ = origin;
  check_frame(findings, origin);
  if (frame.size >> 63 != 0) {
    end(findings);
    return frame.header_size;
  }
  open_message(findings, origin);
  in_frame_ = true;
  left_ = frame.size;
  if (left_ == 0) end_frame(findings);
  return frame.header_size;
}

void WebSocketSide::check_frame(Findings& findings, const Origin& origin) {
  const bool from_client = direction_ == TcpFlowDirection::client_to_server;
  if (frame_.masked != from_client) tell(Told::masking, findings, origin);
  if (frame_.bad_length) tell(Told::bad_length, findings, origin);
  if (!frame_.known()) tell(Told::reserved_opcode, findings, origin);
  const bool may_begin = frame_.opcode == WebSocketFrame::text || frame_.opcode == WebSocketFrame::binary;
  const unsigned allowed = deflate_.agreed && may_begin ? 4u : 0u;
  if ((frame_.reserved & ~allowed) != 0) tell(Told::reserved_bits, findings, origin);
  if (!frame_.control()) return;
  if (frame_.size > control_max) tell(Told::long_control, findings, origin);
  if (!frame_.fin) tell(Told::fragmented_control, findings, origin);
  if (frame_.opcode == WebSocketFrame::close && frame_.size == 1) tell(Told::bad_close, findings, origin);
}

void WebSocketSide::open_message(Findings& findings, const Origin& origin) {
  skipped_ = !frame_.known();
  if (skipped_) return;
  if (frame_.opcode == WebSocketFrame::continuation) {
    skipped_ = message_ == nullptr;
    if (skipped_) return tell(Told::lone_continuation, findings, origin);
    return message_->count_frame();
  }
  WebSocketRecord record;
  record.direction = direction_;
  record.opcode = frame_.opcode;
  record.frames = 1;
  record.masked = frame_.masked;
  record.compressed = !frame_.control() && deflate_.agreed && (frame_.reserved & 4u) != 0;
  record.origin = origin;
  if (!frame_.control() && message_ != nullptr) {
    tell(Told::interrupted, findings, origin);
    coding_lost_ = coding_lost_ || message_->record().compressed;
    std::exchange(message_, nullptr)->end(findings, false);
  }
  (frame_.control() ? control_ : message_) = std::make_unique<WebSocketMessage>(std::move(record));
  if (frame_.control()) return;
  // A message that does not need an earlier one begins anew.
  if (!deflate_.takes_over) {
    coding_lost_ = false;
    free_coding();
  }
}

void WebSocketSide::take_payload(Bytes bytes, Findings& findings, const Origin& origin) {
  last_ = origin;
  if (origin.size == 0) last_.offset += bytes.size() - 1;
  if (skipped_) return;
  if (!frame_.masked) return take_plain(bytes, findings, origin);
  std::array<std::uint8_t, std::size_t{4} << 10> plain;
  const std::uint64_t done = frame_.size - left_;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min(bytes.size() - at, plain.size());
    for (std::size_t i = 0; i < size; ++i) {
      plain[i] = static_cast<std::uint8_t>(bytes[at + i] ^ frame_.key[(done + at + i) & 3u]);
    }
    Origin part = origin;
    if (origin.size == 0) part.offset += at;
    take_plain(Bytes(plain).first(size), findings, part);
    at += size;
  }
}

void WebSocketSide::take_plain(Bytes bytes, Findings& findings, const Origin& origin) {
  WebSocketMessage* message = current();
  message->count_wire(bytes.size());
  if (!message->record().compressed) {
    message->data(findings, bytes, origin);
    return;
  }
  Origin coded = origin;
  if (origin.size == 0) coded.size = bytes.size();
  take_coded(bytes, findings, coded);
}

void WebSocketSide::take_coded(Bytes bytes, Findings& findings, const Origin& origin) {
  if (coding_lost_) return;
  if (!inflater_.begun() && !begin_coding(findings, origin)) return;
  MessageTaker taker(*message_, findings, origin);
  while (!bytes.empty()) {
    switch (inflater_.inflate(bytes, taker)) {
      case Inflater::Step::more:
        return;
      case Inflater::Step::ended:
        // A sender may end with a last block (RFC 7692, 7.2.3.4). What it said before is not referred to.
        inflater_.begin_again();
        break;
      case Inflater::Step::damaged:
        message_->spoil(false);
        lose_coding();
        return tell(Told::coding_damaged, findings, origin);
      case Inflater::Step::stopped:
        message_->spoil(true);
        lose_coding();
        if (taker.expands) tell(Told::expands, findings, origin);
        return;
    }
  }
}

bool WebSocketSide::begin_coding(Findings& findings, const Origin& origin) {
  share_.emplace(findings.services());
  if (share_->resize(Inflater::memory)) {
    inflater_.begin(-15);
    return true;
  }
  message_->spoil(true);
  lose_coding();
  tell(Told::no_room, findings, origin);
  return false;
}

void WebSocketSide::free_coding() {
  inflater_.end();
  share_.reset();
}

void WebSocketSide::lose_coding() {
  coding_lost_ = true;
  free_coding();
}

void WebSocketSide::end_frame(Findings& findings) {
  in_frame_ = false;
  if (skipped_) return;
  if (frame_.control()) return std::exchange(control_, nullptr)->end(findings, true);
  if (!frame_.fin) return;
  const bool decodable = !message_->record().compressed || !coding_lost_;
  if (message_->record().compressed) end_coding(findings);
  std::exchange(message_, nullptr)->end(findings, decodable);
}

void WebSocketSide::end_coding(Findings& findings) {
  Origin origin = last_;
  origin.size = std::max<std::uint64_t>(origin.size, 1);
  if (message_->record().wire_size != 0) take_coded(message_tail, findings, origin);
  if (!deflate_.takes_over) free_coding();
}

void WebSocketSide::gap(std::uint64_t size, Findings& findings) {
  if (lost_) return;
  if (!in_frame_ || size > left_) return lose(findings);
  WebSocketMessage* message = current();
  if (message != nullptr) message->gap(findings, size);
  if (message != nullptr && message->record().compressed) lose_coding();
  left_ -= size;
  if (left_ == 0) end_frame(findings);
}

void WebSocketSide::lose(Findings& findings) {
  findings.anomaly("websocket_gap", direction_, last_);
  end(findings);
}

void WebSocketSide::end(Findings& findings) {
  lost_ = true;
  if (control_ != nullptr) std::exchange(control_, nullptr)->end(findings, false);
  if (message_ != nullptr) std::exchange(message_, nullptr)->end(findings, false);
  free_coding();
}

}  // namespace restitch
