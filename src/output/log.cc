#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "output/log_state.h"

namespace restitch {

RecordKind connections_of(LogFormat format) {
  switch (format) {
    case LogFormat::zeek:
    case LogFormat::zeek_json:
      return zeek_connections();
    case LogFormat::eve:
      return eve_flows();
    case LogFormat::json:
    case LogFormat::csv:
    case LogFormat::parquet:
      break;
  }
  return plain_connections();
}

std::unique_ptr<LogEncoder> make_log_encoder(LogFormat format, const LogTable& table) {
  switch (format) {
    case LogFormat::zeek:
      return make_zeek_encoder(table);
    case LogFormat::csv:
      return make_csv_encoder(table);
    case LogFormat::parquet:
      return make_parquet_encoder(table);
    case LogFormat::zeek_json:
    case LogFormat::json:
      return make_json_encoder(table, false);
    case LogFormat::eve:
      break;
  }
  return make_json_encoder(table, true);
}

std::string joined(const TextList& list) {
  std::string out;
  const char* separator = "";
  for (const std::string& text : list) out.append(std::exchange(separator, ",")).append(text);
  return out;
}

LogCell eve_vlan(std::uint16_t vlan) {
  return vlan == 0 ? LogCell() : LogCell(JsonText{fmt::format("[{}]", vlan)});
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string_view log_file_name(LogFormat format) {
  switch (format) {
    case LogFormat::zeek:
    case LogFormat::zeek_json:
      return "conn.log";
    case LogFormat::eve:
      return "eve.json";
    case LogFormat::json:
      return "conn.json";
    case LogFormat::csv:
      return "conn.csv";
    case LogFormat::parquet:
      break;
  }
  return "conn.parquet";
}

ConnectionLogWriter::State::State(const LogOptions& options)
    : record_options{.community_seed = options.community_seed},
      kind(connections_of(options.format)),
      encoder(make_log_encoder(options.format, kind.table)) {}

ConnectionLogWriter::ConnectionLogWriter(const LogOptions& options)
    : state_(std::make_unique<State>(options)) {}
ConnectionLogWriter::~ConnectionLogWriter() = default;

void ConnectionLogWriter::begin(std::string& out, Timestamp now) { state_->encoder->begin(out, now); }

void ConnectionLogWriter::add(std::string& out, const ConnectionSummary& summary) {
  const std::size_t rows = state_->kind.rows(summary);
  for (std::size_t which = 0; which < rows; ++which) {
    state_->kind.fill(state_->row, summary, which, state_->record_options);
    state_->encoder->add(out, state_->row);
  }
}

void ConnectionLogWriter::finish(std::string& out, Timestamp now) { state_->encoder->finish(out, now); }

}  // namespace restitch
