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

// ---- AnalyzerInput, FindingPlace -------------------------------------------------------------------

// The piece behind the one that holds `at`.
static std::span<const AnalyzerInput::Piece>::iterator piece_behind(
    std::span<const AnalyzerInput::Piece> pieces, std::size_t at) {
  return std::upper_bound(
      pieces.begin(), pieces.end(), at,
      [](std::size_t position, const AnalyzerInput::Piece& piece) { return position < piece.begin; });
}

std::size_t AnalyzerInput::run(std::size_t at) const {
  const auto behind = piece_behind(pieces_, at);
  return (behind == pieces_.end() ? bytes_.size() : behind->begin) - at;
}

Origin AnalyzerInput::origin(std::size_t at) const {
  const Piece& piece = *std::prev(piece_behind(pieces_, at));
  Origin origin = piece.origin;
  if (origin.size == 0) origin.offset += at - piece.begin;
  return origin;
}

NetFlow FindingPlace::net() const {
  NetFlow net = summary->net;
  if (turned) std::swap(net.source, net.destination);
  return net;
}

TransportFlow FindingPlace::transport() const {
  TransportFlow transport = summary->transport;
  if (turned) std::swap(transport.source_port, transport.destination_port);
  return transport;
}

// ---- Conversation ----------------------------------------------------------------------------------

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
    hold(side, bytes, origin);
    return detect(false);
  }
  if (side.done && !hands_over_) {
    side.offset += bytes.size();
    return;
  }
  if (!side.held.empty() || side.waits || side.done) {
    hold(side, bytes, origin);
    return advance(direction);
  }
  const AnalyzerInput::Piece piece{0, origin};
  const std::size_t consumed = ask(direction, bytes, {&piece, 1}, false);
  if (state_ == State::raw) return;
  if (consumed < bytes.size() && (!side.done || hands_over_)) {
    Origin rest = origin;
    if (rest.size == 0) rest.offset += consumed;
    hold(side, bytes.subspan(consumed), rest);
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
  if (state_ == State::detecting && analyzer_ == nullptr) {
    std::swap(sides_[0], sides_[1]);
    return;
  }
  swapped_ = !swapped_;
}

std::size_t Conversation::held() const { return sides_[0].held.capacity() + sides_[1].held.capacity(); }

// Joins what comes of the same packet, one for one.
void Conversation::hold(Side& side, Bytes bytes, const Origin& origin) {
  if (bytes.empty()) return;
  const std::size_t begin = side.held.size();
  if (side.pieces.empty() || origin.size != 0 || side.pieces.back().origin.size != 0 ||
      side.pieces.back().origin.packet != origin.packet ||
      side.pieces.back().origin.offset + (begin - side.pieces.back().begin) != origin.offset) {
    side.pieces.push_back({begin, origin});
  }
  side.held.insert(side.held.end(), bytes.begin(), bytes.end());
}

void Conversation::forget(Side& side) {
  std::vector<std::uint8_t>().swap(side.held);
  std::vector<AnalyzerInput::Piece>().swap(side.pieces);
}

void Conversation::drop(Side& side, std::size_t size) {
  if (size == 0) return;
  side.offset += size;
  if (size == side.held.size()) {
    // Most connections hold nothing most of the time.
    forget(side);
    return;
  }
  side.held.erase(side.held.begin(), side.held.begin() + static_cast<std::ptrdiff_t>(size));
  auto first = std::upper_bound(
      side.pieces.begin(), side.pieces.end(), size,
      [](std::size_t position, const AnalyzerInput::Piece& piece) { return position < piece.begin; });
  side.pieces.erase(side.pieces.begin(), std::prev(first));
  for (AnalyzerInput::Piece& piece : side.pieces) {
    if (piece.begin >= size) {
      piece.begin -= size;
    } else {
      if (piece.origin.size == 0) piece.origin.offset += size - piece.begin;
      piece.begin = 0;
    }
  }
}

void Conversation::detect(bool forced) {
  const bool full = std::max(sides_[0].held.size(), sides_[1].held.size()) > detected_max;
  const bool turnable = outer_ == nullptr && !summary_.client_known;
  const Choice choice = choose(sides_[0].held, sides_[1].held, turnable);
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
  const bool turnable = outer_ == nullptr && !summary_.client_known;
  const Choice choice = choose(from_client ? bytes : Bytes(), from_client ? Bytes() : bytes, turnable);
  if (choice.protocol == nullptr) return;
  if (choice.turned) {
    swapped_ = !swapped_;
    direction = reverse(direction);
  }
  for (Side& side : sides_) side = {};
  hold(sides_[index(direction)], bytes, origin);
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
  const std::size_t consumed = ask(direction, side.held, side.pieces, forced);
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
  looks_again_ = looks_again_ || (outer_ == nullptr && !summary_.client_known);
  state_ = State::raw;
  for (Side& side : sides_) {
    forget(side);
  }
}

FindingPlace Conversation::place() const {
  const Conversation* root = this;
  while (root->outer_ != nullptr) root = root->outer_;
  return {&summary_, root->swapped_, layer_};
}

void Conversation::name_service(std::string_view name) {
  Conversation* root = this;
  while (root->outer_ != nullptr) root = root->outer_;
  std::string& names = root->service_;
  for (std::string_view rest = names; !rest.empty();) {
    const std::size_t size = std::min(rest.find(','), rest.size());
    if (rest.substr(0, size) == name) return;
    rest.remove_prefix(std::min(size + 1, rest.size()));
  }
  if (!names.empty()) names += ',';
  names += name;
}

// ---- Findings --------------------------------------------------------------------------------------

void Findings::record(const AppRecord& record) { conversation_.sink_.record(place(), record); }

ObjectNumber Findings::begin_object(const ObjectHead& head) {
  Conversation* root = &conversation_;
  while (root->outer_ != nullptr) root = root->outer_;
  const ObjectNumber object = root->objects_++;
  conversation_.sink_.begin_object(place(), object, head);
  return object;
}

void Findings::object_data(ObjectNumber object, Bytes bytes, const Origin& origin) {
  if (!bytes.empty()) conversation_.sink_.object_data(place(), object, bytes, origin);
}

void Findings::object_gap(ObjectNumber object, std::uint64_t size) {
  if (size != 0) conversation_.sink_.object_gap(place(), object, size);
}

void Findings::end_object(ObjectNumber object, const ObjectEnd& end) {
  conversation_.sink_.end_object(place(), object, end);
}

void Findings::anomaly(std::string_view what, TcpFlowDirection direction, const Origin& origin,
                       std::string detail) {
  record(AnomalyRecord{what, direction, origin, std::move(detail)});
}

void Findings::hand_over(std::unique_ptr<Analyzer> successor) {
  conversation_.successor_ = std::move(successor);
  conversation_.hands_over_ = true;
}

std::unique_ptr<Conversation> Findings::nest(std::string_view layer, std::unique_ptr<Analyzer> analyzer) {
  if (conversation_.depth_ + 1 > services().limits().depth_max) {
    anomaly("nested_too_deep", TcpFlowDirection::client_to_server, {});
    return nullptr;
  }
  return std::make_unique<Conversation>(conversation_, layer, std::move(analyzer));
}

bool Findings::ended(TcpFlowDirection direction) const {
  return conversation_.sides_[Conversation::index(direction)].ended;
}

AppServices& Findings::services() { return conversation_.services_; }

void Findings::name_service(std::string_view name) { conversation_.name_service(name); }

FindingPlace Findings::place() const { return conversation_.place(); }

const std::string* HttpMessage::field(std::string_view name) const {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto fits = [&](const auto& field) {
    return std::equal(field.first.begin(), field.first.end(), name.begin(), name.end(),
                      [&](char a, char b) { return lower(a) == b; });
  };
  const auto found = std::find_if(fields.begin(), fields.end(), fits);
  return found == fields.end() ? nullptr : &found->second;
}

}  // namespace restitch
