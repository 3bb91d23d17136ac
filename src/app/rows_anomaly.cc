#include "app/record_rows.h"

namespace restitch {
namespace {

LogTable make_table(LogFamily family) {
  switch (family) {
    case LogFamily::zeek:
      return table_of_records(family, "weird",
                              {{"name", CellType::text},
                               {"addl", CellType::text, true},
                               {"notice", CellType::flag},
                               {"peer", CellType::text},
                               {"source", CellType::text, true}});
    case LogFamily::eve:
      return table_of_records(family, "anomaly",
                              {{"anomaly.type", CellType::text},
                               {"anomaly.event", CellType::text},
                               {"anomaly.layer", CellType::text},
                               {"anomaly.detail", CellType::text, true}});
    case LogFamily::plain:
      break;
  }
  return table_of_records(family, "anomaly",
                          {{"what", CellType::text},
                           {"client", CellType::flag},
                           {"offset", CellType::count},
                           {"packet", CellType::count, true},
                           {"detail", CellType::text, true}});
}

}  // namespace

const LogTable& anomaly_table(LogFamily family) { return table_made_by<make_table>(family); }

void fill_row(LogRow& row, LogFamily family, const AnomalyRecord& record, const RowPlace& place) {
  begin_row(row, family, "anomaly", record.origin.time, place);
  switch (family) {
    case LogFamily::zeek:
      row.emplace_back(std::string(record.what));
      row.push_back(cell_of(record.detail));
      row.emplace_back(false);
      row.emplace_back(std::string("restitch"));
      row.push_back(cell_of(place.layer));
      return;
    case LogFamily::eve:
      row.emplace_back(std::string("applayer"));
      row.emplace_back(std::string(record.what));
      row.emplace_back(std::string("proto_parser"));
      row.push_back(cell_of(record.detail));
      return;
    case LogFamily::plain:
      break;
  }
  row.emplace_back(std::string(record.what));
  row.emplace_back(record.direction == TcpFlowDirection::client_to_server);
  row.emplace_back(record.origin.offset);
  row.push_back(record.origin.packet == 0 ? LogCell() : LogCell(record.origin.packet));
  row.push_back(cell_of(record.detail));
}

}  // namespace restitch
