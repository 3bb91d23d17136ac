#include <utility>

#include "packet/follow.h"
#include "packet/ip.h"
#include "packet/layers.h"
#include "packet/link_layer.h"
#include "packet/walk.h"
#include "restitch/defragmenter.h"
#include "restitch/detail/require.h"

namespace restitch {

Decoder::Decoder(const DecoderOptions& options)
    : options_(options),
      defragmenter_(options.defragmenter),
      domains_(options.domains_max),
      notes_(std::make_unique<WalkNotes>()) {
  if (options.copies_window_ns > 0) copies_.emplace(options.copies_window_ns);
  note_layers(false);
}

Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

const Layers& Decoder::layers() const {
  RESTITCH_REQUIRE(noting_, "layers() needs note_layers(true) before the packet");
  return notes_->layers;
}

void Decoder::note_layers(bool on) {
  noting_ = on || options_.vlan_in_key || options_.tunnel_in_key || options_.interface_in_key;
}

std::uint32_t DomainTable::number_of(const std::vector<std::uint64_t>& ids) {
  if (ids.empty()) return 0;
  if (const auto known = numbers_.find(ids); known != numbers_.end()) return known->second;
  const auto next = static_cast<std::uint32_t>(numbers_.size() + 1);
  if (numbers_.size() >= domains_max_) return next;
  sets_.push_back(&numbers_.emplace(ids, next).first->first);
  return next;
}

// What a layer adds to the key, if anything.
std::optional<std::uint64_t> Decoder::key_of(const Layer& layer) const {
  const bool wanted = layer.kind == LayerKind::vlan ? options_.vlan_in_key : options_.tunnel_in_key;
  const bool by_default = options_.encapsulation_in_key && rides_on_ip(layer.kind);
  if (!wanted && !by_default) return std::nullopt;
  const bool with_id = wanted ? is_symmetric(layer.kind) : names_network(layer.kind);
  return (static_cast<std::uint64_t>(layer.kind) << 32) | (with_id ? layer.id : 0);
}

std::uint32_t Decoder::domain_of(const Layers& layers, const CaptureInfo& info) {
  ids_.clear();
  for (const Layer& layer : layers.items()) {
    if (const auto id = key_of(layer)) ids_.push_back(*id);
  }
  if (options_.interface_in_key) {
    ids_.push_back((std::uint64_t{1} << 63) | info.source_index);
    ids_.push_back(info.interface_index);
  }
  return domains_.number_of(ids_);
}

DecodedPacket Decoder::decode_noting(LinkType link_type, Bytes frame, const CaptureInfo& info) {
  DecodedPacket packet = fresh_packet();
  const Header header = first_header(link_type);
  notes_->layers.clear();
  notes_->aggregate.reset();
  if (header == Header::dropped) {
    packet.reason = DropReason::unknown_link_type;
    return packet;
  }
  Walk walk(frame, info.original_size);
  walk.notes = notes_.get();
  follow(header, walk, packet);
  finish(walk, info, packet);
  return packet;
}

DecodedPacket Decoder::decode_more_ahead(const CaptureInfo& info) {
  RESTITCH_REQUIRE(notes_->aggregate, "decode_more() needs a packet that has more");
  Aggregate aggregate = *notes_->aggregate;
  notes_->aggregate.reset();
  notes_->layers.keep(aggregate.layers);
  follow(Header::aggregate, aggregate.rest, aggregate.packet);
  finish(aggregate.rest, info, aggregate.packet);
  aggregate.packet.more = notes_->aggregate.has_value();
  return aggregate.packet;
}

// The walk ended in front of a segment, or at a fragment.
void Decoder::finish(Walk& walk, const CaptureInfo& info, DecodedPacket& packet) {
  IpFragment& fragment = notes_->fragment;
  while (packet.reason == DropReason::fragment) {
    fragment.domain = domain_of(notes_->layers, info);
    auto datagram = defragmenter_.add(fragment, info.timestamp);
    if (!datagram) break;
    const Datagram& whole = datagrams_.emplace_back(std::move(*datagram));
    walk.restart(whole.payload);
    packet.reason = DropReason::truncated;
    packet.reassembled = true;
    packet.ip_checksum_ok = whole.checksum_ok;
    fragment.protocol = whole.protocol;
    follow(enter_datagram(fragment, walk, packet), walk, packet);
    packet.tcp.fragment_overlap = whole.overlap;
  }
  packet.net.domain = domain_of(notes_->layers, info);
}

}  // namespace restitch
