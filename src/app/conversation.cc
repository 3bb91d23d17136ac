#include "restitch/app/conversation.h"

#include <algorithm>
#include <utility>

#include "app/ftp_data_analyzer.h"
#include "app/protocols.h"

namespace restitch {
namespace {

constexpr std::array<TcpFlowDirection, 2> both = {TcpFlowDirection::client_to_server,
                                                  TcpFlowDirection::server_to_client};

// A packet that begins a protocol is looked for so often where the beginning of a stream is missing.
constexpr unsigned retries_max = 1'000;

struct Choice {
  const Protocol* protocol = nullptr;
  bool turned = false;
  bool perhaps = false;  // none yet, but more bytes may tell
};

Choice choose(Bytes client, Bytes server, bool turnable) {
  Choice choice;
  for (const Protocol& protocol : protocols()) {
    for (const bool turned : {false, true}) {
      if (turned && !turnable) continue;
      const Fit fit = turned ? protocol.fit(server, client) : protocol.fit(client, server);
      if (fit == Fit::yes) return {&protocol, turned, false};
      if (fit == Fit::perhaps) choice.perhaps = true;
    }
  }
  return choice;
}

}  // namespace

Conversation::Conversation(AppServices& services, FindingsSink& sink, const ConnectionSummary& summary)
    : services_(services), sink_(sink), summary_(summary) {}

Conversation::Conversation(Conversation& outer, std::string_view layer, std::unique_ptr<Analyzer> analyzer)
    : services_(outer.services_),
      sink_(outer.sink_),
      summary_(outer.summary_),
      outer_(&outer),
      layer_(outer.layer_.empty() ? std::string(layer) : outer.layer_ + "/" + std::string(layer)),
      depth_(outer.depth_ + 1),
      state_(analyzer ? State::analyzing : State::detecting),
      analyzer_(std::move(analyzer)) {}

Conversation::~Conversation() = default;

void Conversation::data(TcpFlowDirection direction, Bytes bytes, const Origin& origin) {
  if (bytes.empty() || closed_) return;
  direction = seen(direction);
  if (outer_ != nullptr) sink_.plain(place(), direction, bytes, origin);
  Side& side = sides_[index(direction)];
  if (state_ == State::raw) {
    if (!looks_again_) return;
    if (++retries_ > retries_max) looks_again_ = false;
    return look_again(direction, bytes, origin);
  }
  if (state_ == State::detecting && !was_expected(origin)) {
    side.held.add(bytes, origin);
    return detect(false);
  }
  if (side.done && !hands_over_) {
    side.offset += bytes.size();
    return;
  }
  if (!side.held.empty() || side.waits || side.done) {
    side.held.add(bytes, origin);
    return advance(direction);
  }
  const AnalyzerInput::Piece piece{0, origin};
  const std::size_t consumed = ask(direction, bytes, {&piece, 1}, false);
  if (state_ == State::raw) return;
  if (consumed < bytes.size() && (!side.done || hands_over_)) {
    Origin rest = origin;
    if (rest.size == 0) rest.offset += consumed;
    side.held.add(bytes.subspan(consumed), rest);
  } else {
    side.offset += bytes.size() - consumed;
  }
  advance_other(direction, consumed);
}

// At the first byte: whether another connection asked for this one.
bool Conversation::was_expected(const Origin& origin) {
  if (outer_ != nullptr || services_.expected_if_any() == nullptr) return false;
  if (!sides_[0].held.empty() || !sides_[1].held.empty() || !service_.empty()) return false;
  analyzer_ = FtpDataAnalyzer::make(services_, summary_, origin.time);
  if (analyzer_ == nullptr) return false;
  state_ = State::analyzing;
  looks_again_ = false;
  return true;
}

void Conversation::gap(TcpFlowDirection direction, std::uint64_t size) {
  if (closed_) return;
  direction = seen(direction);
  if (outer_ != nullptr) sink_.plain_gap(place(), direction, size);
  Side& side = sides_[index(direction)];
  if (state_ == State::detecting) {
    looks_again_ = true;
    if (!side.held.empty()) detect(true);
  }
  if (state_ == State::raw) {
    looks_again_ = true;
    return;
  }
  if (state_ == State::analyzing && !side.done) {
    force(direction);
    if (state_ == State::analyzing && !side.done) {
      Findings findings(*this);
      analyzer_->gap(direction, size, findings);
    }
  }
  side.offset += size;
}

void Conversation::end(TcpFlowDirection direction) {
  if (closed_) return;
  direction = seen(direction);
  Side& side = sides_[index(direction)];
  side.ended = true;
  if (state_ == State::detecting && sides_[index(reverse(direction))].ended) detect(true);
  if (state_ == State::analyzing && !side.waits) tell_end(direction);
}

void Conversation::close() {
  if (closed_) return;
  if (state_ == State::detecting) detect(true);
  // What one side says may be what the other waits for.
  for (int round = 0; round < 2 && state_ == State::analyzing; ++round) {
    for (const TcpFlowDirection direction : both) {
      if (state_ == State::analyzing) advance(direction);
    }
  }
  for (const TcpFlowDirection direction : both) {
    if (state_ == State::analyzing && !sides_[index(direction)].done) force(direction);
  }
  for (const TcpFlowDirection direction : both) {
    if (state_ == State::analyzing) tell_end(direction);
  }
  closed_ = true;
  retire();
  state_ = State::raw;
}

void Conversation::swap_roles() {
  if (state_ == State::detecting) {
    std::swap(sides_[0], sides_[1]);
    return;
  }
  swapped_ = !swapped_;
}

std::size_t Conversation::held() const { return sides_[0].held.capacity() + sides_[1].held.capacity(); }

void Conversation::drop(Side& side, std::size_t size) {
  side.offset += size;
  side.held.drop(size);
}

void Conversation::detect(bool forced) {
  const bool full = std::max(sides_[0].held.size(), sides_[1].held.size()) > detected_max;
  const Choice choice = choose(sides_[0].held.bytes(), sides_[1].held.bytes(), turnable());
  if (choice.protocol == nullptr) {
    if (!choice.perhaps || forced || full) give_up();
    return;
  }
  if (choice.turned) {
    std::swap(sides_[0], sides_[1]);
    swapped_ = !swapped_;
  }
  begin(*choice.protocol);
}

void Conversation::begin(const Protocol& protocol) {
  analyzer_ = protocol.make(services_);
  state_ = State::analyzing;
  looks_again_ = false;
  for (const TcpFlowDirection direction : both) {
    if (state_ == State::analyzing) advance(direction);
  }
}

// The beginning of the stream, or a part of it, is missing: each packet may begin something that is known.
void Conversation::look_again(TcpFlowDirection direction, Bytes bytes, const Origin& origin) {
  const bool from_client = direction == TcpFlowDirection::client_to_server;
  const Choice choice = choose(from_client ? bytes : Bytes(), from_client ? Bytes() : bytes, turnable());
  if (choice.protocol == nullptr) return;
  if (choice.turned) {
    swapped_ = !swapped_;
    direction = reverse(direction);
  }
  for (Side& side : sides_) side = {};
  sides_[index(direction)].held.add(bytes, origin);
  begin(*choice.protocol);
}

// Asks the analyzer, and acts by its answer. Answers how much it consumed.
std::size_t Conversation::ask(TcpFlowDirection direction, Bytes bytes,
                              std::span<const AnalyzerInput::Piece> pieces, bool forced) {
  Side& side = sides_[index(direction)];
  Findings findings(*this);
  const AnalyzerInput input(bytes, pieces, side.offset, forced);
  const AnalyzerAnswer answer = analyzer_->take(direction, input, findings);
  const std::size_t consumed = std::min(answer.consumed, bytes.size());
  side.offset += consumed;
  side.waits = answer.need == Need::other_side;
  switch (answer.need) {
    case Need::more:
    case Need::other_side:
      break;
    case Need::nothing:
      side.done = true;
      break;
    case Need::foreign:
      give_up();
      break;
  }
  return consumed;
}

// Offers what is held of a direction, as long as the analyzer moves on; then that of the other one.
void Conversation::advance(TcpFlowDirection direction) {
  const std::size_t consumed = offer(direction, false);
  if (state_ != State::analyzing) return;
  Side& side = sides_[index(direction)];
  if (side.held.size() > Analyzer::held_max && !side.done) force(direction);
  if (side.done && side.held.size() > Analyzer::held_max) drop(side, side.held.size());
  advance_other(direction, consumed);
}

void Conversation::advance_other(TcpFlowDirection direction, std::size_t consumed) {
  TcpFlowDirection at = reverse(direction);
  // Each turn consumes something, so that it ends.
  for (bool moved = consumed != 0 || sides_[index(direction)].done; moved && state_ == State::analyzing;) {
    Side& side = sides_[index(at)];
    if (hands_over_ && sides_[0].done && sides_[1].done) return succeed();
    if (side.done || !(side.waits || hands_over_)) break;
    const bool was_done = side.done;
    moved = offer(at, false) != 0 || (state_ == State::analyzing && side.done && !was_done);
    if (state_ == State::analyzing && side.ended && !side.waits) tell_end(at);
    at = reverse(at);
  }
  if (state_ == State::analyzing && hands_over_ && sides_[0].done && sides_[1].done) succeed();
}

// Answers how much was consumed.
std::size_t Conversation::offer(TcpFlowDirection direction, bool forced) {
  Side& side = sides_[index(direction)];
  if (side.done || state_ != State::analyzing) return 0;
  // The analyzer must not see its input move while nested calls come in.
  const std::size_t consumed = ask(direction, side.held.bytes(), side.held.pieces(), forced);
  if (state_ == State::analyzing) drop(side, consumed);
  if (state_ == State::analyzing && side.done && !hands_over_) drop(side, side.held.size());
  return consumed;
}

// What is held is offered for the last time.
void Conversation::force(TcpFlowDirection direction) {
  Side& side = sides_[index(direction)];
  if (side.held.empty()) return;
  offer(direction, true);
  if (state_ != State::analyzing || side.done) return;
  side.waits = false;
  if (side.held.empty()) return;
  const std::size_t left = side.held.size();
  drop(side, left);
  Findings findings(*this);
  analyzer_->gap(direction, left, findings);
}

void Conversation::tell_end(TcpFlowDirection direction) {
  Side& side = sides_[index(direction)];
  if (side.end_told || side.done) return;
  side.end_told = true;
  force(direction);
  if (state_ != State::analyzing || side.done) return;
  Findings findings(*this);
  analyzer_->end(direction, findings);
  if (state_ == State::analyzing) advance_other(direction, 1);
}

// The next analyzer takes over what is held.
void Conversation::succeed() {
  std::unique_ptr<Analyzer> successor = std::move(successor_);
  retire();
  hands_over_ = false;
  for (Side& side : sides_) {
    side.done = side.waits = side.end_told = false;
    side.offset = 0;
  }
  if (successor != nullptr) {
    analyzer_ = std::move(successor);
    for (const TcpFlowDirection direction : both) {
      if (state_ == State::analyzing && !sides_[index(direction)].held.empty()) advance(direction);
    }
    return;
  }
  state_ = State::detecting;
  if (!sides_[0].held.empty() || !sides_[1].held.empty()) detect(false);
}

void Conversation::retire() {
  if (analyzer_ == nullptr) return;
  Findings findings(*this);
  analyzer_->close(findings);
  analyzer_.reset();
}

void Conversation::give_up() {
  retire();
  looks_again_ = looks_again_ || turnable();
  state_ = State::raw;
  for (Side& side : sides_) side.held.clear();
}

Conversation& Conversation::outermost() {
  Conversation* outermost = this;
  while (outermost->outer_ != nullptr) outermost = outermost->outer_;
  return *outermost;
}

FindingPlace Conversation::place() { return {&summary_, outermost().swapped_, layer_}; }

void Conversation::name_service(std::string_view name) {
  std::string& names = outermost().service_;
  for (std::string_view rest = names; !rest.empty();) {
    const std::size_t size = std::min(rest.find(','), rest.size());
    if (rest.substr(0, size) == name) return;
    rest.remove_prefix(std::min(size + 1, rest.size()));
  }
  if (!names.empty()) names += ',';
  names += name;
}

}  // namespace restitch
