// SocksAnalyzer: the handshake of SOCKS 4, 4a and 5 (RFC 1928, 1929). Behind it whatever fits takes over. It
// is only recognised by both sides together, for a few bytes tell little. Owned by a Conversation. One
// thread.
#pragma once

#include <cstdint>
#include <memory>

#include "app/protocols.h"
#include "restitch/app/findings.h"

namespace restitch {

class SocksAnalyzer final : public Analyzer {
 public:
  static Fit fit(Bytes client, Bytes server);
  static std::unique_ptr<Analyzer> make(AppServices& services);

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  // What comes next, of either side in turns.
  enum class State : std::uint8_t { hello, method, credentials, verdict, request, reply, over, foreign };

  // How long the message is, as far as it can be seen; 0: more is needed.
  [[nodiscard]] std::size_t message_size(Bytes bytes) const;
  void read(Bytes message, Findings& findings);
  void read_reply(Bytes message, Findings& findings);

  State state_ = State::hello;
  std::uint8_t version_ = 0;
  std::uint8_t command_ = 0;
  bool bound_ = false;  // the first reply to BIND came
};

}  // namespace restitch
