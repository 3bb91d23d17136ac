// Pop3Analyzer: POP3 (RFC 1939, 2449, 2595). Each mail of RETR and TOP goes through the MIME parser: its
// parts are objects, "pop3", as those of SMTP are; that of TOP is never complete. Behind STLS whatever fits
// takes over. Credentials are read over. Memory: what is due, at most 256 commands, and the header of a mail.
// Owned by a Conversation. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "app/dot_reader.h"
#include "app/line_reader.h"
#include "app/mime_parser.h"
#include "app/protocols.h"
#include "restitch/app/findings.h"

namespace restitch {

class Pop3Analyzer final : public Analyzer {
 public:
  static Fit fit(Bytes client, Bytes server);
  static std::unique_ptr<Analyzer> make(AppServices& services);

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  // What the server's answer to a command looks like, if it is "+OK".
  enum class Due : std::uint8_t { line, list, mail, top, tls, credentials };
  enum class State : std::uint8_t { status, list, mail };

  static constexpr std::uint32_t line_max = 4'096;

  AnalyzerAnswer take_client(const AnalyzerInput& input);
  AnalyzerAnswer take_server(const AnalyzerInput& input, Findings& findings);
  static Due due_of(std::string_view line);
  void status(std::string_view line, Findings& findings);
  [[nodiscard]] bool ends_list(std::string_view line) const;
  void read_mail(const AnalyzerInput& input, std::size_t& at, Findings& findings);
  void end_mail(Findings& findings, bool complete);

  State state_ = State::status;
  bool named_ = false;
  bool waits_ = false;        // the client, for an answer that says what it says next
  bool credentials_ = false;  // … and what it says is no command
  bool tls_ = false;
  bool lost_ = false;
  bool top_ = false;
  LineReader commands_{line_max};
  LineReader answers_{line_max};
  DotReader dots_;
  std::vector<Due> due_;
  std::unique_ptr<MimeParser> mail_;
};

}  // namespace restitch
