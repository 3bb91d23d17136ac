// FtpDataAnalyzer: a data connection of FTP: what each side sends is one object, "ftp-data". Its name and
// command are those of the control connection, which may say them later than the first bytes come: these are
// held as long as there is room. An FtpRecord with `data` tells of the whole. Owned by a Conversation. One
// thread.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "app/expected_ends.h"
#include "restitch/app/findings.h"

namespace restitch {

class FtpDataAnalyzer final : public Analyzer {
 public:
  // `now`: when the first byte was captured. nullptr: nobody asked for this connection.
  static std::unique_ptr<Analyzer> make(AppServices& services, const ConnectionSummary& summary,
                                        Timestamp now);

  explicit FtpDataAnalyzer(ExpectedEnds::Number number) : number_(number) {}

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  struct Side {
    std::optional<ObjectNumber> object;
    ObjectEnd end;
    bool whole = false;  // its end came
  };

  void begin(Findings& findings, TcpFlowDirection direction, const Origin& origin);
  void tell(Findings& findings, const ExpectedData* known);

  ExpectedEnds::Number number_;
  Origin first_;
  std::array<Side, 2> sides_;
};

}  // namespace restitch
