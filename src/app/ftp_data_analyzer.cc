#include "app/ftp_data_analyzer.h"

#include <algorithm>
#include <utility>

#include "restitch/app/services.h"

namespace restitch {

std::unique_ptr<Analyzer> FtpDataAnalyzer::make(AppServices& services, const ConnectionSummary& summary,
                                                Timestamp now) {
  ExpectedEnds* expected = services.expected_if_any();
  if (expected == nullptr) return nullptr;
  NetFlow net = summary.net;
  ExpectedEnds::Number number = expected->open(net, summary.transport.destination_port, now);
  if (number == 0 && !summary.client_known) {
    std::swap(net.source, net.destination);
    number = expected->open(net, summary.transport.source_port, now);
  }
  return number == 0 ? nullptr : std::make_unique<FtpDataAnalyzer>(number);
}

AnalyzerAnswer FtpDataAnalyzer::take(TcpFlowDirection direction, const AnalyzerInput& input,
                                     Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  const Bytes bytes = input.bytes();
  if (bytes.empty()) return {};
  if (!side.object) {
    const ExpectedData* known = findings.services().expected().find(number_);
    if (known != nullptr && known->command.empty() && !input.forced()) return {0, Need::more};
    begin(findings, direction, input.origin(0));
  }
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t room = findings.services().limits().object_max - side.end.wire_size;
    const std::size_t size = input.run(at);
    if (size > room && !std::exchange(side.end.over_limit, true)) {
      findings.anomaly("ftp_object_too_large", direction, input.origin(at));
    }
    const std::size_t kept = static_cast<std::size_t>(std::min<std::uint64_t>(size, room));
    findings.object_data(*side.object, bytes.subspan(at, kept), input.origin(at));
    side.end.wire_size += kept;
    at += size;
    side.end.origin = input.origin(at - 1);
  }
  return {bytes.size(), Need::more};
}

void FtpDataAnalyzer::begin(Findings& findings, TcpFlowDirection direction, const Origin& origin) {
  findings.name_service("ftp-data");
  ExpectedData* known = findings.services().expected().find(number_);
  if (known != nullptr) known->begun = true;
  ObjectHead head;
  head.protocol = "ftp-data";
  head.direction = direction;
  if (known != nullptr) head.name = known->name.empty() ? known->command : known->name;
  head.origin = origin;
  if (first_.time.ns == 0) first_ = origin;
  sides_[static_cast<std::size_t>(direction)].object = findings.begin_object(head);
}

void FtpDataAnalyzer::gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  if (!side.object) begin(findings, direction, {});
  side.end.missing += size;
  findings.object_gap(*side.object, size);
}

void FtpDataAnalyzer::end(TcpFlowDirection direction, Findings& findings) {
  sides_[static_cast<std::size_t>(direction)].whole = findings.ended(direction);
}

void FtpDataAnalyzer::close(Findings& findings) {
  const ExpectedData* known = findings.services().expected().find(number_);
  for (Side& side : sides_) {
    if (!side.object) continue;
    const bool aborted = known != nullptr && known->aborted;
    side.end.complete = side.whole && !aborted && !side.end.over_limit && side.end.missing == 0;
    findings.end_object(*side.object, side.end);
  }
  if (sides_[0].object || sides_[1].object) tell(findings, known);
  findings.services().expected().remove(number_);
}

void FtpDataAnalyzer::tell(Findings& findings, const ExpectedData* known) {
  FtpRecord record;
  record.origin = first_;
  record.data = true;
  for (const Side& side : sides_) {
    if (side.object) record.objects.push_back(*side.object);
  }
  if (known != nullptr) {
    record.user = known->user;
    record.command = known->command;
    record.argument = known->name;
    record.restart = known->restart;
  }
  findings.record(record);
}

}  // namespace restitch
