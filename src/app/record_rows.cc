#include "app/record_rows.h"

#include <algorithm>
#include <utility>

#include "restitch/output_ids.h"

namespace restitch {

LogFamily family_of(LogFormat format) {
  switch (format) {
    case LogFormat::zeek:
    case LogFormat::zeek_json:
      return LogFamily::zeek;
    case LogFormat::eve:
      return LogFamily::eve;
    case LogFormat::json:
    case LogFormat::csv:
    case LogFormat::parquet:
      break;
  }
  return LogFamily::plain;
}

const LogTable& table_of(LogKind kind, LogFamily family) {
  switch (kind) {
    case LogKind::http:
      return http_table(family);
    case LogKind::tls:
      return tls_table(family);
    case LogKind::certificates:
      return certificate_table(family);
    case LogKind::files:
      return file_table(family);
    case LogKind::websocket:
      return websocket_table(family);
    case LogKind::smtp:
      return smtp_table(family);
    case LogKind::ftp:
      return ftp_table(family);
    case LogKind::ssh:
      return ssh_table(family);
    case LogKind::conn:
    case LogKind::anomalies:
    case LogKind::count_:
      break;
  }
  return anomaly_table(family);
}

std::uint64_t RowPlace::flow_id() const { return flow_id_of(uid); }

LogTable table_of_records(LogFamily family, std::string_view name, std::initializer_list<LogColumn> columns) {
  LogTable table{name, {}};
  switch (family) {
    case LogFamily::zeek:
      table.columns = {{"ts", CellType::time},           {"uid", CellType::text},
                       {"id.orig_h", CellType::address}, {"id.orig_p", CellType::port},
                       {"id.resp_h", CellType::address}, {"id.resp_p", CellType::port}};
      break;
    case LogFamily::eve:
      table.columns = {
          {"timestamp", CellType::time},  {"flow_id", CellType::count},    {"event_type", CellType::text},
          {"vlan", CellType::json, true}, {"src_ip", CellType::address},   {"src_port", CellType::port},
          {"dest_ip", CellType::address}, {"dest_port", CellType::port},   {"ip_v", CellType::count},
          {"proto", CellType::text},      {"community_id", CellType::text}};
      break;
    case LogFamily::plain:
      table.columns = {{"log", CellType::text},         {"connection", CellType::count},
                       {"uid", CellType::text},         {"community_id", CellType::text},
                       {"time", CellType::time},        {"client_ip", CellType::address},
                       {"client_port", CellType::port}, {"server_ip", CellType::address},
                       {"server_port", CellType::port}, {"layer", CellType::text, true}};
      break;
  }
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  return table;
}

void begin_row(LogRow& row, LogFamily family, std::string_view kind, Timestamp time, const RowPlace& place) {
  row.clear();
  const auto ends = [&] {
    row.emplace_back(place.net.source);
    row.emplace_back(std::uint64_t{place.transport.source_port});
    row.emplace_back(place.net.destination);
    row.emplace_back(std::uint64_t{place.transport.destination_port});
  };
  switch (family) {
    case LogFamily::zeek:
      row.emplace_back(time);
      row.emplace_back(std::string(place.uid));
      ends();
      break;
    case LogFamily::eve:
      row.emplace_back(time);
      row.emplace_back(place.flow_id());
      row.emplace_back(std::string(kind));
      row.push_back(eve_vlan(place.vlan));
      ends();
      row.emplace_back(std::uint64_t{place.net.source.version});
      row.emplace_back(std::string("TCP"));
      row.emplace_back(std::string(place.community_id));
      break;
    case LogFamily::plain:
      row.emplace_back(std::string(kind));
      row.emplace_back(std::uint64_t{0});
      row.emplace_back(std::string(place.uid));
      row.emplace_back(std::string(place.community_id));
      row.emplace_back(time);
      ends();
      row.push_back(cell_of(place.layer));
      break;
  }
}

LogCell cell_of(std::string_view text) {
  return text.empty() ? LogCell() : LogCell(std::in_place_type<std::string>, text);
}

}  // namespace restitch
