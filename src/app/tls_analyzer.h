// TlsAnalyzer: reads the records of TLS, from SSL 3 to TLS 1.3. It reports a TlsRecord once the handshake is
// established, or the connection ends. What is encrypted is opened if its secrets are known; else it is
// passed over without being held. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "app/protocols.h"
#include "app/tls_handshake.h"
#include "app/tls_inside.h"
#include "app/tls_layer.h"
#include "app/tls_messages.h"
#include "restitch/app/analyzer.h"

namespace restitch {

// Whether a client says its hello, or a server, where the client's was not captured.
Fit tls_fit(Bytes client, Bytes server);

class TlsAnalyzer final : public Analyzer {
 public:
  // `secrets`: nullptr: nothing is opened. `upgraded_from`: TlsRecord::upgraded_from.
  explicit TlsAnalyzer(const TlsSecrets* secrets, std::string_view upgraded_from = {});
  ~TlsAnalyzer() override;

  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  enum class Step : std::uint8_t { on, more, other_side };

  struct Side {
    TlsMessages messages;
    std::uint32_t skip = 0;  // so many bytes belong to a record that nobody looks at
    bool begun = false;
    bool encrypted = false;  // its cipher was changed, or it sent data
    bool lost = false;       // where the next record begins is not known
    bool broken = false;     // this is not TLS any more
  };

  // The record that begins at `at`.
  struct Place {
    TcpFlowDirection direction;
    const AnalyzerInput& input;
    std::size_t at;
    Findings& findings;

    [[nodiscard]] Bytes rest() const { return input.bytes().subspan(at); }
    // Of so many bytes.
    [[nodiscard]] Origin origin(std::size_t size) const;
  };

  Side& side(TcpFlowDirection direction) { return sides_[static_cast<std::size_t>(direction)]; }
  Step advance(Place& place);
  bool begins_anew(Place& place);
  Step old_hello(Place& place);
  Step broken(Place& place);
  Step record(Place& place, const TlsHeader& header);
  Step incomplete(Place& place, std::size_t size);
  [[nodiscard]] bool is_ciphertext(const Side& side, const TlsHeader& header, Bytes record) const;
  Step ciphertext(Place& place, std::size_t size);
  Step pass_over(Place& place, std::size_t size);
  Step open(Place& place, std::size_t size);
  void opened(Place& place, const TlsDecryption::Opened& opened, const Origin& origin);
  void plaintext(TcpFlowDirection direction, TlsType type, Bytes bytes, const Origin& origin,
                 Findings& findings);
  void messages(TcpFlowDirection direction, Bytes bytes, const Origin& origin, Findings& findings,
                bool was_sealed);
  void message(TcpFlowDirection direction, const TlsMessages::Message& message, const Origin& origin,
               Findings& findings);
  void change_cipher(TcpFlowDirection direction);
  void note_ciphertext(TcpFlowDirection direction, const Origin& origin, Findings& findings);
  void report(Findings& findings);

  std::array<Side, 2> sides_;
  std::unique_ptr<TlsHandshake> handshake_;  // nullptr: it was reported
  std::unique_ptr<TlsInside> inside_;        // nullptr: no record can be opened
  bool client_finished_ = false;             // its Finished was opened
};

}  // namespace restitch
