// Http1Analyzer, as far as it reads heads and decides on the bodies behind them.
#include <algorithm>
#include <string>
#include <utility>

#include "app/http1_analyzer.h"
#include "app/http1_record.h"
#include "app/http1_search.h"
#include "app/http1_text.h"
#include "app/http1_upgrade.h"

namespace restitch {

using http1::Framing;
using http1::Head;
using http1::Transaction;

bool Http1Analyzer::head(Turn& turn) {
  const std::string_view rest = turn.rest();
  Side& side = turn.side;
  if (side.head_size == 0) {
    side.head_size = static_cast<std::uint32_t>(side.head_end.find(rest, turn.input.forced()));
  }
  const std::size_t header_max = turn.findings.services().limits().header_max;
  if (std::max<std::size_t>(side.head_size, side.head_size == 0 ? rest.size() : 0) > header_max) {
    return head_too_long(turn);
  }
  if (side.head_size == 0) return turn.input.forced() ? head_that_is_cut(turn) : stop(Need::more);
  const std::string_view text = rest.substr(0, side.head_size);
  return turn.from_client() ? request(turn, text) : response(turn, text);
}

// Its complete lines are read; what follows is not understood.
bool Http1Analyzer::head_too_long(Turn& turn) {
  turn.findings.anomaly("http_header_too_long", turn.direction, turn.origin(),
                        "more than " + std::to_string(turn.findings.services().limits().header_max) +
                            " bytes: the rest of this direction is raw");
  head_that_is_cut(turn);
  turn.side.stage = Stage::raw;
  if (turn.from_client()) asks_no_more_ = true;
  return true;
}

// A gap, or the end, comes within it.
bool Http1Analyzer::head_that_is_cut(Turn& turn) {
  const std::string_view text = turn.rest().substr(0, turn.side.head_end.complete_lines());
  const Head head =
      http1::read_generously(text, turn.from_client() ? Head::Kind::request : Head::Kind::response);
  if (text.empty() || !head.valid) {
    lose_head(turn.direction, turn.findings);
  } else if (turn.from_client()) {
    begin_message(turn.direction, transactions_.open(turn.findings));
    fill_request(turn.side.transaction->record, head, turn.origin());
    end_message(turn.direction, turn.findings);
  } else {
    Transaction* transaction = transactions_.first();
    begin_message(turn.direction, transaction == nullptr ? orphan(turn) : *transaction);
    fill_response(turn.side.transaction->record, head, turn.origin());
    end_message(turn.direction, turn.findings);
  }
  turn.side.stage = Stage::search;
  turn.side.seen = 0;
  turn.side.head_size = 0;
  turn.at = turn.input.bytes().size();
  return stop(Need::more);
}

void Http1Analyzer::tell_oddities(Turn& turn, const Head& head) {
  for (const http1::Oddity& oddity : head.oddities) {
    turn.findings.anomaly(oddity.what, turn.direction, turn.origin(oddity.at), oddity.detail);
  }
  // Any token may be a method.
  if (head.oddities.empty() && !head.refusal.empty() && head.refusal != "Invalid method encountered") {
    turn.findings.anomaly("http_refused_head", turn.direction, turn.origin(),
                          "a strict parser refuses it: " + std::string(head.refusal));
  }
}

bool Http1Analyzer::request(Turn& turn, std::string_view text) {
  Head head = Head::read(text, Head::Kind::request, turn.side.head_end.odd());
  // Without a version, only a path tells it from any text.
  head.valid = head.valid && (head.version != "0.9" || ascii::begins(head.target, "/") ||
                              ascii::begins(head.target, "http://"));
  turn.side.head_size = 0;
  if (!head.valid) {
    turn.findings.anomaly(
        "http_bad_request_line", turn.direction, turn.origin(),
        http1::quoted(text.substr(0, text.find('\n'))) + " is no request, or one without a target");
    turn.at += text.size();
    turn.side.stage = Stage::start;
    const Transaction* last = transactions_.last();
    if (last == nullptr || last->record.request.seen) transactions_.open(turn.findings).request_done = true;
    return true;
  }
  const Framing framing = frame_request(head);
  tell_oddities(turn, head);
  Transaction& transaction = transactions_.open(turn.findings);
  begin_message(turn.direction, transaction);
  fill_request(transaction.record, head, turn.origin());
  transactions_.grew(transaction, text.size() + head.fields.size() * sizeof(HttpFields::value_type));
  const HttpMessage& message = transaction.record.request;
  transaction.switches = head.method == "CONNECT" || message.field("upgrade") != nullptr;
  turn.side.closes = http1::connection_says(message, "close");
  turn.findings.name_service("http");
  turn.at += text.size();
  return begin_body(turn, framing);
}

// A response that nobody asked for.
Transaction& Http1Analyzer::orphan(Turn& turn) {
  turn.findings.anomaly("http_response_without_request", turn.direction, turn.origin(),
                        "nobody asked, or it answers another request");
  Transaction& transaction = transactions_.open(turn.findings);
  transaction.request_done = true;
  return transaction;
}

bool Http1Analyzer::response(Turn& turn, std::string_view text) {
  Transaction* asked = transactions_.first();
  if (asked == nullptr && !turn.input.forced() && !asks_no_more_) return stop(Need::other_side);
  Head head = Head::read(text, Head::Kind::response, turn.side.head_end.odd());
  turn.side.head_size = 0;
  Transaction& transaction = asked == nullptr ? orphan(turn) : *asked;
  begin_message(turn.direction, transaction);
  const Framing framing = frame_response(head, transaction.record.method);
  tell_oddities(turn, head);
  fill_response(transaction.record, head, turn.origin());
  transactions_.grew(transaction, text.size() + head.fields.size() * sizeof(HttpFields::value_type));
  turn.findings.name_service("http");
  turn.side.closes = http1::connection_says(transaction.record.response, "close");
  turn.at += text.size();
  const bool connected = head.status / 100 == 2 && transaction.record.method == "CONNECT";
  if (head.status == 101 || connected) return switch_protocol(turn);
  interim_ = head.status / 100 == 1;
  if (!interim_ || framing.none_if_a_message_follows) return begin_body(turn, framing);
  interim();
  return true;
}

// What was taken for the response is one before it.
void Http1Analyzer::interim() {
  Side& side = this->side(TcpFlowDirection::server_to_client);
  Transaction& transaction = *std::exchange(side.transaction, nullptr);
  transaction.busy = this->side(TcpFlowDirection::client_to_server).transaction == &transaction;
  HttpRecord& record = transaction.record;
  record.info_status = std::exchange(record.status, 0U);
  record.info_reason = std::exchange(record.reason, {});
  record.response = {};
  interim_ = false;
  side.framing.reset();
  side.stage = Stage::start;
}

bool Http1Analyzer::switch_protocol(Turn& turn) {
  over_ = true;
  HttpRecord& record = turn.side.transaction->record;
  turn.findings.hand_over(http1::make_upgraded(record));
  record.response.complete = true;
  end_message(turn.direction, turn.findings);
  return stop(Need::nothing);
}

bool Http1Analyzer::begin_body(Turn& turn, Framing framing) {
  Side& side = turn.side;
  HttpRecord& record = side.transaction->record;
  if (framing.chunked_if_it_looks_so || framing.none_if_a_message_follows) {
    side.framing = std::make_unique<Framing>(framing);
    side.stage = Stage::choice;
    return true;
  }
  side.framing.reset();
  if (framing.kind == Framing::Kind::none || (framing.kind == Framing::Kind::length && framing.length == 0)) {
    (turn.from_client() ? record.request : record.response).complete = true;
    end_message(turn.direction, turn.findings);
    return true;
  }
  side.body = std::make_unique<http1::Body>(record, turn.direction, framing);
  side.stage = Stage::body;
  return true;
}

// What the head leaves open, the first bytes behind it decide.
bool Http1Analyzer::choice(Turn& turn) {
  if (turn.rest().empty()) return stop(Need::more);
  const Framing framing = *turn.side.framing;
  return framing.none_if_a_message_follows ? choice_of_none(turn, framing) : choice_of_chunks(turn, framing);
}

bool Http1Analyzer::choice_of_none(Turn& turn, Framing framing) {
  const std::string_view rest = turn.rest();
  if (http1::may_begin_response(rest)) {
    if (rest.size() < 5 && !turn.input.forced()) return stop(Need::more);
    if (!interim_) return begin_body(turn, {});
    interim();
    return true;
  }
  turn.findings.anomaly("http_body_not_allowed", turn.direction, turn.origin(),
                        "this response has no body, or " + http1::quoted(rest, 40) + " begins it");
  interim_ = false;
  framing.none_if_a_message_follows = false;
  return begin_body(turn, framing);
}

bool Http1Analyzer::choice_of_chunks(Turn& turn, Framing framing) {
  const http1::LooksChunked looks = http1::looks_chunked(turn.rest());
  if (looks == http1::LooksChunked::perhaps && !turn.input.forced()) return stop(Need::more);
  framing.chunked_if_it_looks_so = false;
  framing.kind = looks == http1::LooksChunked::yes ? Framing::Kind::chunked : framing.otherwise;
  return begin_body(turn, framing);
}

bool Http1Analyzer::body(Turn& turn) {
  switch (turn.side.body->read(turn.input, turn.at, turn.findings)) {
    case http1::Body::Progress::more:
      return stop(Need::more);
    case http1::Body::Progress::done:
      end_message(turn.direction, turn.findings);
      return true;
    case http1::Body::Progress::damaged:
      break;
  }
  end_message(turn.direction, turn.findings);
  turn.side.stage = Stage::raw;
  if (turn.from_client()) asks_no_more_ = true;
  return true;
}

}  // namespace restitch
