// LdapAnalyzer: LDAP (RFC 4511), as far as it says how a client proves who it is: of the messages only those
// that bind are looked into, for Kerberos, NTLM and SPNEGO (RFC 4178) in SASL. It names services, and tells
// nothing else. What is encrypted behind a bind is raw. Memory: a message that binds, while it comes. Owned
// by a Conversation. One thread.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "app/protocols.h"
#include "restitch/app/findings.h"

namespace restitch {

class LdapAnalyzer final : public Analyzer {
 public:
  static Fit fit(Bytes client, Bytes server);
  static std::unique_ptr<Analyzer> make(AppServices& services);

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  std::array<std::uint64_t, 2> skipped_{};  // bytes that are still of a message that says nothing here
};

}  // namespace restitch
