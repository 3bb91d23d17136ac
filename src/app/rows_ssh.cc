#include "app/record_rows.h"

namespace restitch {
namespace {

LogTable make_ssh_table(LogFamily family) {
  switch (family) {
    case LogFamily::zeek:
      return table_of_records(family, "ssh",
                              {{"version", CellType::count, true},
                               {"client", CellType::text, true},
                               {"server", CellType::text, true},
                               {"cipher_alg", CellType::text, true},
                               {"mac_alg", CellType::text, true},
                               {"compression_alg", CellType::text, true},
                               {"kex_alg", CellType::text, true},
                               {"host_key_alg", CellType::text, true}});
    case LogFamily::eve:
      return table_of_records(family, "ssh",
                              {{"ssh.client.proto_version", CellType::text, true},
                               {"ssh.client.software_version", CellType::text, true},
                               {"ssh.client.hassh.hash", CellType::text, true},
                               {"ssh.client.hassh.string", CellType::text, true},
                               {"ssh.server.proto_version", CellType::text, true},
                               {"ssh.server.software_version", CellType::text, true},
                               {"ssh.server.hassh.hash", CellType::text, true},
                               {"ssh.server.hassh.string", CellType::text, true}});
    case LogFamily::plain:
      break;
  }
  return table_of_records(family, "ssh",
                          {{"client", CellType::text, true},
                           {"server", CellType::text, true},
                           {"client_hassh", CellType::text, true},
                           {"server_hassh", CellType::text, true},
                           {"key_exchange", CellType::text, true},
                           {"host_key", CellType::text, true},
                           {"cipher", CellType::text, true},
                           {"mac", CellType::text, true},
                           {"compression", CellType::text, true}});
}

// 1.99 is 2 that would talk to 1.
LogCell ssh_version(const SshRecord& record) {
  const std::string& version =
      record.client_protocol.empty() ? record.server_protocol : record.client_protocol;
  if (version.empty()) return {};
  return std::uint64_t{version.starts_with("2") || version == "1.99" ? 2U : 1U};
}

void fill_zeek_ssh(LogRow& row, const SshRecord& record) {
  row.push_back(ssh_version(record));
  row.push_back(cell_of(record.client_line));
  row.push_back(cell_of(record.server_line));
  row.push_back(cell_of(record.cipher));
  row.push_back(cell_of(record.mac));
  row.push_back(cell_of(record.compression));
  row.push_back(cell_of(record.key_exchange));
  row.push_back(cell_of(record.host_key));
}

void fill_eve_ssh(LogRow& row, const SshRecord& record) {
  row.push_back(cell_of(record.client_protocol));
  row.push_back(cell_of(record.client_software));
  row.push_back(cell_of(record.client_hassh));
  row.push_back(cell_of(record.client_hassh_text));
  row.push_back(cell_of(record.server_protocol));
  row.push_back(cell_of(record.server_software));
  row.push_back(cell_of(record.server_hassh));
  row.push_back(cell_of(record.server_hassh_text));
}

void fill_plain_ssh(LogRow& row, const SshRecord& record) {
  row.push_back(cell_of(record.client_line));
  row.push_back(cell_of(record.server_line));
  row.push_back(cell_of(record.client_hassh));
  row.push_back(cell_of(record.server_hassh));
  row.push_back(cell_of(record.key_exchange));
  row.push_back(cell_of(record.host_key));
  row.push_back(cell_of(record.cipher));
  row.push_back(cell_of(record.mac));
  row.push_back(cell_of(record.compression));
}

}  // namespace

const LogTable& ssh_table(LogFamily family) { return table_made_by<make_ssh_table>(family); }

void fill_row(LogRow& row, LogFamily family, const SshRecord& record, const RowPlace& place) {
  begin_row(row, family, "ssh", record.origin.time, place);
  switch (family) {
    case LogFamily::zeek:
      return fill_zeek_ssh(row, record);
    case LogFamily::eve:
      return fill_eve_ssh(row, record);
    case LogFamily::plain:
      return fill_plain_ssh(row, record);
  }
}

}  // namespace restitch
