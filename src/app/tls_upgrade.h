// TlsUpgrade: what stands before TLS in protocols that are not understood any further: RDP, LDAP, MySQL,
// PostgreSQL, IRC. They are recognised once one side has asked for TLS and the other has agreed; TLS begins
// behind. One thread.
#pragma once

#include "app/protocols.h"
#include "restitch/app/analyzer.h"

namespace restitch {

Fit tls_upgrade_fit(Bytes client, Bytes server);

class TlsUpgrade final : public Analyzer {
 public:
  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection /*direction*/, std::uint64_t /*size*/, Findings& /*findings*/) override {}
  void end(TcpFlowDirection /*direction*/, Findings& /*findings*/) override {}
  void close(Findings& /*findings*/) override {}

 private:
  bool handed_over_ = false;  // by the side that was asked first
};

}  // namespace restitch
