// TlsDecryption: the keys of both directions of a connection, and which of them is in use when. Borrows the
// secrets. Made once both hellos are known. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "app/tls_cipher.h"
#include "app/tls_hello.h"
#include "app/tls_layer.h"
#include "app/tls_suite.h"
#include "restitch/app/tls_secrets.h"

namespace restitch {

// What both hellos say that keys depend on.
struct TlsAgreement {
  TlsRandom client_random{};
  TlsRandom server_random{};
  std::uint16_t version = 0;
  std::uint16_t cipher = 0;
  bool client = false;  // which of the two were seen
  bool server = false;
  bool encrypt_then_mac = false;
  bool early_data = false;  // the client offered it
  bool retried = false;     // … and a HelloRetryRequest refused it
};

class TlsDecryption {
 public:
  enum class Outcome : std::uint8_t {
    opened,
    passed,  // not to be opened, and that is well: early data that was refused, or records behind a gap
    waits,   // for what the server says
    failed,
  };
  struct Opened {
    TlsType type = TlsType::data;
    Bytes bytes;
  };

  // nullptr: its cipher suite, or version, is none that can be decrypted.
  static std::unique_ptr<TlsDecryption> make(const TlsSecrets& secrets, const TlsAgreement& agreement);

  // Opens a record, with its header, into `out`. `forced`: it cannot wait. Requires: out.size() >=
  // record.size().
  Outcome open(TcpFlowDirection direction, Bytes record, std::span<std::uint8_t> out, bool forced,
               Opened& opened);
  // Up to TLS 1.2: the sender goes on with new keys, by what the last hellos said.
  void change_cipher(TcpFlowDirection direction, const TlsAgreement& agreement);
  // TLS 1.3: a handshake message was opened, and may be the last one with these keys.
  void message(TcpFlowDirection direction, std::uint8_t type, Bytes body);
  // A record was not captured whole.
  void lose_record(TcpFlowDirection direction);
  // So many bytes are missing, with nobody knows how many records.
  void lose_bytes(TcpFlowDirection direction, std::uint64_t size);

  // Whether a record was ever opened; of a direction, whether bytes are missing since one was.
  [[nodiscard]] bool fits() const { return ways_[0].opened || ways_[1].opened; }
  [[nodiscard]] bool lost(TcpFlowDirection direction) const {
    return ways_[static_cast<std::size_t>(direction)].missed > 0;
  }

 private:
  enum class Phase : std::uint8_t { none, early, handshake, application };
  enum class Early : std::uint8_t { unknown, accepted, refused };

  // One direction.
  struct Way {
    std::unique_ptr<TlsCipher> cipher;
    std::uint64_t number = 0;  // of its next record
    TlsKey secret;             // of TLS 1.3
    Phase phase = Phase::none;
    std::uint32_t missed = 0;  // so many records may be missing before the next one
    std::uint32_t passed = 0;  // so many in a row could not be opened
    bool opened = false;
  };

  // Numbers that are tried behind gaps, in all, and records that are passed over until one fits.
  static constexpr std::uint32_t trials_max = 4'096;
  static constexpr std::uint32_t missed_max = 1'024;
  static constexpr std::uint32_t passed_behind_gap_max = 3;
  static constexpr std::uint32_t passed_early_max = 1'000;

  TlsDecryption(const TlsSecrets& secrets, const TlsSuite& suite, const TlsAgreement& agreement)
      : secrets_(secrets), suite_(suite), agreement_(agreement), tls13_(is_tls13(agreement.version)) {}

  Way& way(TcpFlowDirection direction) { return ways_[static_cast<std::size_t>(direction)]; }
  bool begin(TcpFlowDirection direction, bool forced, bool& waits);
  bool begin_client(bool forced, bool& waits);
  bool enter(TcpFlowDirection direction, Phase phase);
  void use(Way& way, const TlsKey& secret);
  [[nodiscard]] TlsKey secret_of(TcpFlowDirection direction, Phase phase) const;
  std::optional<std::size_t> open_next(TcpFlowDirection direction, Bytes record, std::span<std::uint8_t> out);
  std::optional<std::size_t> try_numbers(Way& way, Bytes record, std::span<std::uint8_t> out);
  Outcome pass(TcpFlowDirection direction);
  void make_block_keys(TcpFlowDirection direction);

  const TlsSecrets& secrets_;
  TlsSuite suite_;
  TlsAgreement agreement_;
  bool tls13_;
  Early early_ = Early::unknown;
  std::uint32_t trials_ = 0;
  std::array<Way, 2> ways_;
};

}  // namespace restitch
