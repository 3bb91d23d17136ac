#include "app/mime_parser.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "app/ascii.h"
#include "app/mime_field.h"
#include "restitch/app/services.h"

namespace restitch {
namespace {

// RFC 2046 allows 70; mailers that break the rule are read up to this.
constexpr std::size_t boundary_max = 256;
// A line that may be a boundary is held so far: "--", the boundary, "--" and blanks.
constexpr std::size_t boundary_line_max = boundary_max + 64;
// Parts of one mail; the last one has all the rest.
constexpr std::uint32_t mime_parts_max = 1'000;
// Of the header of one mail; further ones are left out.
constexpr std::size_t mime_fields_max = 1'000;

void mime_advance(Bytes& bytes, Origin& origin, std::size_t size) {
  bytes = bytes.subspan(size);
  if (origin.size == 0) origin.offset += size;
}

std::string_view mime_without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_mime_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c != 0x7f; });
}

}  // namespace

MimeParser::MimeParser(std::string_view protocol, TcpFlowDirection direction)
    : protocol_(protocol), direction_(direction), owned_(std::make_unique<MimeMail>()), mail_(owned_.get()) {}

MimeParser::MimeParser(const MimeParser& outer, MimeMail& mail)
    : protocol_(outer.protocol_), direction_(outer.direction_), depth_(outer.depth_ + 1), mail_(&mail) {}

MimeParser::~MimeParser() = default;

void MimeParser::note(Findings& findings, std::string_view what, const Origin& origin, std::string detail) {
  mail_->damaged = true;
  findings.anomaly(what, direction_, origin, std::move(detail));
}

void MimeParser::data(Findings& findings, Bytes bytes, const Origin& origin) {
  Origin at = origin;
  while (!bytes.empty() && top_) header(findings, bytes, at);
  digest_body(bytes);
  parts(findings, bytes, at);
}

// Of the outermost mail.
void MimeParser::digest_body(Bytes bytes) {
  if (owned_ == nullptr || bytes.empty()) return;
  if (!body_digest_) body_digest_.emplace(true, false, false);
  body_digest_->update(bytes);
}

void MimeParser::parts(Findings& findings, Bytes bytes, Origin origin) {
  while (!bytes.empty()) {
    state_ == State::header ? header(findings, bytes, origin) : body(findings, bytes, origin);
  }
}

// ---- Header ----------------------------------------------------------------------------------------

// Takes one line, or what there is of it.
void MimeParser::header(Findings& findings, Bytes& bytes, Origin& origin) {
  const void* found = std::memchr(bytes.data(), '\n', bytes.size());
  const std::size_t size =
      found == nullptr ? bytes.size()
                       : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data()) + 1;
  const std::string_view text = ascii::text_of(bytes.first(size));
  const Origin line_origin = line_.empty() ? origin : line_origin_;
  const std::size_t header_max = findings.services().limits().header_max;
  mime_advance(bytes, origin, size);
  if (found != nullptr && line_.empty() && !line_cut_) return header_line(findings, text, line_origin);
  if (!line_cut_) {
    if (line_.empty()) line_origin_ = line_origin;
    line_.append(text.substr(0, header_max - std::min(header_max, line_.size())));
    line_cut_ = line_.size() >= header_max;
  }
  if (found == nullptr) return;
  line_cut_ = false;
  const std::string line = std::exchange(line_, {});
  // Behind a gap there is only the end of a line.
  if (!line.empty()) header_line(findings, line, line_origin);
}

// `line`: with its end, if that came.
void MimeParser::header_line(Findings& findings, std::string_view line, const Origin& origin) {
  const std::string_view text = mime_without_end(line);
  if (text.empty()) {
    end_field();
    return end_header(findings, origin);
  }
  if (meet_boundary(findings, text, origin)) return;
  header_size_ += line.size();
  if (header_size_ > findings.services().limits().header_max ||
      (top_ && mail_->fields.size() >= mime_fields_max)) {
    end_field();
    if (!std::exchange(header_told_, true)) note(findings, "mime_header_too_long", origin);
    return;
  }
  if (ascii::is_blank(text.front()) && in_field_) {
    field_.second += text;
    return;
  }
  end_field();
  begin_field(findings, line, origin);
}

void MimeParser::begin_field(Findings& findings, std::string_view line, const Origin& origin) {
  const std::string_view text = mime_without_end(line);
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && is_mime_field_name(ascii::trimmed(text.substr(0, colon)))) {
    field_.first = ascii::trimmed(text.substr(0, colon));
    field_.second = ascii::trimmed(text.substr(colon + 1));
    in_field_ = true;
    return;
  }
  if (text.starts_with("From ") && header_size_ == line.size()) return;  // of a mail box
  // The header ends without an empty line.
  note(findings, "mime_bad_header", origin, std::string(text.substr(0, 64)));
  const bool top = top_;
  end_header(findings, origin);
  const std::string copy(line);
  if (top) digest_body(as_bytes(copy));
  parts(findings, as_bytes(copy), origin);
}

void MimeParser::end_field() {
  if (!std::exchange(in_field_, false)) return;
  auto& [name, value] = field_;
  if (ascii::equal(name, "content-type") && fields_.type.empty()) fields_.type = value;
  if (ascii::equal(name, "content-disposition") && fields_.disposition.empty()) fields_.disposition = value;
  if (ascii::equal(name, "content-transfer-encoding")) fields_.coding = value;
  if (top_ && owned_ != nullptr) mail_->fields.push_back(std::move(field_));
  field_ = {};
}

void MimeParser::end_header(Findings& findings, const Origin& origin) {
  state_ = State::body;
  at_start_ = true;
  line_.clear();
  newline_.clear();
  if (!begin_multipart(findings, origin)) begin_part(findings, origin);
  top_ = false;
  header_size_ = 0;
  header_told_ = false;
  fields_ = {};
}

bool MimeParser::begin_multipart(Findings& findings, const Origin& origin) {
  if (!mime_value(fields_.type).starts_with("multipart/")) return false;
  std::string boundary = mime_parameter(fields_.type, "boundary");
  while (boundary.ends_with(' ')) boundary.pop_back();
  if (boundary.empty() || boundary.size() > boundary_max) {
    note(findings, "mime_bad_boundary", origin, boundary.substr(0, 64));
    return false;
  }
  if (boundaries_.size() + depth_ >= findings.services().limits().depth_max) {
    note(findings, "mime_too_deep", origin);
    return false;
  }
  boundaries_.push_back(std::move(boundary));
  return true;
}

void MimeParser::begin_part(Findings& findings, const Origin& origin) {
  ObjectHead head;
  head.protocol = protocol_;
  head.direction = direction_;
  head.type = mime_value(fields_.type);
  head.name = mime_parameter(fields_.disposition, "filename");
  if (head.name.empty()) head.name = mime_parameter(fields_.type, "name");
  head.origin = origin;
  const TransferCoding coding = transfer_coding(fields_.coding);
  if (coding != TransferCoding::none) head.coding = ascii::lower(ascii::trimmed(fields_.coding));
  if (!head.name.empty()) {
    mail_->names_size += head.name.size();
    if (mail_->names_size <= findings.services().limits().header_max) mail_->attachments.push_back(head.name);
  }
  std::unique_ptr<MimeParser> inner;
  if (head.type == "message/rfc822") {
    if (boundaries_.size() + depth_ < findings.services().limits().depth_max) {
      inner = std::unique_ptr<MimeParser>(new MimeParser(*this, *mail_));
      inner->depth_ += static_cast<unsigned>(boundaries_.size());
    } else {
      note(findings, "mime_too_deep", origin);
    }
  }
  part_ = std::make_unique<MimePart>(findings, *mail_, std::move(head), coding, std::move(inner));
}

// ---- Body ------------------------------------------------------------------------------------------

void MimeParser::body(Findings& findings, Bytes& bytes, Origin& origin) {
  if (boundaries_.empty()) {
    emit(findings, bytes, origin);
    return mime_advance(bytes, origin, bytes.size());
  }
  if (at_start_) {
    body_line(findings, bytes, origin);
  } else {
    body_run(findings, bytes, origin);
  }
}

// At the beginning of a line, until it is clear whether that is a boundary.
void MimeParser::body_line(Findings& findings, Bytes& bytes, Origin& origin) {
  if (line_.empty()) line_origin_ = origin;
  const std::size_t dashes = std::min<std::size_t>(line_.size(), 2);
  if (dashes < 2 && bytes[0] != '-') {
    flush_line(findings);
    return;
  }
  const std::size_t room = dashes < 2 ? 1 : boundary_line_max - line_.size();
  const std::size_t looked = std::min(room, bytes.size());
  const void* found = std::memchr(bytes.data(), '\n', looked);
  const std::size_t size =
      found == nullptr ? looked
                       : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data()) + 1;
  line_.append(ascii::text_of(bytes.first(size)));
  mime_advance(bytes, origin, size);
  if (found == nullptr && line_.size() < boundary_line_max) return;
  if (found != nullptr && meet_boundary(findings, mime_without_end(line_), line_origin_)) return;
  flush_line(findings);
}

// Within a line: up to the end of one behind which a boundary may begin.
void MimeParser::body_run(Findings& findings, Bytes& bytes, Origin& origin) {
  if (newline_ == "\r") {
    if (bytes[0] == '\n') {
      newline_ += '\n';
      at_start_ = true;
      return mime_advance(bytes, origin, 1);
    }
    flush_line(findings);
  }
  std::size_t end = 0;  // of the line
  for (;;) {
    const void* found = std::memchr(bytes.data() + end, '\n', bytes.size() - end);
    if (found == nullptr) {
      end = bytes.size();
      break;
    }
    end = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data()) + 1;
    if (end == bytes.size() || bytes[end] == '-') break;
  }
  std::size_t run = end;
  at_start_ = bytes[end - 1] == '\n';
  if (at_start_) --run;
  if (run > 0 && bytes[run - 1] == '\r' && (at_start_ || end == bytes.size())) --run;
  emit(findings, bytes.first(run), origin);
  mime_advance(bytes, origin, run);
  newline_ = ascii::text_of(bytes.first(end - run));
  newline_origin_ = origin;
  mime_advance(bytes, origin, end - run);
}

// What was held is no boundary.
void MimeParser::flush_line(Findings& findings) {
  emit(findings, as_bytes(newline_), newline_origin_);
  newline_.clear();
  at_start_ = false;
  if (line_.empty()) return;
  const std::string line = std::exchange(line_, {});
  Bytes bytes = as_bytes(line);
  Origin at = line_origin_;
  body_run(findings, bytes, at);
}

// A boundary ends the part, and all that lie within it.
bool MimeParser::meet_boundary(Findings& findings, std::string_view line, const Origin& origin) {
  if (!line.starts_with("--") || boundaries_.empty()) return false;
  line.remove_prefix(2);
  while (!line.empty() && ascii::is_blank(line.back())) line.remove_suffix(1);
  for (std::size_t i = boundaries_.size(); i-- > 0;) {
    const bool begins = line == boundaries_[i];
    const bool ends = !begins && line.size() == boundaries_[i].size() + 2 && line.ends_with("--") &&
                      line.starts_with(boundaries_[i]);
    if (!begins && !ends) continue;
    if (state_ == State::header) {
      end_field();
      begin_part(findings, origin);
    }
    if (part_ != nullptr) part_->end(findings, true);
    part_.reset();
    fields_ = {};
    newline_.clear();
    line_.clear();
    boundaries_.resize(ends ? i : i + 1);
    at_start_ = true;
    state_ = begins ? State::header : State::body;
    header_size_ = 0;
    if (begins && ++parts_ >= mime_parts_max) {
      note(findings, "mime_too_many_parts", origin);
      boundaries_.clear();
    }
    return true;
  }
  return false;
}

void MimeParser::emit(Findings& findings, Bytes bytes, const Origin& origin) {
  if (part_ != nullptr && !bytes.empty()) part_->data(findings, bytes, origin);
}

// ---- Gaps and the end ------------------------------------------------------------------------------

void MimeParser::gap(Findings& findings, std::uint64_t size) {
  mail_->damaged = true;
  if (state_ == State::header) {
    line_.clear();
    line_cut_ = true;  // up to the end of the line
    end_field();
    return;
  }
  if (at_start_ || !newline_.empty()) flush_line(findings);
  at_start_ = false;
  if (part_ != nullptr) part_->gap(findings, size);
}

void MimeParser::end(Findings& findings, bool complete) {
  if (state_ == State::header) {
    if (!line_.empty()) header_line(findings, std::exchange(line_, {}), line_origin_);
    if (state_ == State::header) end_field();
  }
  if (state_ == State::body && (!line_.empty() || !newline_.empty())) {
    // The last line may be a boundary without an end.
    if (!at_start_ || !meet_boundary(findings, mime_without_end(line_), line_origin_)) flush_line(findings);
    emit(findings, as_bytes(newline_), newline_origin_);
  }
  if (part_ != nullptr) part_->end(findings, complete && boundaries_.empty());
  part_.reset();
  if (body_digest_) mail_->body_md5 = body_digest_->md5();
}

}  // namespace restitch
