// SshAnalyzer: the beginning of SSH (RFC 4253): the identification of each side, and what it offers in its
// first KEXINIT, with HASSH. One SshRecord a connection, told once both are known, or no more comes; then the
// rest is raw, for it is encrypted. Memory: a KEXINIT while it comes, and the names in it. Owned by a
// Conversation. One thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "app/line_reader.h"
#include "app/protocols.h"
#include "restitch/app/findings.h"

namespace restitch {

class SshAnalyzer final : public Analyzer {
 public:
  static Fit fit(Bytes client, Bytes server);
  static std::unique_ptr<Analyzer> make(AppServices& services);

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  enum class State : std::uint8_t { identification, packet, done };
  // The lists of names of a KEXINIT, in its order.
  static constexpr std::size_t lists = 8;

  struct Side {
    State state = State::identification;
    LineReader lines{512};
    std::array<std::string, lists> names;
  };

  void identify(TcpFlowDirection direction, std::string_view line, const Origin& origin);
  std::size_t take_packet(Side& side, Bytes bytes, bool forced);
  static bool read_names(Side& side, Bytes payload);
  void finish(Findings& findings);
  void tell(Findings& findings);
  [[nodiscard]] std::string agreed(std::size_t list) const;

  std::array<Side, 2> sides_;
  SshRecord record_;
  bool told_ = false;
};

}  // namespace restitch
