#include "app/smtp_mail.h"

#include <algorithm>
#include <utility>

#include "app/ascii.h"
#include "restitch/app/services.h"

namespace restitch {
namespace {

// Of one mail; further ones are left out.
constexpr std::size_t recipients_max = 1'000;

// "<a@b>" without the parameters behind it.
std::string_view smtp_path(std::string_view text) {
  text = ascii::trimmed(text);
  if (!text.starts_with('<')) return text.substr(0, text.find_first_of(" \t"));
  return text.substr(0, std::min(text.find('>'), text.size() - 1) + 1);
}

}  // namespace

SmtpMail::SmtpMail(std::string_view helo, const Origin& origin) {
  record.helo = helo;
  record.origin = origin;
}

void SmtpMail::set_sender(std::string_view path) { record.mail_from = smtp_path(path); }

void SmtpMail::add_recipient(Findings& findings, std::string_view path, const Origin& origin) {
  path = smtp_path(path);
  recipients_size_ += path.size();
  if (record.recipients.size() < recipients_max &&
      recipients_size_ <= findings.services().limits().header_max) {
    record.recipients.emplace_back(path);
  } else if (!std::exchange(told_, true)) {
    findings.anomaly("smtp_too_many_recipients", TcpFlowDirection::client_to_server, origin);
  }
}

void SmtpMail::begin_data() {
  record.has_mail = true;
  if (mime_ == nullptr) {
    mime_ = std::make_unique<MimeParser>("smtp", TcpFlowDirection::client_to_server);
  }
}

void SmtpMail::data(Findings& findings, Bytes bytes, const Origin& origin) {
  begin_data();
  mime_->data(findings, bytes, origin);
}

void SmtpMail::gap(Findings& findings, std::uint64_t size) {
  begin_data();
  mime_->gap(findings, size);
  record.damaged = true;
}

void SmtpMail::end_data(Findings& findings, bool complete) {
  begin_data();
  mime_->end(findings, complete && !record.damaged);
  record.complete = complete && !record.damaged;
  MimeMail& mail = mime_->mail();
  record.damaged = record.damaged || mail.damaged;
  record.fields = std::move(mail.fields);
  record.attachments = std::move(mail.attachments);
  record.objects = std::move(mail.objects);
  record.urls = std::move(mail.urls);
  record.body_md5 = std::move(mail.body_md5);
  mime_.reset();
}

}  // namespace restitch
