// What Suricata says of SETTINGS: an event of HTTP for stream 0, with a list for the side that sent it.
#include <algorithm>
#include <array>
#include <string>

#include "app/record_rows.h"

namespace restitch {
namespace {

std::string setting_name(std::uint16_t id) {
  constexpr std::array<std::string_view, 6> names = {
      "SETTINGSHEADERTABLESIZE",   "SETTINGSENABLEPUSH",   "SETTINGSMAXCONCURRENTSTREAMS",
      "SETTINGSINITIALWINDOWSIZE", "SETTINGSMAXFRAMESIZE", "SETTINGSMAXHEADERLISTSIZE"};
  if (id >= 1 && id <= names.size()) return std::string(names[id - 1u]);
  return "SETTINGSUNKNOWN" + std::to_string(id);
}

std::string settings_json(const Http2SettingsRecord& record) {
  std::string json = "[";
  for (const Http2Setting& setting : record.settings) {
    if (json.size() > 1) json += ',';
    json += R"({"settings_id":")" + setting_name(setting.id) + R"(","settings_value":)" +
            std::to_string(setting.value) + "}";
  }
  return json + "]";
}

void set_cell(LogRow& row, const LogTable& table, std::string_view column, LogCell cell) {
  const auto at = std::find_if(table.columns.begin(), table.columns.end(),
                               [&](const LogColumn& one) { return one.name == column; });
  if (at == table.columns.end()) return;
  row[static_cast<std::size_t>(at - table.columns.begin())] = std::move(cell);
}

}  // namespace

void fill_row(LogRow& row, LogFamily family, const Http2SettingsRecord& record, const RowPlace& place) {
  row.clear();
  if (family != LogFamily::eve || record.settings.empty()) return;
  const bool from_client = record.direction == TcpFlowDirection::client_to_server;
  const LogTable& table = http_table(family);
  begin_row(row, family, "http", record.origin.time, place);
  row.resize(std::max(row.size(), table.columns.size()));
  set_cell(row, table, "tx_id", std::uint64_t{0});
  set_cell(row, table, "http.version", std::string("2"));
  set_cell(row, table, "http.length", std::uint64_t{0});
  set_cell(row, table, "http.http2.stream_id", std::uint64_t{0});
  set_cell(row, table, from_client ? "http.http2.request.settings" : "http.http2.response.settings",
           JsonText{settings_json(record)});
}

}  // namespace restitch
