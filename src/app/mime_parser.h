// MimeParser: a mail (RFC 5322, 2045, 2046) as it comes: its header, and each of its parts as an object. A
// part is an object if it has a byte, or a name; also the text, and the body of a mail that has no parts: so
// does Zeek. A message/rfc822 is an object as a whole, and its parts are objects too. Memory: the header of
// one part, the names, and the delimiters of the parts within each other. Owned by an analyzer; findings are
// lent for the call. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/digests.h"
#include "app/mime_mail.h"
#include "app/mime_part.h"
#include "restitch/app/findings.h"

namespace restitch {

class MimeParser {
 public:
  // `protocol`: ObjectHead::protocol.
  MimeParser(std::string_view protocol, TcpFlowDirection direction);
  MimeParser(const MimeParser&) = delete;
  MimeParser& operator=(const MimeParser&) = delete;
  ~MimeParser();

  // The next bytes of the mail. They lie together, and `origin` is that of the first.
  void data(Findings& findings, Bytes bytes, const Origin& origin);
  void gap(Findings& findings, std::uint64_t size);
  // Once. `complete`: the mail is there to its end.
  void end(Findings& findings, bool complete);

  [[nodiscard]] const MimeMail& mail() const { return *mail_; }
  [[nodiscard]] MimeMail& mail() { return *mail_; }

 private:
  enum class State : std::uint8_t { header, body };

  // Of the part whose header is read.
  struct Fields {
    std::string type;
    std::string disposition;
    std::string coding;
  };

  MimeParser(const MimeParser& outer, MimeMail& mail);  // of a mail within another one

  void digest_body(Bytes bytes);
  void parts(Findings& findings, Bytes bytes, Origin origin);
  void header(Findings& findings, Bytes& bytes, Origin& origin);
  void header_line(Findings& findings, std::string_view line, const Origin& origin);
  void begin_field(Findings& findings, std::string_view line, const Origin& origin);
  void end_field();
  void end_header(Findings& findings, const Origin& origin);
  bool begin_multipart(Findings& findings, const Origin& origin);
  void begin_part(Findings& findings, const Origin& origin);
  void body(Findings& findings, Bytes& bytes, Origin& origin);
  void body_line(Findings& findings, Bytes& bytes, Origin& origin);
  void body_run(Findings& findings, Bytes& bytes, Origin& origin);
  void flush_line(Findings& findings);
  bool meet_boundary(Findings& findings, std::string_view line, const Origin& origin);
  void emit(Findings& findings, Bytes bytes, const Origin& origin);
  void note(Findings& findings, std::string_view what, const Origin& origin, std::string detail = {});

  std::string_view protocol_;
  TcpFlowDirection direction_;
  unsigned depth_ = 0;  // in mails within each other
  State state_ = State::header;
  bool top_ = true;  // the header is that of the mail
  bool header_told_ = false;
  bool line_cut_ = false;  // the rest of the line of the header is left out
  bool at_start_ = true;   // of a line of a body: line_ has its first bytes
  bool in_field_ = false;  // field_ may be continued
  std::uint32_t parts_ = 0;
  std::size_t header_size_ = 0;
  std::unique_ptr<MimeMail> owned_;
  MimeMail* mail_;
  Fields fields_;
  std::pair<std::string, std::string> field_;
  std::vector<std::string> boundaries_;  // of parts within each other, the outermost first
  std::unique_ptr<MimePart> part_;       // nullptr: what comes is no part
  // What may belong to a boundary: the end of the line before, and the first bytes of this one.
  std::string newline_;
  std::string line_;
  Origin newline_origin_;
  Origin line_origin_;
  std::optional<Digests> body_digest_;  // from the first byte of the body on
};

}  // namespace restitch
