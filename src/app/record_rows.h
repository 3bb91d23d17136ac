// The tables of what analyzers find, one for each kind of log and family of formats, and what stands in their
// rows. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "app/found_file.h"
#include "output/log_row.h"
#include "restitch/app/findings.h"
#include "restitch/app/log_kind.h"
#include "restitch/output_log.h"

namespace restitch {

// Formats of a family have the same columns.
enum class LogFamily : std::uint8_t { zeek, eve, plain };

LogFamily family_of(LogFormat format);

// What a row says of the connection it belongs to. It borrows the texts.
struct RowPlace {
  NetFlow net;              // from the client
  TransportFlow transport;  // the same
  std::string_view uid;
  std::string_view community_id;
  std::string_view layer;  // FindingPlace::layer
  std::uint16_t vlan = 0;  // innermost; 0: none

  // EVE's flow_id.
  [[nodiscard]] std::uint64_t flow_id() const;
};

// A table whose first columns are those that every log of the family has; begin_row() fills them.
//   zeek   ts uid id.orig_h id.orig_p id.resp_h id.resp_p
//   eve    timestamp flow_id event_type vlan src_ip src_port dest_ip dest_port ip_v proto community_id
//   plain  log connection uid community_id time client_ip client_port server_ip server_port layer
LogTable table_of_records(LogFamily family, std::string_view name, std::initializer_list<LogColumn> columns);

// What `make` gives for a family, made once.
template <LogTable (*make)(LogFamily)>
const LogTable& table_made_by(LogFamily family) {
  static const LogTable tables[] = {make(LogFamily::zeek), make(LogFamily::eve), make(LogFamily::plain)};
  return tables[static_cast<std::size_t>(family)];
}

// `kind`: the name of the log, or EVE's event_type. `connection` is left empty: only the log itself knows it.
void begin_row(LogRow& row, LogFamily family, std::string_view kind, Timestamp time, const RowPlace& place);

// A cell without a value for an empty text.
LogCell cell_of(std::string_view text);

// The table of a kind, but for connections.
const LogTable& table_of(LogKind kind, LogFamily family);

// Each kind of record has such a pair: its table, and a row, which is left empty if the family has none for
// the record, as Zeek has for most commands of FTP. They are defined in rows_http.cc, rows_tls.cc, … The
// table is a constant, initialised at its first use.
const LogTable& http_table(LogFamily family);
void fill_row(LogRow& row, LogFamily family, const HttpRecord& record, const RowPlace& place);
// A row of http_table() with what it has columns for; only EVE has such rows, for others it is left empty.
void fill_row(LogRow& row, LogFamily family, const Http2SettingsRecord& record, const RowPlace& place);
const LogTable& websocket_table(LogFamily family);
void fill_row(LogRow& row, LogFamily family, const WebSocketRecord& record, const RowPlace& place);
const LogTable& tls_table(LogFamily family);
void fill_row(LogRow& row, LogFamily family, const TlsRecord& record, const RowPlace& place);
const LogTable& certificate_table(LogFamily family);
void fill_row(LogRow& row, LogFamily family, const CertificateRecord& record, const RowPlace& place);
const LogTable& smtp_table(LogFamily family);
void fill_row(LogRow& row, LogFamily family, const SmtpRecord& record, const RowPlace& place);
const LogTable& ftp_table(LogFamily family);
void fill_row(LogRow& row, LogFamily family, const FtpRecord& record, const RowPlace& place);
const LogTable& ssh_table(LogFamily family);
void fill_row(LogRow& row, LogFamily family, const SshRecord& record, const RowPlace& place);
const LogTable& file_table(LogFamily family);
void fill_row(LogRow& row, LogFamily family, const FoundFile& file, const RowPlace& place);
const LogTable& anomaly_table(LogFamily family);
void fill_row(LogRow& row, LogFamily family, const AnomalyRecord& record, const RowPlace& place);

}  // namespace restitch
