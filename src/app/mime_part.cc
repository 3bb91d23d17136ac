#include "app/mime_part.h"

#include <algorithm>
#include <utility>

#include "app/ascii.h"
#include "app/mime_parser.h"
#include "restitch/app/services.h"

namespace restitch {

MimePart::MimePart(Findings& findings, MimeMail& mail, ObjectHead head, TransferCoding coding,
                   std::unique_ptr<MimeParser> inner)
    : mail_(mail), head_(std::move(head)), decoder_(coding), inner_(std::move(inner)) {
  if (head_.type.empty() || head_.type == "text/plain" || head_.type == "text/html") url_finder_.emplace();
  if (!head_.name.empty()) begin(findings, head_.origin);
}

MimePart::~MimePart() = default;

void MimePart::begin(Findings& findings, const Origin& origin) {
  head_.origin = origin;
  object_ = findings.begin_object(head_);
  mail_.objects.push_back(*object_);
}

void MimePart::data(Findings& findings, Bytes bytes, const Origin& origin) {
  if (bytes.empty()) return;
  end_.wire_size += bytes.size();
  end_.origin = origin;
  if (origin.size == 0) end_.origin.offset += bytes.size() - 1;
  if (stopped_) return;
  if (decoder_.coding() == TransferCoding::none) return report(findings, bytes, origin);
  plain_.clear();
  decoder_.decode(bytes, plain_);
  Origin together = origin;
  if (together.size == 0) together.size = bytes.size();
  report(findings, plain_, together);
}

void MimePart::report(Findings& findings, Bytes plain, const Origin& origin) {
  if (plain.empty()) return;
  if (!object_) begin(findings, origin);
  const std::uint64_t room = findings.services().limits().object_max - size_;
  if (plain.size() > room) {
    findings.anomaly("mime_object_too_large", head_.direction, origin, head_.name);
    stopped_ = end_.over_limit = true;
    plain = plain.first(static_cast<std::size_t>(room));
  }
  size_ += plain.size();
  findings.object_data(*object_, plain, origin);
  if (url_finder_) url_finder_->read(ascii::text_of(plain), mail_.urls);
  if (inner_ != nullptr) inner_->data(findings, plain, origin);
}

void MimePart::gap(Findings& findings, std::uint64_t size) {
  if (!object_) begin(findings, head_.origin);
  end_.missing += size;
  if (stopped_) return;
  findings.object_gap(*object_, size);
  if (inner_ != nullptr) inner_->gap(findings, size);
  stopped_ = decoder_.coding() == TransferCoding::base64;
}

void MimePart::end(Findings& findings, bool complete) {
  if (!stopped_ && decoder_.coding() != TransferCoding::none) {
    plain_.clear();
    end_.undecodable = !decoder_.finish(plain_);
    Origin together = end_.origin;
    if (together.size == 0) together.size = 1;
    report(findings, plain_, together);
  }
  if (inner_ != nullptr) inner_->end(findings, complete && end_.missing == 0);
  if (url_finder_) url_finder_->finish(mail_.urls);
  if (!object_) return;
  end_.complete = complete && end_.missing == 0 && !end_.over_limit && !end_.undecodable;
  findings.end_object(*object_, end_);
}

}  // namespace restitch
