#include <algorithm>
#include <cctype>
#include <functional>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "restitch/output_tails.h"
#include "restitch/output_trace.h"

namespace restitch {
namespace {

// The letters that stand in a history once for each end point, or again only for another sequence number.
enum : std::uint8_t {
  letter_syn = 1,
  letter_fin = 2,
  letter_rst = 4,
  letter_data = 8,
  letter_ack = 16,
  letter_flags = 32,
};

// A step further than this is no step in the same stream.
constexpr std::int32_t step_max = 1 << 20;

bool silent(EndpointState state) {
  return state == EndpointState::inactive || state == EndpointState::partial;
}

// Whether a history is that of a SYN, and of a RST behind it that follows nothing else of its sender.
bool gave_up(std::string_view history) {
  if (history.starts_with('^')) history.remove_prefix(1);
  const std::size_t rst = history.find('R');
  return history.starts_with('S') && rst != std::string_view::npos &&
         history.substr(0, rst).find_first_of("HAFGIQ") == std::string_view::npos;
}

void toggle_case(std::string& letters) {
  for (char& letter : letters) {
    if (std::isalpha(static_cast<unsigned char>(letter)) != 0) letter = static_cast<char>(letter ^ 0x20);
  }
}

}  // namespace

// ---- ConnectionTrace -------------------------------------------------------------------------------

std::string_view ConnectionTrace::state() const {
  using State = EndpointState;
  const State client = ends[0].state;
  const State server = ends[1].state;
  if (server == State::reset) {
    const bool refused = client == State::syn_sent || client == State::syn_ack_sent ||
                         (client == State::reset && ends[0].size == 0 && ends[1].size == 0);
    if (refused) return "REJ";
    return silent(client) ? "RSTRH" : "RSTR";
  }
  if (client == State::reset && silent(server)) return gave_up(history) ? "RSTOS0" : "OTH";
  if (client == State::reset) return "RSTO";
  if (client == State::closed && server == State::closed) return "SF";
  if (client == State::closed) return silent(server) ? "SH" : "S2";
  if (server == State::closed) return silent(client) ? "SHR" : "S3";
  if (client == State::syn_sent && server == State::inactive) return "S0";
  return client == State::established && server == State::established ? "S1" : "OTH";
}

void ConnectionTrace::swap_roles() {
  std::swap(ends[0], ends[1]);
  toggle_case(history);
  server_began = !server_began;
}

// ---- ConnectionTracer ------------------------------------------------------------------------------

void ConnectionTracer::note_packet(const TcpSegment& tcp, TcpFlowDirection direction, Timestamp time,
                                   std::size_t frame_size, std::size_t ip_size) {
  const auto side = static_cast<std::size_t>(direction);
  End& end = ends_[side];
  const std::size_t headers = std::size_t{tcp.network_words} * 4 + 20 + tcp.options.size();
  const auto size = static_cast<std::uint32_t>(
      std::max(tcp.payload.size() + tcp.missing_size, std::max(ip_size, headers) - headers));
  if (ends_[0].seen.packets + ends_[1].seen.packets == 0) {
    server_began_ = direction == TcpFlowDirection::server_to_client;
    first_seen_ = last_seen_ = time;
  }
  if (!ends_[0].closed || !ends_[1].closed) last_seen_ = std::max(last_seen_, time);
  ++end.seen.packets;
  end.seen.frame_bytes += frame_size;
  end.seen.ip_bytes += headers + size;
  end.seen.flags = {static_cast<std::uint8_t>(end.seen.flags.bits | tcp.flags.bits)};
  note_history(tcp, side, size);
  note_sequence(tcp, side, size);
  if (tcp.window == 0 && !tcp.rst() && ends_[1 - side].seen.state != EndpointState::closed &&
      end.seen.state != EndpointState::reset) {
    add_scaled('w', side, end.closed_windows);
  }
  note_state(tcp, side);
  if (tcp.fin() || tcp.rst()) note_end(side);
  if (tcp.ack() && !tcp.rst()) note_ack(tcp, side);
}

void ConnectionTracer::add(char letter, std::size_t side) {
  history_ += side == 0 ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter))) : letter;
}

void ConnectionTracer::add_scaled(char letter, std::size_t side, Scaled& scaled) {
  if (++scaled.count != scaled.next) return;
  add(letter, side);
  constexpr std::uint32_t last = 1'000'000'000;
  scaled.next = scaled.next >= last ? 0 : scaled.next * 10;
}

bool ConnectionTracer::add_once(char letter, std::uint8_t bit, std::size_t side) {
  std::uint8_t& letters = ends_[side].letters;
  if ((letters & bit) != 0) return false;
  letters |= bit;
  add(letter, side);
  return true;
}

void ConnectionTracer::note_history(const TcpSegment& tcp, std::size_t side, std::uint32_t size) {
  End& end = ends_[side];
  const int exclusive = int{tcp.syn()} + int{tcp.fin()} + int{tcp.rst()};
  // Again where it is another one.
  const auto note = [&](char letter, std::uint8_t bit, Sequence& last, Sequence at) {
    if (!add_once(letter, bit, side) && last != at && history_.size() < 1000) add(letter, side);
    last = at;
  };
  if (exclusive > 1) {
    add_once(tcp.fin() && tcp.rst() ? 'i' : 'q', letter_flags, side);
  } else if (tcp.syn()) {
    note(tcp.ack() ? 'h' : 's', letter_syn, end.syn_at, tcp.sequence);
  } else if (tcp.fin()) {
    note('f', letter_fin, end.fin_at, tcp.sequence.add(size));
  } else if (tcp.rst()) {
    note('r', letter_rst, end.rst_at, tcp.sequence);
  } else if (size != 0) {
    add_once('d', letter_data, side);
  } else if (tcp.ack()) {
    add_once('a', letter_ack, side);
  }
}

void ConnectionTracer::note_sequence(const TcpSegment& tcp, std::size_t side, std::uint32_t size) {
  End& end = ends_[side];
  const Sequence first = tcp.sequence;
  const Sequence next =
      first.add(std::int64_t{tcp.rst() ? 0 : size} + (tcp.syn() ? 1 : 0) + (tcp.fin() ? 1 : 0));
  if (tcp.fin()) end.fin = true;
  const auto begin = [&](Sequence start, Sequence last) {
    end.start = end.acked = start;
    end.last = last;
    end.acked_offset = 0;
    end.last_offset = static_cast<std::uint32_t>(start.difference(last));
  };
  if (!std::exchange(end.begun, true)) {
    end.seen.fresh = tcp.rst() ? 0 : size;
    // Of a stream that is joined later, a SYN is taken to stand before what came first.
    if (tcp.syn()) {
      begin(first, next);
    } else {
      begin(first.add(-1), next);
    }
    return;
  }
  const EndpointState state = end.seen.state;
  const bool opening = state == EndpointState::syn_sent || state == EndpointState::syn_ack_sent;
  const bool anew = tcp.syn() && first != end.start &&
                    (opening || (state == EndpointState::reset && end.before == EndpointState::inactive));
  if (anew) return begin(first, next);
  const std::int32_t step = end.last.difference(next);
  if ((tcp.syn() || tcp.rst()) && (step > step_max || step < -step_max)) return;
  if (state == EndpointState::reset) return;
  if (step > 0) {
    end.seen.fresh += std::min<std::uint64_t>(size, static_cast<std::uint32_t>(step));
    end.last = next;
    end.last_offset += static_cast<std::uint32_t>(step);
  } else if (size != 0) {
    add_scaled('t', side, end.again);
  }
}

void ConnectionTracer::set(End& end, EndpointState state) {
  end.before = end.seen.state;
  end.seen.state = state;
}

void ConnectionTracer::note_state(const TcpSegment& tcp, std::size_t side) {
  using State = EndpointState;
  End& end = ends_[side];
  End& other = ends_[1 - side];
  const State state = end.seen.state;
  const State others = other.seen.state;
  if (state == State::reset) return;
  const bool shakes_hands = tcp.syn() || others == State::syn_ack_sent;
  if (state == State::inactive && !shakes_hands) joined_ = true;
  if (tcp.rst()) {
    if (state != State::closed || others != State::closed) set(end, State::reset);
    return;
  }
  if (state == State::closed) return;
  if (tcp.fin()) {
    // Whoever closed, and answers what still comes with a reset, closed all the same.
    if (state != State::inactive && others == State::reset && other.before == State::closed) {
      set(other, State::closed);
    }
    return set(end, State::closed);
  }
  const auto establish = [&] {
    set(end, State::established);
    if (others == State::syn_sent || others == State::syn_ack_sent) set(other, State::established);
  };
  if (state == State::inactive) {
    if (tcp.syn()) {
      if (tcp.ack() && others == State::syn_sent) return establish();
      return set(end, tcp.ack() ? State::syn_ack_sent : State::syn_sent);
    }
    return others == State::syn_ack_sent ? establish() : set(end, State::partial);
  }
  const bool opening = state == State::syn_sent || state == State::syn_ack_sent;
  if (opening && tcp.ack() && (others == State::syn_ack_sent || (others == State::syn_sent && tcp.syn()))) {
    establish();
  }
}

void ConnectionTracer::note_end(std::size_t side) {
  End& end = ends_[side];
  const End& other = ends_[1 - side];
  const EndpointState state = end.seen.state;
  if (state != EndpointState::closed && state != EndpointState::reset) return;
  if (std::exchange(end.closed, true)) return;
  const bool all =
      state == EndpointState::reset || other.closed || other.seen.state == EndpointState::inactive;
  if (!all || std::exchange(finished_, true)) return;
  finished_at_ = last_seen_;
}

void ConnectionTracer::note_ack(const TcpSegment& tcp, std::size_t side) {
  End& other = ends_[1 - side];
  if (!other.begun) {
    // Its own numbers are not known yet.
    return;
  }
  const std::int32_t step = other.acked.difference(tcp.acknowledgment);
  if (step <= 0 || other.acked_offset + static_cast<std::uint32_t>(step) > other.last_offset + step_max)
    return;
  other.acked = tcp.acknowledgment;
  other.acked_offset += static_cast<std::uint32_t>(step);
}

void ConnectionTracer::note_gap(TcpFlowDirection direction) {
  const auto side = static_cast<std::size_t>(direction);
  add_scaled('g', side, ends_[side].gaps);
}

void ConnectionTracer::swap_roles() {
  std::swap(ends_[0], ends_[1]);
  toggle_case(history_);
  server_began_ = !server_began_;
}

std::uint64_t ConnectionTracer::size_of(const End& end, const End& other) const {
  const bool unheard = end.before == EndpointState::syn_sent && end.seen.state == EndpointState::reset &&
                       other.seen.state == EndpointState::inactive;
  if (!end.begun || unheard) return 0;
  std::uint64_t size = std::max(end.last_offset, end.acked_offset);
  if (size > 0) --size;             // the SYN
  if (end.fin && size > 0) --size;  // the FIN
  return size;
}

ConnectionTrace ConnectionTracer::trace() const {
  ConnectionTrace trace;
  for (std::size_t side = 0; side < ends_.size(); ++side) {
    trace.ends[side] = ends_[side].seen;
    trace.ends[side].size = size_of(ends_[side], ends_[1 - side]);
    trace.ends[side].fin_acked = ends_[side].fin && ends_[side].acked_offset >= ends_[side].last_offset;
  }
  trace.history = history_;
  trace.server_began = server_began_;
  trace.joined = joined_;
  trace.first_seen = first_seen_;
  trace.last_seen = last_seen_;
  return trace;
}

// ---- RowTracer -------------------------------------------------------------------------------------

void RowTracer::note_packet(const TcpSegment& tcp, TcpFlowDirection direction, Timestamp time,
                            std::size_t frame_size, std::size_t ip_size) {
  const ConnectionTracer& row = row_ == nullptr ? whole_ : *row_;
  if (row.is_over(time) && rows_.size() + 1 < rows_max) [[unlikely]] {
    rows_.push_back(row.trace());
    row_ = std::make_unique<ConnectionTracer>();
  }
  whole_.note_packet(tcp, direction, time, frame_size, ip_size);
  if (row_ != nullptr) row_->note_packet(tcp, direction, time, frame_size, ip_size);
}

bool RowTracer::note_tail(const TcpSegment& tcp, TcpFlowDirection direction, Timestamp time,
                          std::size_t ip_size) {
  if (row_ == nullptr) row_ = std::make_unique<ConnectionTracer>(whole_);
  if (row_->is_over(time)) return false;
  row_->note_packet(tcp, direction, time, 0, ip_size);
  return true;
}

void RowTracer::note_gap(TcpFlowDirection direction) {
  whole_.note_gap(direction);
  if (row_ != nullptr) row_->note_gap(direction);
}

void RowTracer::swap_roles() {
  whole_.swap_roles();
  if (row_ != nullptr) row_->swap_roles();
  for (ConnectionTrace& row : rows_) row.swap_roles();
}

std::vector<ConnectionTrace> RowTracer::rows(const std::string& service) const {
  std::vector<ConnectionTrace> rows;
  if (row_ == nullptr) return rows;
  rows = rows_;
  rows.push_back(row_->trace());
  // It was known by what was said first.
  const auto speaks = [](const ConnectionTrace& row) { return row.ends[0].size + row.ends[1].size != 0; };
  const auto first = std::find_if(rows.begin(), rows.end(), speaks);
  if (first != rows.end()) first->service = service;
  return rows;
}

// ---- TraceStream -----------------------------------------------------------------------------------

std::size_t ip_size_of(const TcpSegment& tcp, Bytes frame) {
  const std::size_t network = std::size_t{tcp.network_words} * 4;
  if (network < 20 || frame.empty() || tcp.bytes.empty()) return 0;
  // Of a datagram that came in fragments, they lie elsewhere.
  const std::uint8_t* const at = tcp.bytes.data();
  const std::less<> before;
  if (before(at, frame.data()) || !before(at, frame.data() + frame.size())) return 0;
  if (static_cast<std::size_t>(at - frame.data()) < network) return 0;
  const std::uint8_t* const header = at - network;
  return (header[0] >> 4) == 4 ? load_be16(header + 2) : load_be16(header + 4) + std::size_t{40};
}

void TraceStream::add(Head& head, const ScatterGather& sg) {
  if (sg.info().skip != 0) head.over = true;
  for (const ScatterGather::Chunk& chunk : sg.chunks()) {
    if (head.over || head.size == Head::size_max) return;
    const Bytes bytes = chunk.bytes.first(std::min(chunk.bytes.size(), Head::size_max - head.size));
    std::copy(bytes.begin(), bytes.end(), head.bytes.begin() + static_cast<std::ptrdiff_t>(head.size));
    head.size += bytes.size();
  }
}

void TraceStream::reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
  const auto side = static_cast<std::size_t>(sg.info().direction);
  if (sg.info().skip > 0) tracer_.note_gap(sg.info().direction);
  Head& head = heads_[side];
  // STARTTLS and its like: each side sends nothing else before the hello is answered, so it begins a packet.
  if (head.size != 0 && !sg.chunks().empty() && is_client_hello(sg.chunks()[0].bytes)) head.tls = true;
  if (head.size < Head::size_max && !head.over) add(head, sg);
  notes_.reassembled_sg(sg, context);
}

bool TraceStream::reassembly_complete(AssemblerContext* context, EndReason reason) {
  auto trace = std::make_shared<ConnectionTrace>(tracer_.trace());
  const auto head = [&](std::size_t side) { return Bytes(heads_[side].bytes).first(heads_[side].size); };
  trace->service = service_.empty() ? identify_service(head(0), head(1)) : service_;
  constexpr std::string_view ssl = "ssl";
  if (service_.empty() && heads_[0].tls && !trace->service.empty() && trace->service != ssl)
    trace->service.append(",").append(ssl);
  trace->rows = tracer_.rows(trace->service);
  ConnectionSummary& summary = notes_.summary();
  summary.trace = std::move(trace);
  const PacketContext* const packet = context == nullptr ? nullptr : context_of(*context);
  const bool waits = tails_ != nullptr && packet != nullptr && packet->elapsed().known() &&
                     (reason == EndReason::fin || reason == EndReason::rst);
  if (!waits) return notes_.reassembly_complete(context, reason);
  tails_->wait(summary, reason, std::move(tracer_), *packet);
  return true;
}

void TraceStream::on_event(const Event& event) {
  if (event.kind == EventKind::roles_swapped) {
    tracer_.swap_roles();
    std::swap(heads_[0], heads_[1]);
  }
  notes_.on_event(event);
}

}  // namespace restitch
