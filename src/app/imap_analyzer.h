// ImapAnalyzer: IMAP (RFC 3501, 7888). Literals that are mails, of FETCH BODY[] and RFC822 and of APPEND, go
// through the MIME parser: their parts are objects, "imap", as those of SMTP are. A mail that is fetched in
// pieces that follow each other is one. A part that is fetched on its own is an object as it comes, with the
// name of its section. Behind STARTTLS whatever fits takes over; what is compressed is raw. Memory: a line of
// each side, and the header of a mail. Owned by a Conversation. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "app/line_reader.h"
#include "app/mime_parser.h"
#include "app/protocols.h"
#include "restitch/app/findings.h"

namespace restitch {

class ImapAnalyzer final : public Analyzer {
 public:
  static Fit fit(Bytes client, Bytes server);
  static std::unique_ptr<Analyzer> make(AppServices& services);

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  static constexpr std::uint32_t line_max = 16'384;

  struct Side {
    LineReader lines{line_max};
    std::uint64_t literal_left = 0;
    bool continued = false;  // the line behind a literal goes on with what was said before it
    std::unique_ptr<MimeParser> mail;
    std::uint64_t mail_size = 0;  // of what came, where it comes in pieces
    bool pieces = false;
    std::uint64_t piece_size = 0;   // of the last one, as far as it came
    std::uint64_t piece_asked = 0;  // … and how much was asked for at once
    std::unique_ptr<MimePart> part;
    std::unique_ptr<MimeMail> part_mail;
  };

  void read_line(TcpFlowDirection direction, const LineReader::Line& line, const Origin& origin,
                 Findings& findings);
  void client_line(std::string_view line);
  void server_line(std::string_view line, Findings& findings);
  void begin_literal(TcpFlowDirection direction, std::string_view line, std::uint64_t size,
                     const Origin& origin, Findings& findings);
  void begin_fetched(Side& side, std::string_view item, std::uint64_t size, const Origin& origin,
                     Findings& findings);
  void read_literal(TcpFlowDirection direction, const AnalyzerInput& input, std::size_t& at,
                    Findings& findings);
  void end_literal(Side& side, Findings& findings);
  [[nodiscard]] static bool pieces_are_whole(const Side& side);
  static void end_mail(Side& side, bool complete, Findings& findings);

  bool named_ = false;
  bool append_ = false;   // the client is within that command
  bool mailbox_ = false;  // … and its first literal names the mailbox
  bool waits_ = false;    // the client, for leave to send a literal, or for TLS
  bool over_ = false;     // the next analyzer's turn
  bool foreign_ = false;
  bool compress_ = false;
  bool switches_ = false;          // the command asks for TLS, or for compression
  std::string tag_;                // of the last command
  std::uint64_t piece_asked_ = 0;  // how much it asks for at once
  std::uint64_t asked_ = 0;        // the literal that the client waits to send
  std::array<Side, 2> sides_;
};

}  // namespace restitch
