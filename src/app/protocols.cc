#include "app/protocols.h"

#include <vector>

#include "app/ftp_analyzer.h"
#include "app/http1_analyzer.h"
#include "app/http2_analyzer.h"
#include "app/imap_analyzer.h"
#include "app/ldap_analyzer.h"
#include "app/pop3_analyzer.h"
#include "app/smb_analyzer.h"
#include "app/smtp_analyzer.h"
#include "app/socks_analyzer.h"
#include "app/ssh_analyzer.h"
#include "app/tls_analyzer.h"
#include "app/tls_upgrade.h"

namespace restitch {
namespace {

std::unique_ptr<Analyzer> make_tls(AppServices& services) {
  return std::make_unique<TlsAnalyzer>(services.options().secrets);
}

std::unique_ptr<Analyzer> make_tls_upgrade(AppServices& /*services*/) {
  return std::make_unique<TlsUpgrade>();
}

}  // namespace

std::span<const Protocol> protocols() {
  static const std::vector<Protocol> table = {
      {"ssl", tls_fit, make_tls},
      {"http2", fit_http2, make_http2_analyzer},
#ifdef RESTITCH_LLHTTP
      {"http", fit_http1, make_http1_analyzer},
#endif
      {"smtp", SmtpAnalyzer::fit, SmtpAnalyzer::make},
      {"ftp", FtpAnalyzer::fit, FtpAnalyzer::make},
      {"pop3", Pop3Analyzer::fit, Pop3Analyzer::make},
      {"imap", ImapAnalyzer::fit, ImapAnalyzer::make},
      {"smb", SmbAnalyzer::fit, SmbAnalyzer::make},
      {"ldap", LdapAnalyzer::fit, LdapAnalyzer::make},
      {"socks", SocksAnalyzer::fit, SocksAnalyzer::make},
      {"ssh", SshAnalyzer::fit, SshAnalyzer::make},
      {"starttls", tls_upgrade_fit, make_tls_upgrade},
  };
  return table;
}

}  // namespace restitch
