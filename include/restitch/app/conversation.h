// Conversation: drives one analyzer, and its successors, over both directions of a connection, or over what
// another analyzer decoded. It finds out which protocol is spoken by the first bytes of both sides, holds
// what an analyzer does not consume, and tells it of gaps and ends. Owns the analyzer; borrows services and
// sink, which outlive it. One thread: that of the pool.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/app/analyzer.h"
#include "restitch/app/findings.h"
#include "restitch/app/held_bytes.h"
#include "restitch/app/services.h"

namespace RESTITCH_API restitch {

struct Protocol;

class Conversation {
 public:
  // Of a connection. `summary` outlives it.
  Conversation(AppServices& services, FindingsSink& sink, const ConnectionSummary& summary);
  // Inside of another one, which outlives it: Findings::nest().
  Conversation(Conversation& outer, std::string_view layer, std::unique_ptr<Analyzer> analyzer);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation();

  // The next bytes of a direction. `origin` is that of the first of them (or of all, if origin.size is not
  // 0).
  void data(TcpFlowDirection direction, Bytes bytes, const Origin& origin);
  void gap(TcpFlowDirection direction, std::uint64_t size);
  // Nothing more comes: of one direction, and of both.
  void end(TcpFlowDirection direction);
  void close();
  // EventKind::roles_swapped.
  void swap_roles();

  // Whether nobody looks at what comes any more.
  [[nodiscard]] bool raw() const { return state_ == State::raw && !looks_again_; }
  // "http", "smtp,ssl", … as its analyzers named it; empty: nothing was recognised.
  [[nodiscard]] const std::string& service() const { return service_; }
  // Of what is found from now on.
  [[nodiscard]] FindingPlace place();
  // Bytes of memory for what analyzers left.
  [[nodiscard]] std::size_t held() const;

 private:
  friend class Findings;
  enum class State : std::uint8_t { detecting, analyzing, raw };

  struct Side {
    HeldBytes held;            // what the analyzer left
    std::uint64_t offset = 0;  // of the first held byte
    bool waits = false;        // for the other side
    bool done = false;         // the analyzer wants nothing more: the rest is for a successor
    bool ended = false;
    bool end_told = false;
  };

  // So much of a direction is held until the protocol is known.
  static constexpr std::size_t detected_max = 4096;

  static constexpr std::size_t index(TcpFlowDirection direction) {
    return static_cast<std::size_t>(direction);
  }
  // Whether the analyzer may take the server for the client.
  [[nodiscard]] bool turnable() const { return outer_ == nullptr && !summary_.client_known; }
  // As the analyzer sees it.
  [[nodiscard]] TcpFlowDirection seen(TcpFlowDirection direction) const {
    return static_cast<TcpFlowDirection>(index(direction) ^ static_cast<std::size_t>(swapped_));
  }

  static void drop(Side& side, std::size_t size);
  bool was_expected(const Origin& origin);
  void detect(bool forced);
  void begin(const Protocol& protocol);
  void look_again(TcpFlowDirection direction, Bytes bytes, const Origin& origin);
  std::size_t ask(TcpFlowDirection direction, Bytes bytes, std::span<const AnalyzerInput::Piece> pieces,
                  bool forced);
  void advance(TcpFlowDirection direction);
  void advance_other(TcpFlowDirection direction, std::size_t consumed);
  std::size_t offer(TcpFlowDirection direction, bool forced);
  void force(TcpFlowDirection direction);
  void tell_end(TcpFlowDirection direction);
  void succeed();
  void retire();
  void give_up();
  Conversation& outermost();
  void name_service(std::string_view name);

  AppServices& services_;
  FindingsSink& sink_;
  const ConnectionSummary& summary_;
  Conversation* outer_ = nullptr;
  std::string layer_;
  unsigned depth_ = 0;
  State state_ = State::detecting;
  bool swapped_ = false;  // the analyzer takes the server of the connection for the client
  bool closed_ = false;
  bool hands_over_ = false;
  bool looks_again_ = false;  // while raw: what is said may begin with any packet
  unsigned retries_ = 0;
  std::unique_ptr<Analyzer> analyzer_;
  std::unique_ptr<Analyzer> successor_;
  std::array<Side, 2> sides_;
  // Of the outermost one.
  ObjectNumber objects_ = 0;
  std::string service_;
};

}  // namespace restitch
