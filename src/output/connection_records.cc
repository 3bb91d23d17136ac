#include "output/connection_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "output/text.h"
#include "restitch/output_ids.h"
#include "restitch/output_trace.h"

namespace restitch {
namespace {

constexpr std::uint64_t protocol_tcp = 6;

template <class... Cells>
void set(LogRow& row, Cells&&... cells) {
  row.clear();
  (row.emplace_back(std::forward<Cells>(cells)), ...);
}

LogCell text(std::string_view value) {
  return value.empty() ? LogCell() : LogCell(std::in_place_type<std::string>, value);
}

// ---- Zeek ------------------------------------------------------------------------------------------

// Ports at which Zeek expects a server, by its own scripts. Of a connection that is joined later it takes
// the end point with such a port for the server.
bool is_server_port(std::uint16_t port) {
  constexpr auto ports = std::to_array<std::uint16_t>(
      {21,   22,   25,   53,   80,   81,   88,   110,  135,  137,  139,  143,  389,
       443,  445,  502,  563,  585,  587,  614,  631,  636,  750,  989,  990,  992,
       993,  995,  1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5060, 5222, 5223,
       5269, 5353, 5355, 5432, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000});
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

// Addresses that are nobody's in the Internet (RFC 6890), which Zeek takes for local ones.
bool is_local(const IpAddress& address) {
  const std::uint8_t* const b = address.bytes.data() + (address.version == 4 ? 12 : 0);
  if (address.version == 4) {
    return b[0] == 10 || b[0] == 127 || (b[0] == 192 && b[1] == 168) ||
           (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 100 && (b[1] & 0xc0) == 64);
  }
  const bool loopback = std::all_of(b, b + 15, [](std::uint8_t byte) { return byte == 0; }) && b[15] == 1;
  return loopback || (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
}

const LogTable zeek_table = {"conn",
                             {{"ts", CellType::time},
                              {"uid", CellType::text},
                              {"id.orig_h", CellType::address},
                              {"id.orig_p", CellType::port},
                              {"id.resp_h", CellType::address},
                              {"id.resp_p", CellType::port},
                              {"proto", CellType::text, false, "enum"},
                              {"service", CellType::text, true},
                              {"duration", CellType::duration, true},
                              {"orig_bytes", CellType::count, true},
                              {"resp_bytes", CellType::count, true},
                              {"conn_state", CellType::text},
                              {"local_orig", CellType::flag},
                              {"local_resp", CellType::flag},
                              {"missed_bytes", CellType::count},
                              {"history", CellType::text, true},
                              {"orig_pkts", CellType::count},
                              {"orig_ip_bytes", CellType::count},
                              {"resp_pkts", CellType::count},
                              {"resp_ip_bytes", CellType::count},
                              {"tunnel_parents", CellType::text, true, "set[string]"},
                              {"ip_proto", CellType::count},
                              {"community_id", CellType::text}}};

// Bytes that were never captured. Across a gap so large that its numbers went round, the size by numbers and
// acknowledgements knows more than the gaps.
std::uint64_t missed_bytes(const DirectionSummary& side, const EndpointTrace& end) {
  constexpr std::uint64_t round = std::uint64_t{1} << 31;
  const std::uint64_t gaps = side.gap_bytes();
  if (end.size < gaps + side.bytes + round) return gaps;
  return end.size - std::max(side.bytes, end.fresh);
}

std::string uid_of_row(const ConnectionSummary& summary, const ConnectionTrace& row) {
  ConnectionSummary alone;
  alone.net = summary.net;
  alone.transport = summary.transport;
  alone.first_time = row.first_seen;
  return connection_uid(alone);
}

std::size_t zeek_rows(const ConnectionSummary& summary) {
  return std::max<std::size_t>(1, summary.trace->rows.size());
}

// A row behind the first one tells of a connection of its own, whose packets nobody knew what to do with.
void fill_zeek(LogRow& row, const ConnectionSummary& summary, std::size_t which,
               const RecordOptions& options) {
  ConnectionTrace trace = summary.trace->rows.empty() ? *summary.trace : summary.trace->rows[which];
  NetFlow net = summary.net;
  TransportFlow transport = summary.transport;
  const auto turn = [&] {
    trace.swap_roles();
    std::swap(net.source, net.destination);
    std::swap(transport.source_port, transport.destination_port);
  };
  if (which != 0 && trace.server_began) turn();
  const std::size_t first = trace.server_began ? 1 : 0;
  const bool known = which == 0 ? summary.client_known : trace.ends[0].flags.has(TcpFlag::syn);
  const bool joined = !known && trace.ends[first].packets != 0;
  if (joined && is_server_port(transport.source_port) && !is_server_port(transport.destination_port)) turn();
  const std::uint64_t missed = missed_bytes(summary.directions[0], summary.trace->ends[0]) +
                               missed_bytes(summary.directions[1], summary.trace->ends[1]);
  const std::int64_t duration = duration_between(trace.first_seen, trace.last_seen);
  const bool lasted = duration > 0;
  const auto size = [&](std::size_t side) { return lasted ? LogCell(trace.ends[side].size) : LogCell(); };
  set(row, trace.first_seen, which == 0 ? connection_uid(summary) : uid_of_row(summary, trace), net.source,
      std::uint64_t{transport.source_port}, net.destination, std::uint64_t{transport.destination_port},
      std::string("tcp"), trace.joined ? LogCell() : text(trace.service),
      lasted ? LogCell(Duration{duration}) : LogCell(), size(0), size(1), std::string(trace.state()),
      is_local(net.source), is_local(net.destination), which == 0 ? missed : 0,
      text((trace.server_began ? "^" : "") + trace.history), trace.ends[0].packets, trace.ends[0].ip_bytes,
      trace.ends[1].packets, trace.ends[1].ip_bytes, LogCell(), protocol_tcp,
      community_id(summary.net, summary.transport, options.community_seed));
}

// ---- EVE -------------------------------------------------------------------------------------------

const LogTable eve_table = {"flow",
                            {{"timestamp", CellType::time},
                             {"flow_id", CellType::count},
                             {"event_type", CellType::text},
                             {"vlan", CellType::json, true},
                             {"src_ip", CellType::address},
                             {"src_port", CellType::port},
                             {"dest_ip", CellType::address},
                             {"dest_port", CellType::port},
                             {"ip_v", CellType::count},
                             {"proto", CellType::text},
                             {"app_proto", CellType::text, true},
                             {"community_id", CellType::text},
                             {"flow.pkts_toserver", CellType::count},
                             {"flow.pkts_toclient", CellType::count},
                             {"flow.bytes_toserver", CellType::count},
                             {"flow.bytes_toclient", CellType::count},
                             {"flow.start", CellType::time},
                             {"flow.end", CellType::time},
                             {"flow.age", CellType::duration},
                             {"flow.state", CellType::text},
                             {"flow.reason", CellType::text},
                             {"flow.alerted", CellType::flag},
                             {"tcp.tcp_flags", CellType::text},
                             {"tcp.tcp_flags_ts", CellType::text},
                             {"tcp.tcp_flags_tc", CellType::text},
                             {"tcp.syn", CellType::flag, true},
                             {"tcp.fin", CellType::flag, true},
                             {"tcp.rst", CellType::flag, true},
                             {"tcp.psh", CellType::flag, true},
                             {"tcp.ack", CellType::flag, true},
                             {"tcp.urg", CellType::flag, true},
                             {"tcp.ecn", CellType::flag, true},
                             {"tcp.cwr", CellType::flag, true},
                             {"tcp.state", CellType::text},
                             {"tcp.ts_gap", CellType::flag, true},
                             {"tcp.tc_gap", CellType::flag, true}}};

std::string_view eve_service(std::string_view service) {
  service = service.substr(0, service.find(','));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> names = {{{"ssl", "tls"},
                                                                                   {"dce_rpc", "dcerpc"},
                                                                                   {"krb_tcp", "krb5"},
                                                                                   {"ldap_tcp", "ldap"},
                                                                                   {"postgresql", "pgsql"}}};
  for (const auto& [ours, theirs] : names) {
    if (service == ours) return theirs;
  }
  return service;
}

// Where the connection stands, as the server's host would say.
std::string_view tcp_state(const ConnectionTrace& trace) {
  using State = EndpointState;
  const EndpointTrace& client = trace.ends[0];
  const EndpointTrace& server = trace.ends[1];
  if (client.state == State::reset || server.state == State::reset) return "closed";
  if (client.state == State::closed && server.state == State::closed) {
    return client.fin_acked && server.fin_acked ? "closed" : "time_wait";
  }
  if (client.state == State::closed) return "close_wait";
  if (server.state == State::closed) return server.fin_acked ? "fin_wait2" : "fin_wait1";
  if (client.state == State::established || server.state == State::established) return "established";
  if (server.state == State::syn_ack_sent) return "syn_recv";
  if (client.state == State::syn_sent) return "syn_sent";
  return client.state == State::partial || server.state == State::partial ? "established" : "none";
}

std::string_view flow_state(std::string_view state) {
  if (state == "closed") return "closed";
  return state == "none" || state == "syn_sent" || state == "syn_recv" ? "new" : "established";
}

std::string_view flow_reason(EndReason reason) {
  switch (reason) {
    case EndReason::timeout:
      return "timeout";
    case EndReason::port_reuse:
      return "tcp_reuse";
    case EndReason::end_of_input:
    case EndReason::interrupted:
      return "shutdown";
    default:
      return "unknown";
  }
}

void fill_eve(LogRow& row, const ConnectionSummary& summary, std::size_t /*which*/,
              const RecordOptions& options) {
  const ConnectionTrace& trace = *summary.trace;
  const Timestamp end = summary.last_seen();
  const auto bits = [](TcpFlags flags) { return fmt::format("{:02x}", flags.bits); };
  const TcpFlags all{static_cast<std::uint8_t>(trace.ends[0].flags.bits | trace.ends[1].flags.bits)};
  const auto flag = [&](TcpFlag which) { return all.has(which) ? LogCell(true) : LogCell(); };
  const auto gap = [&](std::size_t side) {
    return summary.directions[side].gap_bytes() != 0 ? LogCell(true) : LogCell();
  };
  const std::string_view state = tcp_state(trace);
  const auto bytes = [](const EndpointTrace& from) {
    return from.frame_bytes != 0 ? from.frame_bytes : from.ip_bytes;
  };
  set(row, end, flow_id_of(connection_uid(summary)), std::string("flow"), eve_vlan(summary.vlan()),
      summary.net.source, std::uint64_t{summary.transport.source_port}, summary.net.destination,
      std::uint64_t{summary.transport.destination_port}, std::uint64_t{summary.net.source.version},
      std::string("TCP"), text(eve_service(trace.service)),
      community_id(summary.net, summary.transport, options.community_seed), trace.ends[0].packets,
      trace.ends[1].packets, bytes(trace.ends[0]), bytes(trace.ends[1]), summary.first_seen(), end,
      Duration{summary.duration_ns()}, std::string(flow_state(state)), std::string(flow_reason(summary.end)),
      false, bits(all), bits(trace.ends[0].flags), bits(trace.ends[1].flags), flag(TcpFlag::syn),
      flag(TcpFlag::fin), flag(TcpFlag::rst), flag(TcpFlag::psh), flag(TcpFlag::ack), flag(TcpFlag::urg),
      flag(TcpFlag::ece), flag(TcpFlag::cwr), std::string(state), gap(0), gap(1));
}

// ---- our own ---------------------------------------------------------------------------------------

const LogTable plain_table = {"conn",
                              {{"log", CellType::text},
                               {"connection", CellType::count},
                               {"uid", CellType::text},
                               {"community_id", CellType::text},
                               {"start", CellType::time},
                               {"duration", CellType::duration},
                               {"client_ip", CellType::address},
                               {"client_port", CellType::port},
                               {"server_ip", CellType::address},
                               {"server_port", CellType::port},
                               {"client_known", CellType::flag},
                               {"vlan", CellType::count, true},
                               {"tunnel", CellType::text, true},
                               {"tunnel_id", CellType::count, true},
                               {"service", CellType::text, true},
                               {"state", CellType::text},
                               {"history", CellType::text, true},
                               {"end", CellType::text},
                               {"client_bytes", CellType::count},
                               {"server_bytes", CellType::count},
                               {"client_gap_bytes", CellType::count},
                               {"server_gap_bytes", CellType::count},
                               {"client_packets", CellType::count},
                               {"server_packets", CellType::count},
                               {"client_ip_bytes", CellType::count},
                               {"server_ip_bytes", CellType::count},
                               {"events", CellType::count}}};

void fill_plain(LogRow& row, const ConnectionSummary& summary, std::size_t /*which*/,
                const RecordOptions& options) {
  const ConnectionTrace& trace = *summary.trace;
  const DirectionSummary& client = summary.directions[0];
  const DirectionSummary& server = summary.directions[1];
  const DirectionSummary& any = client.packets != 0 ? client : server;
  const bool tunnel = any.tunnel != LayerKind::none;
  set(row, std::string("conn"), summary.number, connection_uid(summary),
      community_id(summary.net, summary.transport, options.community_seed), summary.first_seen(),
      Duration{summary.duration_ns()}, summary.net.source, std::uint64_t{summary.transport.source_port},
      summary.net.destination, std::uint64_t{summary.transport.destination_port}, summary.client_known,
      summary.vlan() != 0 ? LogCell(std::uint64_t{summary.vlan()}) : LogCell(),
      tunnel ? text(to_string(any.tunnel)) : LogCell(),
      tunnel ? LogCell(std::uint64_t{any.tunnel_id}) : LogCell(), text(trace.service),
      std::string(trace.state()), text(trace.history), std::string(to_string(summary.end)), client.bytes,
      server.bytes, client.gap_bytes(), server.gap_bytes(), client.packets, server.packets,
      trace.ends[0].ip_bytes, trace.ends[1].ip_bytes, summary.event_count());
}

std::size_t one_row(const ConnectionSummary& /*summary*/) { return 1; }

}  // namespace

RecordKind zeek_connections() { return {zeek_table, zeek_rows, fill_zeek}; }
RecordKind eve_flows() { return {eve_table, one_row, fill_eve}; }
RecordKind plain_connections() { return {plain_table, one_row, fill_plain}; }

}  // namespace restitch
