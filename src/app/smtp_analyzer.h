// SmtpAnalyzer: SMTP (RFC 5321) with pipelining, BDAT (RFC 3030) and STARTTLS, behind which whatever fits
// takes over. Each mail transaction is an SmtpRecord, told when the reply to its end has come, or it was
// given up; each part of its mail is an object. A transaction begins with MAIL, RCPT, DATA or BDAT, accepted
// or not, and so it is told what was refused. Credentials of AUTH are read over. Memory: the replies that are
// due, at most 256, and the header of the mail. Owned by a Conversation. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/dot_reader.h"
#include "app/line_reader.h"
#include "app/protocols.h"
#include "app/smtp_mail.h"

namespace restitch {

class SmtpAnalyzer final : public Analyzer {
 public:
  static Fit fit(Bytes client, Bytes server);
  static std::unique_ptr<Analyzer> make(AppServices& services);

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  // What the client says next. Those that wait do so for a reply.
  enum class State : std::uint8_t {
    command,
    text,   // of DATA
    chunk,  // of BDAT
    credentials,
    waits_for_text,
    waits_for_tls,
    waits_for_credentials,
    tls,
  };
  enum class Verb : std::uint8_t { greeting, data, tls, credentials, other };

  // RFC 5321 has 512; extensions have more.
  static constexpr std::uint32_t line_max = 4'096;

  // A reply that is due, and the transaction that ends with it, if one does.
  struct Due {
    Verb verb;
    std::unique_ptr<SmtpMail> mail;
  };

  AnalyzerAnswer take_client(const AnalyzerInput& input, Findings& findings);
  AnalyzerAnswer take_server(const AnalyzerInput& input, Findings& findings);
  bool read_command(const AnalyzerInput& input, std::size_t& at, Findings& findings);
  void command(Findings& findings, std::string_view line, const Origin& origin);
  void begin_chunk(std::string_view argument, const Origin& origin, Findings& findings);
  void read_text(const AnalyzerInput& input, std::size_t& at, Findings& findings);
  void read_chunk(const AnalyzerInput& input, std::size_t& at, Findings& findings);
  bool reply(Findings& findings, std::string_view line, const Origin& origin);
  void replied(Findings& findings, unsigned code, std::string_view line, const Origin& origin);
  SmtpMail& mail(const Origin& origin);
  void end_mail(Findings& findings, bool complete);
  void expect(Findings& findings, Verb verb, std::unique_ptr<SmtpMail> mail = nullptr);
  void tell(Findings& findings, SmtpMail& mail);
  void tell_all(Findings& findings);

  State state_ = State::command;
  bool named_ = false;
  bool last_chunk_ = false;
  bool told_ambiguous_ = false;
  bool replies_lost_ = false;  // so many replies as commands is not to be expected
  bool in_reply_ = false;      // the next line continues a reply
  LineReader commands_{line_max};
  LineReader replies_{line_max};
  DotReader dots_;
  std::uint64_t chunk_left_ = 0;
  std::uint64_t depth_ = 0;
  std::string helo_;
  std::vector<Due> due_;
  std::unique_ptr<SmtpMail> mail_;
};

}  // namespace restitch
