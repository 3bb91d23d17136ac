#include "app/protocols.h"

#include <vector>

#include "app/http1_analyzer.h"
#include "app/http2_analyzer.h"
#include "app/smtp_analyzer.h"
#include "app/tls_analyzer.h"

namespace restitch {
namespace {

template <class Kind>
std::unique_ptr<Analyzer> make_analyzer(AppServices& /*services*/) {
  return std::make_unique<Kind>();
}

}  // namespace

std::span<const Protocol> protocols() {
  static const std::vector<Protocol> table = {
      {"ssl", tls_fit, make_analyzer<TlsAnalyzer>},
      {"http2", fit_http2, make_http2_analyzer},
#ifdef RESTITCH_LLHTTP
      {"http", fit_http1, make_http1_analyzer},
#endif
      {"smtp", SmtpAnalyzer::fit, SmtpAnalyzer::make},
  };
  return table;
}

}  // namespace restitch
