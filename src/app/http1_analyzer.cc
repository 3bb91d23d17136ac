#include "app/http1_analyzer.h"

#include <algorithm>
#include <utility>

#include "app/http1_record.h"
#include "app/http1_search.h"
#include "app/http1_text.h"

namespace restitch {

using http1::Framing;
using http1::Head;
using http1::Transaction;

std::unique_ptr<Analyzer> make_http1_analyzer(AppServices& /*services*/) {
  return std::make_unique<Http1Analyzer>();
}

std::string_view Http1Analyzer::Turn::rest() const { return ascii::text_of(input.bytes().subspan(at)); }

// Of the byte so far ahead, or of the last one.
Origin Http1Analyzer::Turn::origin(std::size_t ahead) const {
  if (input.bytes().empty()) return {};
  return input.origin(std::min(at + ahead, input.bytes().size() - 1));
}

AnalyzerAnswer Http1Analyzer::take(TcpFlowDirection direction, const AnalyzerInput& input,
                                   Findings& findings) {
  Turn turn{direction, input, findings, side(direction)};
  while (step(turn)) {
  }
  return {turn.at, need_};
}

void Http1Analyzer::gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) {
  Side& side = this->side(direction);
  if (over_ || size == 0) return;
  if (side.stage == Stage::choice) {
    // It is not known whether the gap is a part of a body.
    if (interim_) interim();
    end_message(direction, findings);
  }
  if (side.stage == Stage::body) {
    size -= side.body->gap(size, findings);
    if (size == 0 && !side.body->done()) return;
    end_message(direction, findings);
    if (size == 0) return;
  }
  if (side.stage == Stage::search || side.stage == Stage::raw) return;
  if (size >= head_size_min) return lose_head(direction, findings);
  // What is missing is an empty line.
  side.stage = Stage::search;
  side.seen = 0;
  side.head_size = 0;
}

void Http1Analyzer::end(TcpFlowDirection direction, Findings& findings) {
  Side& side = this->side(direction);
  if (side.body != nullptr) side.body->finish();
  if (side.stage == Stage::choice && side.framing->none_if_a_message_follows) {
    if (interim_) interim();
    if (side.transaction != nullptr) side.transaction->record.response.complete = true;
  }
  if (side.stage == Stage::choice || side.stage == Stage::body) end_message(direction, findings);
  side.stage = Stage::start;
  if (direction == TcpFlowDirection::client_to_server) asks_no_more_ = true;
}

void Http1Analyzer::close(Findings& findings) {
  for (const TcpFlowDirection direction :
       {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
    if (side(direction).transaction != nullptr) end_message(direction, findings);
  }
  transactions_.close(findings);
}

void Http1Analyzer::begin_message(TcpFlowDirection direction, Transaction& transaction) {
  side(direction).transaction = &transaction;
  transaction.busy = true;
}

void Http1Analyzer::end_message(TcpFlowDirection direction, Findings& findings) {
  Side& side = this->side(direction);
  if (side.body != nullptr) side.body->end(findings);
  side.body.reset();
  side.framing.reset();
  side.stage = Stage::start;
  Transaction* transaction = std::exchange(side.transaction, nullptr);
  if (transaction == nullptr) return;
  const bool from_client = direction == TcpFlowDirection::client_to_server;
  (from_client ? transaction->request_done : transaction->response_done) = true;
  transaction->busy = this->side(reverse(direction)).transaction == transaction;
  transactions_.settle(findings);
}

// A request that nobody sees is answered, too: so that the responses behind it go to those that asked.
void Http1Analyzer::lose_head(TcpFlowDirection direction, Findings& findings) {
  Side& side = this->side(direction);
  if (direction == TcpFlowDirection::client_to_server) {
    transactions_.open(findings).request_done = true;
  } else if (Transaction* transaction = transactions_.first()) {
    transaction->response_done = true;
    transactions_.settle(findings);
  }
  side.stage = Stage::search;
  side.seen = 0;
  side.head_size = 0;
}

bool Http1Analyzer::stop(Need need) {
  need_ = need;
  return false;
}

bool Http1Analyzer::step(Turn& turn) {
  switch (turn.side.stage) {
    case Stage::start:
      return start(turn);
    case Stage::head:
      return head(turn);
    case Stage::choice:
      return choice(turn);
    case Stage::body:
      return body(turn);
    case Stage::search:
      return search(turn);
    case Stage::raw:
      break;
  }
  turn.at = turn.input.bytes().size();
  return stop(Need::nothing);
}

// Empty lines between messages are nothing.
bool Http1Analyzer::start(Turn& turn) {
  if (over_) return stop(Need::nothing);
  const std::string_view rest = turn.rest();
  std::size_t blank = 0;
  while (blank < rest.size() && (rest[blank] == '\r' || rest[blank] == '\n' || rest[blank] == ' ')) ++blank;
  turn.at += blank;
  if (blank == rest.size()) return stop(Need::more);
  tell_after_close(turn);
  return turn.from_client() ? start_request(turn) : start_response(turn);
}

void Http1Analyzer::tell_after_close(Turn& turn) {
  if (!turn.side.closes || std::exchange(turn.side.closes_told, true)) return;
  turn.findings.anomaly(
      "http_data_after_close", turn.direction, turn.origin(),
      "what follows Connection: close is a message, or nobody reads it: " + http1::quoted(turn.rest(), 40));
}

bool Http1Analyzer::start_request(Turn& turn) {
  const Transaction* last = transactions_.last();
  const bool waits = last != nullptr && last->switches && !last->response_done;
  if (waits && !turn.input.forced() && side(TcpFlowDirection::server_to_client).stage != Stage::raw) {
    return stop(Need::other_side);
  }
  turn.side.stage = Stage::head;
  turn.side.head_end.reset();
  return true;
}

bool Http1Analyzer::start_response(Turn& turn) {
  const std::string_view rest = turn.rest();
  if (http1::may_begin_response(rest)) {
    turn.side.stage = Stage::head;
    turn.side.head_end.reset();
    return true;
  }
  Transaction* transaction = transactions_.first();
  if (transaction == nullptr && !turn.input.forced() && !asks_no_more_) return stop(Need::other_side);
  if (transaction != nullptr && transaction->record.request.version == "0.9") {
    // All that comes is the body.
    Head head;
    head.version = "0.9";
    fill_response(transaction->record, head, turn.origin());
    begin_message(turn.direction, *transaction);
    return begin_body(turn, {Framing::Kind::until_close});
  }
  turn.findings.anomaly("http_bad_status_line", turn.direction, turn.origin(),
                        http1::quoted(rest, 40) + " is no response, or a body without a head");
  turn.side.stage = Stage::search;
  return true;
}

bool Http1Analyzer::search(Turn& turn) {
  const std::string_view rest = turn.rest();
  const http1::Search found =
      turn.from_client() ? http1::find_request(rest, turn.side.seen) : http1::find_response(rest);
  turn.at += found.at;
  turn.side.seen = static_cast<std::uint32_t>(found.seen);
  if (!found.found) return stop(Need::more);
  turn.side.stage = Stage::start;
  turn.side.closes = false;
  return true;
}

}  // namespace restitch
