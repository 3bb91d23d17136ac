// Rows of records whose tables are not written yet: only what every row has.
#include "app/record_rows.h"

namespace restitch {
namespace {

template <class Name>
const LogTable& pending_table(LogFamily family, Name name) {
  static const LogTable tables[] = {table_of_records(LogFamily::zeek, name(), {}),
                                    table_of_records(LogFamily::eve, name(), {}),
                                    table_of_records(LogFamily::plain, name(), {})};
  return tables[static_cast<std::size_t>(family)];
}

}  // namespace

const LogTable& smtp_table(LogFamily family) {
  return pending_table(family, [] { return "smtp"; });
}
void fill_row(LogRow& row, LogFamily family, const SmtpRecord& record, const RowPlace& place) {
  begin_row(row, family, "smtp", record.origin.time, place);
}

const LogTable& ftp_table(LogFamily family) {
  return pending_table(family, [] { return "ftp"; });
}
void fill_row(LogRow& row, LogFamily family, const FtpRecord& record, const RowPlace& place) {
  begin_row(row, family, "ftp", record.origin.time, place);
}

const LogTable& ssh_table(LogFamily family) {
  return pending_table(family, [] { return "ssh"; });
}
void fill_row(LogRow& row, LogFamily family, const SshRecord& record, const RowPlace& place) {
  begin_row(row, family, "ssh", record.origin.time, place);
}

}  // namespace restitch
