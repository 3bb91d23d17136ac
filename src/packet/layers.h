// What the layers around a segment have to do with the identity of its connection.
#pragma once

#include "restitch/packet.h"

namespace restitch {

// Whether the layer is carried in IP datagrams, so that any host can wrap a segment in it; the others belong
// to a link, and only who sends on it can.
constexpr bool rides_on_ip(LayerKind kind) {
  switch (kind) {
    case LayerKind::none:
    case LayerKind::vlan:
    case LayerKind::mpls:
    case LayerKind::pppoe:
    case LayerKind::pbb:
      return false;
    default:
      return true;
  }
}

// Whether both directions of a connection carry the same id: not where each receiver chooses its own.
constexpr bool is_symmetric(LayerKind kind) {
  switch (kind) {
    case LayerKind::mpls:
    case LayerKind::pptp:
    case LayerKind::gtp:
    case LayerKind::l2tp:
      return false;
    default:
      return true;
  }
}

// Whether the id names a network, which addresses belong to, or the protocol of a tunnel.
constexpr bool names_network(LayerKind kind) {
  return kind == LayerKind::vxlan || kind == LayerKind::geneve || kind == LayerKind::other;
}

}  // namespace restitch
