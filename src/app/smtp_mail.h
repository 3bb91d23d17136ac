// SmtpMail: one mail transaction of SMTP while it goes on: its record, and the parser of the mail. Owned by
// an SmtpAnalyzer; findings are lent for the call. One thread.
#pragma once

#include <memory>
#include <string_view>

#include "app/mime_parser.h"
#include "restitch/app/findings.h"

namespace restitch {

class SmtpMail {
 public:
  // `origin`: of its first command.
  SmtpMail(std::string_view helo, const Origin& origin);

  // What stands behind MAIL FROM: and RCPT TO:.
  void set_sender(std::string_view path);
  void add_recipient(Findings& findings, std::string_view path, const Origin& origin);
  // The mail itself.
  void data(Findings& findings, Bytes bytes, const Origin& origin);
  void gap(Findings& findings, std::uint64_t size);
  // It is over. `complete`: it was sent to its end.
  void end_data(Findings& findings, bool complete);
  [[nodiscard]] bool in_data() const { return mime_ != nullptr; }

  SmtpRecord record;

 private:
  void begin_data();

  std::unique_ptr<MimeParser> mime_;
  std::size_t recipients_size_ = 0;
  bool told_ = false;  // that there are too many
};

}  // namespace restitch
