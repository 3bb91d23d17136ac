#include <algorithm>

#include "app/record_rows.h"

namespace restitch {
namespace {

LogTable make_ftp_table(LogFamily family) {
  switch (family) {
    case LogFamily::zeek:
      return table_of_records(family, "ftp",
                              {{"user", CellType::text, true},
                               {"password", CellType::text, true},
                               {"command", CellType::text, true},
                               {"arg", CellType::text, true},
                               {"reply_code", CellType::count, true},
                               {"reply_msg", CellType::text, true},
                               {"data_channel.passive", CellType::flag, true},
                               {"data_channel.orig_h", CellType::address, true},
                               {"data_channel.resp_h", CellType::address, true},
                               {"data_channel.resp_p", CellType::port, true}});
    case LogFamily::eve:
      return table_of_records(family, "ftp",
                              {{"ftp.command", CellType::text, true},
                               {"ftp.command_data", CellType::text, true},
                               {"ftp.command_truncated", CellType::flag, true},
                               {"ftp.reply", CellType::list, true},
                               {"ftp.completion_code", CellType::list, true},
                               {"ftp.reply_received", CellType::text, true},
                               {"ftp.reply_truncated", CellType::flag, true},
                               {"ftp.mode", CellType::text, true},
                               {"ftp.dynamic_port", CellType::count, true},
                               {"ftp_data.command", CellType::text, true},
                               {"ftp_data.filename", CellType::text, true}});
    case LogFamily::plain:
      break;
  }
  return table_of_records(family, "ftp",
                          {{"user", CellType::text, true},
                           {"command", CellType::text, true},
                           {"argument", CellType::text, true},
                           {"code", CellType::count, true},
                           {"replies", CellType::list, true},
                           {"data", CellType::flag},
                           {"data_ip", CellType::address, true},
                           {"data_port", CellType::port, true},
                           {"passive", CellType::flag, true},
                           {"restart", CellType::count, true}});
}

constexpr std::string_view hidden_password = "<hidden>";

// Those of a guest are no secret: so it is in Zeek.
bool is_guest(std::string_view user) {
  return user == "anonymous" || user == "ftp" || user == "ftpuser" || user == "guest";
}

LogCell ftp_argument(const FtpRecord& record) {
  if (record.command == "PASS" && !is_guest(record.user)) return std::string(hidden_password);
  return cell_of(record.argument);
}

bool is_in_zeek_log(std::string_view command) {
  constexpr std::string_view logged[] = {"APPE", "DELE", "RETR", "STOR", "STOU",
                                         "ACCT", "PORT", "PASV", "EPRT", "EPSV"};
  return std::find(std::begin(logged), std::end(logged), command) != std::end(logged);
}

void fill_zeek_ftp(LogRow& row, const FtpRecord& record, const RowPlace& place) {
  row.push_back(cell_of(record.user));
  row.push_back(record.password.empty()
                    ? LogCell()
                    : cell_of(is_guest(record.user) ? std::string_view(record.password) : hidden_password));
  row.push_back(cell_of(record.command));
  row.push_back(cell_of(record.argument));
  row.push_back(record.code == 0 ? LogCell() : LogCell(std::uint64_t{record.code}));
  row.push_back(record.replies.empty() ? LogCell() : cell_of(record.replies.back()));
  if (!record.has_data) {
    for (int i = 0; i < 4; ++i) row.emplace_back();
    return;
  }
  row.emplace_back(record.passive);
  row.emplace_back(record.passive ? place.net.source : place.net.destination);
  row.emplace_back(record.data_address);
  row.emplace_back(std::uint64_t{record.data_port});
}

void fill_eve_ftp(LogRow& row, const FtpRecord& record) {
  row.push_back(cell_of(record.command));
  row.push_back(cell_of(record.argument));
  row.emplace_back(record.command_truncated);
  row.push_back(record.replies.empty() ? LogCell() : LogCell(record.replies));
  row.push_back(record.codes.empty() ? LogCell() : LogCell(record.codes));
  row.emplace_back(std::string(record.reply_seen ? "yes" : "no"));
  row.emplace_back(record.reply_truncated);
  row.push_back(record.has_data ? LogCell(std::string(record.passive ? "passive" : "active")) : LogCell());
  row.push_back(record.has_data ? LogCell(std::uint64_t{record.data_port}) : LogCell());
  row.emplace_back();
  row.emplace_back();
}

void fill_eve_ftp_data(LogRow& row, const FtpRecord& record) {
  for (int i = 0; i < 9; ++i) row.emplace_back();
  row.push_back(cell_of(record.command));
  row.push_back(cell_of(record.argument));
}

void fill_plain_ftp(LogRow& row, const FtpRecord& record) {
  row.push_back(cell_of(record.user));
  row.push_back(cell_of(record.command));
  row.push_back(ftp_argument(record));
  row.push_back(record.code == 0 ? LogCell() : LogCell(std::uint64_t{record.code}));
  row.push_back(record.replies.empty() ? LogCell() : LogCell(record.replies));
  row.emplace_back(record.data);
  row.push_back(record.has_data ? LogCell(record.data_address) : LogCell());
  row.push_back(record.has_data ? LogCell(std::uint64_t{record.data_port}) : LogCell());
  row.push_back(record.has_data ? LogCell(record.passive) : LogCell());
  row.push_back(record.restart == 0 ? LogCell() : LogCell(record.restart));
}

}  // namespace

const LogTable& ftp_table(LogFamily family) { return table_made_by<make_ftp_table>(family); }

void fill_row(LogRow& row, LogFamily family, const FtpRecord& record, const RowPlace& place) {
  row.clear();
  switch (family) {
    case LogFamily::zeek:
      if (record.data || !is_in_zeek_log(record.command)) return;
      begin_row(row, family, "ftp", record.origin.time, place);
      return fill_zeek_ftp(row, record, place);
    case LogFamily::eve:
      begin_row(row, family, record.data ? "ftp_data" : "ftp", record.origin.time, place);
      return record.data ? fill_eve_ftp_data(row, record) : fill_eve_ftp(row, record);
    case LogFamily::plain:
      begin_row(row, family, "ftp", record.origin.time, place);
      return fill_plain_ftp(row, record);
  }
}

}  // namespace restitch
