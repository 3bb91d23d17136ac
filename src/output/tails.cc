#include <utility>

#include "restitch/output_tails.h"

namespace restitch {

void ConnectionTails::wait(ConnectionSummary& summary, EndReason reason, RowTracer tracer,
                           const PacketContext& packet) {
  const detail::DirectedKey key = detail::make_key(summary.net, summary.transport);
  const Place place{ends_of(key.key), packet.rank()};
  waiting_.insert_or_assign(place, Tail{&summary, reason, key.from_high, false, std::move(tracer)});
  turns_.push_back({packet.elapsed(), place});
  if (waiting_.size() > waiting_max) close_first();
}

void ConnectionTails::look_at(std::span<const AssemblerPacket> packets) {
  if (waiting_.empty()) return;
  for (const AssemblerPacket& packet : packets) {
    const auto& context = static_cast<const PacketContext&>(*packet.context);
    if (!context.shown()) note(packet.decoded, context);
  }
}

// A SYN asks for another connection.
void ConnectionTails::note(const DecodedPacket& packet, const PacketContext& context) {
  if (packet.tcp.syn() && !packet.tcp.ack()) return;
  const detail::DirectedKey key = detail::make_key(packet.net, packet.tcp.transport());
  // Of several with these ends, the last that had ended by then.
  auto found = waiting_.lower_bound({ends_of(key.key), context.rank()});
  if (found == waiting_.begin() || (--found)->first.first != ends_of(key.key)) return;
  Tail& tail = found->second;
  const auto direction = key.from_high == tail.client_is_high ? TcpFlowDirection::client_to_server
                                                              : TcpFlowDirection::server_to_client;
  tail.came |= tail.tracer.note_tail(packet.tcp, direction, context.capture_info().timestamp,
                                     ip_size_of(packet.tcp, context.frame()));
}

// Twice as long as what is counted: packets may be out of order.
void ConnectionTails::advance(Elapsed elapsed) {
  if (stalled_ && !turns_.empty() && stalled_()) return finish();
  constexpr std::int64_t delay = 2 * ConnectionTracer::close_delay_ns;
  while (!turns_.empty() && elapsed.ns() - turns_.front().ended.ns() > delay) close_first();
}

void ConnectionTails::finish() {
  while (!turns_.empty()) close_first();
}

void ConnectionTails::close_first() {
  const auto at = waiting_.find(turns_.front().place);
  Tail& tail = at->second;
  if (tail.came) {
    auto trace = std::make_shared<ConnectionTrace>(*tail.summary->trace);
    trace->rows = tail.tracer.rows(trace->service);
    tail.summary->trace = std::move(trace);
  }
  log_.close(*tail.summary, tail.reason);
  waiting_.erase(at);
  turns_.pop_front();
}

}  // namespace restitch
