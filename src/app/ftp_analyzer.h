// FtpAnalyzer: the control connection of FTP (RFC 959, 2228, 2428). Each command with its replies is an
// FtpRecord, and so is the greeting. Data connections are announced to ExpectedEnds, whose other end must be
// that of this connection, so that PORT cannot give away the bytes of others. Behind AUTH TLS whatever fits
// takes over. Memory: the commands without a reply, at most 64. Owned by a Conversation. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/expected_ends.h"
#include "app/line_reader.h"
#include "app/protocols.h"
#include "restitch/app/findings.h"

namespace restitch {

class FtpAnalyzer final : public Analyzer {
 public:
  static Fit fit(Bytes client, Bytes server);
  static std::unique_ptr<Analyzer> make(AppServices& services);

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  static constexpr std::uint32_t line_max = 4'096;

  AnalyzerAnswer take_client(const AnalyzerInput& input, Findings& findings);
  AnalyzerAnswer take_server(const AnalyzerInput& input, Findings& findings);
  void command(Findings& findings, const LineReader::Line& line, const Origin& origin);
  void note_port(Findings& findings, FtpRecord& record);
  void transfer(Findings& findings, const FtpRecord& record);
  void reply(Findings& findings, const LineReader::Line& line, const Origin& origin);
  void replied(Findings& findings, FtpRecord& record, std::string_view line, const Origin& origin);
  void expect_data(Findings& findings, const FtpRecord& record, Timestamp now);
  ExpectedData* data(Findings& findings);
  void tell_first(Findings& findings);

  bool named_ = false;
  bool waits_for_tls_ = false;
  bool tls_ = false;
  bool replies_lost_ = false;
  LineReader commands_{line_max};
  LineReader replies_{line_max};
  std::uint16_t in_reply_ = 0;  // the code of a reply that goes on; 0: none does
  std::size_t reply_size_ = 0;  // of the first command that is due
  std::vector<FtpRecord> due_;  // in order
  std::string user_;
  std::string password_;
  std::uint64_t restart_ = 0;
  ExpectedEnds::Number number_ = 0;         // of the data connection that is asked for
  std::unique_ptr<ExpectedData> expected_;  // as it was first
};

}  // namespace restitch
