#include <array>

#include "app/record_rows.h"
#include "app/websocket_frame.h"

namespace restitch {
namespace {

LogTable make_websocket_table(LogFamily family) {
  switch (family) {
    case LogFamily::zeek:
      return table_of_records(family, "websocket_messages",
                              {{"is_orig", CellType::flag},
                               {"opcode", CellType::text},
                               {"frames", CellType::count},
                               {"payload_len", CellType::count},
                               {"wire_len", CellType::count},
                               {"compressed", CellType::flag},
                               {"complete", CellType::flag},
                               {"close_code", CellType::count, true},
                               {"payload", CellType::text, true}});
    case LogFamily::eve:
      return table_of_records(family, "websocket",
                              {{"websocket.direction", CellType::text},
                               {"websocket.fin", CellType::flag},
                               {"websocket.masked", CellType::flag},
                               {"websocket.opcode", CellType::text},
                               {"websocket.frames", CellType::count},
                               {"websocket.length", CellType::count},
                               {"websocket.close_code", CellType::count, true},
                               {"websocket.payload_printable", CellType::text, true}});
    case LogFamily::plain:
      break;
  }
  return table_of_records(family, "websocket",
                          {{"client", CellType::flag},
                           {"opcode", CellType::text},
                           {"frames", CellType::count},
                           {"size", CellType::count},
                           {"wire_size", CellType::count},
                           {"compressed", CellType::flag},
                           {"complete", CellType::flag},
                           {"close_code", CellType::count, true},
                           {"object", CellType::count, true},
                           {"offset", CellType::count},
                           {"head", CellType::text, true}});
}

std::string opcode_text(std::uint8_t opcode) {
  constexpr std::array<std::string_view, 11> names = {"continuation", "text", "binary", "", "", "", "", "",
                                                      "close",        "ping", "pong"};
  const bool named = opcode < names.size() && !names[opcode].empty();
  return named ? std::string(names[opcode]) : std::to_string(opcode);
}

LogCell close_code_cell(const WebSocketRecord& record) {
  return record.close_code == 0 ? LogCell() : LogCell(std::uint64_t{record.close_code});
}

// Binary bytes are for the object; a log has what can be read.
LogCell head_cell(const WebSocketRecord& record) {
  return record.opcode == WebSocketFrame::binary ? LogCell() : cell_of(record.head);
}

void fill_eve(LogRow& row, const WebSocketRecord& record) {
  const bool from_client = record.direction == TcpFlowDirection::client_to_server;
  row.emplace_back(std::string(from_client ? "to_server" : "to_client"));
  row.emplace_back(record.complete);
  row.emplace_back(record.masked);
  row.emplace_back(opcode_text(record.opcode));
  row.emplace_back(record.frames);
  row.emplace_back(record.size);
  row.push_back(close_code_cell(record));
  row.push_back(head_cell(record));
}

}  // namespace

const LogTable& websocket_table(LogFamily family) { return table_made_by<make_websocket_table>(family); }

void fill_row(LogRow& row, LogFamily family, const WebSocketRecord& record, const RowPlace& place) {
  begin_row(row, family, "websocket", record.origin.time, place);
  if (family == LogFamily::eve) return fill_eve(row, record);
  row.emplace_back(record.direction == TcpFlowDirection::client_to_server);
  row.emplace_back(opcode_text(record.opcode));
  row.emplace_back(record.frames);
  row.emplace_back(record.size);
  row.emplace_back(record.wire_size);
  row.emplace_back(record.compressed);
  row.emplace_back(record.complete);
  row.push_back(close_code_cell(record));
  if (family == LogFamily::plain) {
    row.push_back(record.object ? LogCell(*record.object) : LogCell());
    row.emplace_back(record.origin.offset);
  }
  row.push_back(head_cell(record));
}

}  // namespace restitch
