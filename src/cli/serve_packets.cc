#include "cli/serve_packets.h"

#include <fmt/format.h>

#include "cli/messages.h"
#include "cli/packet_server.h"
#include "cli/session.h"
#include "cli/summary.h"
#include "restitch/output_pipe.h"

namespace restitch::cli {
namespace {

std::string serving_text(const PacketServer& server) {
  std::string out;
  if (server.clients_dropped() != 0)
    out += fmt::format("clients closed for being slow: {}\n", server.clients_dropped());
  return out + fmt::format("{} packets sent, to {} clients\n", server.packets(), server.clients_served());
}

}  // namespace

int serve_packets(const Options& options, const Selection& selection) {
  Session session(options);
  if (!session.open()) return session.status();
  const bool endless = options.input.endless();
  const auto server = PacketServer::open(
      options.listen, endless ? PacketServer::Slowness::dropped : PacketServer::Slowness::waited_for);
  if (!server) {
    session.fail(server.error().message);
    return session.status();
  }
  if (!session.give_up_rights() || !session.serve_metrics()) return session.status();
  if (!options.quiet) show(fmt::format("packets: tcp://{}\n", (*server)->address()));
  if (!endless) (*server)->wait_for_client();
  ConnectionTotals totals;
  ConnectionLog log([&](const ConnectionSummary& summary) { totals.add(summary); },
                    ConnectionOrder::as_they_end, options.memory.log);
  PacketPipe pipe([&](const TcpSegment& tcp, const NetFlow& net,
                      const PacketContext& packet) { (*server)->send(tcp, net, packet); },
                  [&](const ConnectionSummary& summary) {
                    return endless ? options.where.matches(summary) : selection.has(summary.number);
                  });
  PipedStreamFactory factory(pipe, log);
  bool gone = false;
  session.run<PipedStream>(factory, [&] {
    (*server)->go_on();
    if (endless || (*server)->has_clients()) return true;
    gone = true;
    session.break_off();
    return false;
  });
  (*server)->finish();
  if (gone) session.fail("--listen: nobody reads any more");
  if (!options.quiet && !session.read_nothing()) show(serving_text(**server) + closing_text(session, totals));
  return session.status();
}

}  // namespace restitch::cli
