#include "app/record_rows.h"
#include "app/tls_certificate.h"

namespace restitch {
namespace {

LogTable make_certificate_table(LogFamily family) {
  switch (family) {
    case LogFamily::zeek: {
      LogTable table{"x509", {}};
      table.columns = {{"ts", CellType::time},
                       {"fingerprint", CellType::text},
                       {"certificate.version", CellType::count},
                       {"certificate.serial", CellType::text},
                       {"certificate.subject", CellType::text},
                       {"certificate.issuer", CellType::text},
                       {"certificate.not_valid_before", CellType::json, false, "time"},
                       {"certificate.not_valid_after", CellType::json, false, "time"},
                       {"certificate.key_alg", CellType::text},
                       {"certificate.sig_alg", CellType::text},
                       {"certificate.key_type", CellType::text, true},
                       {"certificate.key_length", CellType::count, true},
                       {"certificate.exponent", CellType::text, true},
                       {"certificate.curve", CellType::text, true},
                       {"san.dns", CellType::list, true, "vector[string]"},
                       {"san.uri", CellType::list, true, "vector[string]"},
                       {"san.email", CellType::list, true, "vector[string]"},
                       {"san.ip", CellType::list, true, "vector[addr]"},
                       {"basic_constraints.ca", CellType::flag, true},
                       {"basic_constraints.path_len", CellType::count, true},
                       {"host_cert", CellType::flag},
                       {"client_cert", CellType::flag}};
      return table;
    }
    case LogFamily::eve:
    case LogFamily::plain:
      break;
  }
  return table_of_records(family, "certificate",
                          {{"certificate.sha256", CellType::text},
                           {"certificate.sha1", CellType::text},
                           {"certificate.client", CellType::flag},
                           {"certificate.position", CellType::count},
                           {"certificate.version", CellType::count},
                           {"certificate.serial", CellType::text},
                           {"certificate.subject", CellType::text},
                           {"certificate.issuer", CellType::text},
                           {"certificate.not_before", CellType::text},
                           {"certificate.not_after", CellType::text},
                           {"certificate.key_algorithm", CellType::text},
                           {"certificate.signature_algorithm", CellType::text},
                           {"certificate.key_bits", CellType::count, true},
                           {"certificate.curve", CellType::text, true},
                           {"certificate.dns_names", CellType::list, true},
                           {"certificate.addresses", CellType::list, true},
                           {"certificate.authority", CellType::flag, true}});
}

LogCell certificate_list(const std::vector<std::string>& list) {
  return list.empty() ? LogCell() : LogCell(TextList(list));
}

void fill_zeek_certificate(LogRow& row, const CertificateRecord& record) {
  row.clear();
  row.emplace_back(record.origin.time);
  row.emplace_back(record.sha256);
  row.emplace_back(std::uint64_t{record.version});
  row.emplace_back(record.serial);
  row.emplace_back(record.subject);
  row.emplace_back(record.issuer);
  row.emplace_back(JsonText{std::to_string(record.not_before) + ".000000"});
  row.emplace_back(JsonText{std::to_string(record.not_after) + ".000000"});
  row.emplace_back(record.key_algorithm);
  row.emplace_back(record.signature_algorithm);
  row.push_back(cell_of(record.key_type));
  row.push_back(record.key_bits == 0 ? LogCell() : LogCell(std::uint64_t{record.key_bits}));
  row.push_back(cell_of(record.exponent));
  row.push_back(cell_of(record.curve));
  row.push_back(certificate_list(record.dns_names));
  row.push_back(certificate_list(record.uris));
  row.push_back(certificate_list(record.emails));
  row.push_back(certificate_list(record.addresses));
  row.push_back(record.has_constraints ? LogCell(record.is_authority) : LogCell());
  row.push_back(record.path_max < 0 ? LogCell() : LogCell(static_cast<std::uint64_t>(record.path_max)));
  const bool of_client = record.direction == TcpFlowDirection::client_to_server;
  row.emplace_back(record.position == 0);
  row.emplace_back(of_client);
}

}  // namespace

const LogTable& certificate_table(LogFamily family) { return table_made_by<make_certificate_table>(family); }

void fill_row(LogRow& row, LogFamily family, const CertificateRecord& record, const RowPlace& place) {
  if (family == LogFamily::zeek) return fill_zeek_certificate(row, record);
  begin_row(row, family, "certificate", record.origin.time, place);
  row.emplace_back(record.sha256);
  row.emplace_back(record.sha1);
  row.emplace_back(record.direction == TcpFlowDirection::client_to_server);
  row.emplace_back(std::uint64_t{record.position});
  row.emplace_back(std::uint64_t{record.version});
  row.emplace_back(record.serial);
  row.emplace_back(record.subject);
  row.emplace_back(record.issuer);
  row.emplace_back(certificate_date(record.not_before));
  row.emplace_back(certificate_date(record.not_after));
  row.emplace_back(record.key_algorithm);
  row.emplace_back(record.signature_algorithm);
  row.push_back(record.key_bits == 0 ? LogCell() : LogCell(std::uint64_t{record.key_bits}));
  row.push_back(cell_of(record.curve));
  row.push_back(certificate_list(record.dns_names));
  row.push_back(certificate_list(record.addresses));
  row.push_back(record.has_constraints ? LogCell(record.is_authority) : LogCell());
}

}  // namespace restitch
