#include "restitch/app/findings.h"

#include <utility>

#include "restitch/app/conversation.h"

namespace restitch {

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

void Findings::record(const AppRecord& record) { conversation_.sink_.record(place(), record); }

ObjectNumber Findings::begin_object(const ObjectHead& head) {
  const ObjectNumber object = conversation_.outermost().objects_++;
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

FindingPlace Findings::place() { return conversation_.place(); }

}  // namespace restitch
