// TlsSecrets: the secrets of sessions of TLS, by the random of their ClientHello, out of the lines of a key
// log
// ("NSS key log", SSLKEYLOGFILE) or of the secrets blocks of a capture. One thread fills it, while analyzers
// of any thread look things up.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "restitch/packet.h"

namespace RESTITCH_API restitch {

enum class TlsSecretKind : std::uint8_t {
  master,  // CLIENT_RANDOM, of TLS 1.2 and before
  client_early,
  client_handshake,
  server_handshake,
  client_traffic,
  server_traffic,
  count_
};

class TlsSecrets {
 public:
  using Random = std::array<std::uint8_t, 32>;

  static constexpr std::size_t sessions_max = 1'000'000;

  // Takes the lines of a key log. The last one need not be whole: what comes next may go on with it. Lines
  // that say nothing that is of use are passed over. Answers how many secrets were learned.
  std::size_t add_lines(std::string_view text);

  // The same for text of another source, whose last line is whole.
  std::size_t add_whole_lines(std::string_view text);

  // Empty: not known.
  [[nodiscard]] std::vector<std::uint8_t> find(const Random& client_random, TlsSecretKind kind) const;
  [[nodiscard]] bool knows(const Random& client_random) const;
  [[nodiscard]] std::size_t size() const;

  // Whether more lines may come. Then an analyzer that meets a session that is not known waits for them, as
  // long as what it may hold allows, and counts it.
  void set_growing(bool growing) { growing_ = growing; }
  [[nodiscard]] bool growing() const { return growing_; }
  // How often a session was looked for in vain, by any thread: a reason to read on in the key log.
  [[nodiscard]] std::uint64_t unknown() const { return unknown_.load(std::memory_order_relaxed); }
  void note_unknown() const { unknown_.fetch_add(1, std::memory_order_relaxed); }

 private:
  static constexpr std::size_t secret_max = 48;
  static constexpr std::size_t line_max = 512;

  struct Secret {
    std::uint8_t size = 0;
    std::array<std::uint8_t, secret_max> bytes;
  };
  using Session = std::array<Secret, static_cast<std::size_t>(TlsSecretKind::count_)>;
  // They are random as they come; whoever chose them has the key log.
  struct Hash {
    std::size_t operator()(const Random& random) const;
  };

  bool add_line(std::string_view line);

  mutable std::shared_mutex mutex_;  // of the sessions
  std::unordered_map<Random, Session, Hash> sessions_;
  std::string rest_;  // of a line that is not whole
  bool growing_ = false;
  mutable std::atomic<std::uint64_t> unknown_ = 0;
};

}  // namespace restitch
