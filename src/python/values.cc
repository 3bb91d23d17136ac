#include "python/values.h"

#include <array>
#include <cstring>

namespace restitch::python {
namespace {

// The types of the small values. They live as long as the process.
struct Types {
  PyTypeObject* gap = nullptr;
  PyTypeObject* piece = nullptr;
  PyTypeObject* event = nullptr;
  PyTypeObject* opening = nullptr;
  PyTypeObject* segment = nullptr;
  PyTypeObject* delivery = nullptr;
  PyTypeObject* counts = nullptr;
};

Types& types() {
  static Types types;
  return types;
}

template <std::size_t n>
PyTypeObject* add_type(PyObject* module, const char* name, const char* full_name, const char* doc,
                       const std::array<const char*, n>& names) {
  std::array<PyStructSequence_Field, n + 1> fields{};
  for (std::size_t i = 0; i < n; ++i) fields[i].name = names[i];
  PyStructSequence_Desc described{full_name, doc, fields.data(), static_cast<int>(n)};
  PyTypeObject* const type = PyStructSequence_NewType(&described);
  if (type == nullptr) throw Raised();
  check(PyModule_AddObjectRef(module, name, reinterpret_cast<PyObject*>(type)));
  return type;
}

const char* transmission_name(int transmission) {
  constexpr std::array<const char*, 3> names = {"first", "late", "again"};
  return names.at(static_cast<std::size_t>(transmission));
}

const char* direction_name(int direction) {
  return direction == RESTITCH_CLIENT_TO_SERVER ? "client" : "server";
}

Ref address_text(const restitch_endpoint& endpoint) {
  std::array<char, RESTITCH_ENDPOINT_TEXT_SIZE> room;
  return text(restitch_address_text(&endpoint, room.data()));
}

Ref endpoint_text(const restitch_endpoint& endpoint) {
  std::array<char, RESTITCH_ENDPOINT_TEXT_SIZE> room;
  return text(restitch_endpoint_text(&endpoint, room.data()));
}

template <class Make>
Ref list_of(std::size_t count, Make&& make) {
  Ref list = checked(PyList_New(static_cast<Py_ssize_t>(count)));
  for (std::size_t i = 0; i < count; ++i) {
    check(PyList_SetItem(list.get(), static_cast<Py_ssize_t>(i), make(i).release()));
  }
  return list;
}

Ref gap_value(const restitch_gap& gap) {
  return structure(types().gap, number(gap.offset), number(gap.size));
}

Ref piece_value(const restitch_piece& piece) {
  return structure(types().piece, number(piece.offset), number(piece.size),
                   text(transmission_name(piece.transmission)), signed_number(piece.packet.time_ns),
                   number(piece.packet.number), number(piece.packet.source_index));
}

// Of those kinds that occurred.
Ref event_counts(const std::uint64_t* counts) {
  Ref made = checked(PyDict_New());
  for (int kind = 0; kind < restitch_event_kinds(); ++kind) {
    if (counts[kind] == 0) continue;
    check(PyDict_SetItemString(made.get(), restitch_event_name(kind), number(counts[kind]).get()));
  }
  return made;
}

// Copied once, to where Python wants it.
Ref data_value(const restitch_half& half) {
  Ref made = bytes(nullptr, half.data_size);
  char* to = PyBytes_AsString(made.get());
  if (to == nullptr) throw Raised();
  for (std::size_t i = 0; i < half.block_count; ++i) {
    std::memcpy(to, half.blocks[i].data, half.blocks[i].size);
    to += half.blocks[i].size;
  }
  return made;
}

Ref half_value(const restitch_half& half) {
  return tuple(address_text(half.sender), number(half.sender.port), data_value(half), number(half.byte_count),
               number(half.left_out), number(half.packets), number(half.copies),
               signed_number(half.first_seen_ns), signed_number(half.last_seen_ns),
               list_of(half.gap_count, [&](std::size_t i) { return gap_value(half.gaps[i]); }),
               number(half.gaps_unlisted), number(half.gap_bytes),
               list_of(half.event_count, [&](std::size_t i) { return event_value(*half.events[i]); }),
               event_counts(half.event_counts),
               list_of(half.piece_count, [&](std::size_t i) { return piece_value(half.pieces[i]); }),
               number(half.vlan), text(half.tunnel), number(half.tunnel_id));
}

PyObject* exception_of(restitch_status status) {
  switch (status) {
    case RESTITCH_INVALID:
      return PyExc_ValueError;
    case RESTITCH_NO_MEMORY:
      return PyExc_MemoryError;
    case RESTITCH_INTERNAL:
      return PyExc_RuntimeError;
    default:
      return PyExc_OSError;
  }
}

}  // namespace

void add_value_types(PyObject* module) {
  Types& made = types();
  made.gap = add_type<2>(module, "Gap", "restitch.Gap", "Bytes of a stream that were never delivered.",
                         {"offset", "size"});
  made.piece = add_type<6>(module, "Piece", "restitch.Piece", "Bytes that one packet brought.",
                           {"offset", "size", "transmission", "time_ns", "packet", "source"});
  made.event =
      add_type<12>(module, "Event", "restitch.Event", "What a segment did wrong, or a stream suffered.",
                   {"kind", "direction", "offset", "size", "time_ns", "packet", "rule", "limit", "held",
                    "arrived", "held_packet", "delivered"});
  made.opening = add_type<8>(module, "Opening", "restitch.Opening", "A connection that begins.",
                             {"client", "server", "client_address", "client_port", "server_address",
                              "server_port", "time_ns", "packet"});
  made.segment = add_type<8>(
      module, "Segment", "restitch.Segment", "A packet, before it has an effect.",
      {"direction", "flags", "window", "sequence", "acknowledgment", "payload", "time_ns", "packet"});
  made.delivery =
      add_type<10>(module, "Delivery", "restitch.Delivery", "Bytes of one direction that are now in order.",
                   {"direction", "data", "skipped", "start", "end", "offset", "transmission", "time_ns",
                    "packet", "user_tag"});
  made.counts = add_type<9>(module, "Counts", "restitch.Counts", "Where packets and payload went.",
                            {"packets", "segments", "connections", "seen", "delivered", "duplicate",
                             "before_start", "refused", "dropped"});
}

Ref opening_value(const restitch_opening& opening) {
  return structure(types().opening, endpoint_text(opening.client), endpoint_text(opening.server),
                   address_text(opening.client), number(opening.client.port), address_text(opening.server),
                   number(opening.server.port), signed_number(opening.packet.time_ns),
                   number(opening.packet.number));
}

Ref segment_value(const restitch_segment& segment, Ref payload) {
  return structure(types().segment, text(direction_name(segment.direction)), number(segment.flags),
                   number(segment.window), number(segment.sequence), number(segment.acknowledgment),
                   std::move(payload), signed_number(segment.packet.time_ns), number(segment.packet.number));
}

Ref delivery_value(const restitch_delivery& delivery, Ref data) {
  return structure(types().delivery, text(direction_name(delivery.direction)), std::move(data),
                   signed_number(delivery.skipped), boolean(delivery.start != 0), boolean(delivery.end != 0),
                   number(delivery.offset), text(transmission_name(delivery.transmission)),
                   signed_number(delivery.packet.time_ns), number(delivery.packet.number),
                   number(delivery.packet.user_tag));
}

Ref event_value(const restitch_event& event) {
  return structure(types().event, text(event.name), text(direction_name(event.direction)),
                   number(event.offset), number(event.byte_count), signed_number(event.time_ns),
                   number(event.packet_number), text(event.rule), text(event.limit),
                   bytes(event.held, event.held_size), bytes(event.arrived, event.arrived_size),
                   number(event.held_packet_number), text(event.delivered_arrived != 0 ? "arrived" : "held"));
}

Ref counts_value(const restitch_counts& counts) {
  return structure(types().counts, number(counts.packets), number(counts.segments),
                   number(counts.connections), number(counts.seen), number(counts.delivered),
                   number(counts.duplicate), number(counts.before_start), number(counts.refused),
                   number(counts.dropped));
}

Ref connection_value(const restitch_connection& connection) {
  return tuple(number(connection.number), text(connection.uid), text(connection.community_id),
               boolean(connection.client_known != 0), text(restitch_end_name(connection.end)),
               signed_number(connection.first_seen_ns), signed_number(connection.last_seen_ns),
               number(connection.first_packet), text(connection.state), text(connection.history),
               text(connection.service), half_value(*connection.client), half_value(*connection.server));
}

void raise_status(restitch_status status) {
  if (status == RESTITCH_NO_MEMORY) {
    PyErr_NoMemory();
  } else {
    PyErr_SetString(exception_of(status), restitch_error());
  }
  throw Raised();
}

}  // namespace restitch::python
