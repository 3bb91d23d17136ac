// Http1Analyzer: HTTP/1 of both directions of a connection: requests and their responses, their bodies as
// objects, and what two programs may read in two ways. Heads are read when they are complete, bodies as they
// come. Owned by a Conversation; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "app/http1_body.h"
#include "app/http1_framing.h"
#include "app/http1_head.h"
#include "app/http1_transactions.h"
#include "app/protocols.h"
#include "restitch/app/analyzer.h"
#include "restitch/app/services.h"

namespace restitch {

// Whether both sides speak HTTP/1.
Fit fit_http1(Bytes client, Bytes server);
std::unique_ptr<Analyzer> make_http1_analyzer(AppServices& services);

class Http1Analyzer final : public Analyzer {
 public:
  AnalyzerAnswer take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) override;
  void gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) override;
  void end(TcpFlowDirection direction, Findings& findings) override;
  void close(Findings& findings) override;

 private:
  // Fewer bytes are no head: "HTTP/1.0 200\r\n\r\n".
  static constexpr std::uint64_t head_size_min = 16;

  enum class Stage : std::uint8_t {
    start,   // between messages
    head,    // a head began
    choice,  // what the head says of the body, its first bytes decide
    body,
    search,  // for the next start line
    raw,     // nothing is understood any more
  };

  struct Side {
    Stage stage = Stage::start;
    bool closes = false;  // it said that this message is its last one
    bool closes_told = false;
    std::uint32_t head_size = 0;  // of the head that is complete and waits
    std::uint32_t seen = 0;       // of the search
    http1::HeadEnd head_end;
    http1::Transaction* transaction = nullptr;  // whose message is being read
    std::unique_ptr<http1::Framing> framing;    // while there is a choice
    std::unique_ptr<http1::Body> body;
  };

  // One call of take().
  struct Turn {
    TcpFlowDirection direction;
    const AnalyzerInput& input;
    Findings& findings;
    Side& side;
    std::size_t at = 0;  // so much is consumed

    [[nodiscard]] std::string_view rest() const;
    [[nodiscard]] bool from_client() const { return direction == TcpFlowDirection::client_to_server; }
    [[nodiscard]] Origin origin(std::size_t ahead = 0) const;
  };

  // Each does one step of a turn; false: the answer is in `need_`.
  bool step(Turn& turn);
  bool start(Turn& turn);
  bool start_request(Turn& turn);
  bool start_response(Turn& turn);
  bool head(Turn& turn);
  bool choice(Turn& turn);
  bool body(Turn& turn);
  bool search(Turn& turn);
  bool stop(Need need);

  bool head_that_is_cut(Turn& turn);
  bool head_too_long(Turn& turn);
  bool request(Turn& turn, std::string_view text);
  bool response(Turn& turn, std::string_view text);
  bool begin_body(Turn& turn, http1::Framing framing);
  void interim();
  bool switch_protocol(Turn& turn);
  bool choice_of_none(Turn& turn, http1::Framing framing);
  bool choice_of_chunks(Turn& turn, http1::Framing framing);
  void tell_oddities(Turn& turn, const http1::Head& head);
  void tell_after_close(Turn& turn);

  // The message of that direction is over.
  void end_message(TcpFlowDirection direction, Findings& findings);
  // The head of the next message of that direction is lost.
  void lose_head(TcpFlowDirection direction, Findings& findings);
  // A message of that direction begins.
  void begin_message(TcpFlowDirection direction, http1::Transaction& transaction);
  http1::Transaction& orphan(Turn& turn);
  Side& side(TcpFlowDirection direction) { return sides_[static_cast<std::size_t>(direction)]; }

  std::array<Side, 2> sides_;
  http1::Transactions transactions_;
  Need need_ = Need::more;
  bool over_ = false;          // another protocol follows
  bool asks_no_more_ = false;  // no request will come for a response that waits
  bool interim_ = false;       // the response that is being read may be one before the response
};

}  // namespace restitch
