#include "app/http_body.h"

#include <algorithm>
#include <string>
#include <utility>

#include "app/content_decoder.h"

namespace restitch {

HttpBody::HttpBody(Findings& findings, ObjectHead head, std::string_view codings)
    : direction_(head.direction) {
  bool known = false;
  // `known` comes first.
  // cppcheck-suppress useInitializationList
  decoder_ = ContentDecoder::make(codings, findings.services(), known);
  if (decoder_ != nullptr || !known) head.coding = std::string(codings);
  end_.undecodable = !known;
  end_.origin = head.origin;
  number_ = findings.begin_object(head);
}

HttpBody::~HttpBody() = default;

void HttpBody::data(Findings& findings, Bytes bytes, const Origin& origin) {
  if (bytes.empty()) return;
  if (decoder_ != nullptr && tried_size_ < tried_max) {
    const std::size_t size = std::min(bytes.size(), tried_max - tried_size_);
    try_decoder(findings, bytes.first(size), origin);
    Origin rest = origin;
    if (origin.size == 0) rest.offset += size;
    return data(findings, bytes.subspan(size), rest);
  }
  note(bytes.size(), origin);
  if (stopped_) return;
  if (decoder_ != nullptr) return decode(findings, bytes, origin);
  report(findings, bytes, origin);
}

void HttpBody::note(std::size_t size, const Origin& origin) {
  wire_size_ += size;
  end_.origin = origin;
  if (origin.size == 0) end_.origin.offset += size - 1;
}

// The first bytes of a coded body.
void HttpBody::try_decoder(Findings& findings, Bytes bytes, const Origin& origin) {
  std::copy(bytes.begin(), bytes.end(), tried_.begin() + tried_size_);
  tried_size_ = static_cast<std::uint8_t>(tried_size_ + bytes.size());
  note(bytes.size(), origin);
  decode(findings, bytes, origin);
  if (end_.undecodable && size_ == 0) report_as_it_came(findings);
}

// There is no coding: what was tried so far, and all that follows, is the body.
void HttpBody::report_as_it_came(Findings& findings) {
  stopped_ = false;
  Origin origin = end_.origin;
  if (origin.size == 0) origin.offset -= std::min<std::uint64_t>(origin.offset, tried_size_ - 1u);
  report(findings, Bytes(tried_).first(tried_size_), origin);
}

void HttpBody::decode(Findings& findings, Bytes bytes, const Origin& origin) {
  Origin decoded_from = origin;
  if (origin.size == 0) decoded_from.size = bytes.size();
  const auto take = [&](Bytes decoded) { report(findings, decoded, decoded_from); };
  // One reference, so that it is not copied to the heap.
  const ContentDecoder::Outcome outcome = decoder_->decode(bytes, [&take](Bytes decoded) { take(decoded); });
  if (stopped_) {
    decoder_.reset();
  } else if (outcome == ContentDecoder::Outcome::damaged) {
    end_.undecodable = true;
    stop_decoding(findings, "coding_damaged", origin);
  } else if (outcome == ContentDecoder::Outcome::over_limit) {
    end_.over_limit = true;
    stop_decoding(findings, "coding_expands_too_much", origin);
  } else if (outcome == ContentDecoder::Outcome::no_room) {
    end_.over_limit = true;
    stop_decoding(findings, "coding_no_room", origin);
  }
}

void HttpBody::stop_decoding(Findings& findings, std::string_view why, const Origin& origin) {
  findings.anomaly(why, direction_, origin);
  decoder_.reset();
  stopped_ = true;
}

void HttpBody::report(Findings& findings, Bytes decoded, const Origin& origin) {
  if (stopped_) return;
  const std::uint64_t object_max = findings.services().limits().object_max;
  const std::uint64_t size = size_ + end_.missing;
  const std::uint64_t left = size < object_max ? object_max - size : 0;
  const Bytes kept = decoded.first(static_cast<std::size_t>(std::min<std::uint64_t>(decoded.size(), left)));
  findings.object_data(number_, kept, origin);
  size_ += kept.size();
  if (kept.size() < decoded.size()) cut(findings, origin);
}

// A decoder is at work perhaps, and stays.
void HttpBody::cut(Findings& findings, const Origin& origin) {
  findings.anomaly("object_too_long", direction_, origin);
  end_.over_limit = true;
  stopped_ = true;
}

void HttpBody::gap(Findings& findings, std::uint64_t size) {
  if (size == 0) return;
  end_.missing += size;
  if (stopped_) return;
  findings.object_gap(number_, size);
  if (decoder_ == nullptr) return;
  decoder_.reset();
  stopped_ = true;
}

void HttpBody::end(Findings& findings, bool complete) {
  if (decoder_ != nullptr && complete && decoder_->finish([](Bytes) {}) != ContentDecoder::Outcome::good) {
    end_.undecodable = true;
    stop_decoding(findings, "coding_damaged", end_.origin);
    if (size_ == 0 && wire_size_ == tried_size_) report_as_it_came(findings);
  }
  decoder_.reset();
  end_.complete = complete && !stopped_ && end_.missing == 0;
  end_.wire_size = wire_size_;
  findings.end_object(number_, end_);
}

}  // namespace restitch
