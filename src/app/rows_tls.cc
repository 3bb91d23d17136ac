#include "app/record_rows.h"
#include "app/tls_certificate.h"
#include "app/tls_hello.h"
#include "app/tls_names.h"

namespace restitch {
namespace {

LogTable make_zeek_tls_table() {
  return table_of_records(LogFamily::zeek, "ssl",
                          {{"version", CellType::text, true},
                           {"cipher", CellType::text, true},
                           {"curve", CellType::text, true},
                           {"server_name", CellType::text, true},
                           {"resumed", CellType::flag},
                           {"last_alert", CellType::text, true},
                           {"next_protocol", CellType::text, true},
                           {"established", CellType::flag},
                           {"ssl_history", CellType::text},
                           {"cert_chain_fps", CellType::list, true, "vector[string]"},
                           {"client_cert_chain_fps", CellType::list, true, "vector[string]"},
                           {"subject", CellType::text, true},
                           {"issuer", CellType::text, true},
                           {"client_subject", CellType::text, true},
                           {"client_issuer", CellType::text, true},
                           {"ja3", CellType::text, true},
                           {"ja3s", CellType::text, true},
                           {"ja4", CellType::text, true}});
}

LogTable make_eve_tls_table() {
  return table_of_records(LogFamily::eve, "tls",
                          {{"pcap_cnt", CellType::count, true},
                           {"tls.from_proto", CellType::text, true},
                           {"tls.subject", CellType::text, true},
                           {"tls.issuerdn", CellType::text, true},
                           {"tls.serial", CellType::text, true},
                           {"tls.fingerprint", CellType::text, true},
                           {"tls.sni", CellType::text, true},
                           {"tls.version", CellType::text},
                           {"tls.notbefore", CellType::text, true},
                           {"tls.notafter", CellType::text, true},
                           {"tls.session_resumed", CellType::flag, true},
                           {"tls.ja4", CellType::text, true},
                           {"tls.client_alpns", CellType::list, true},
                           {"tls.server_alpns", CellType::list, true},
                           {"tls.subjectaltname", CellType::list, true},
                           {"tls.ja3.hash", CellType::text, true},
                           {"tls.ja3.string", CellType::text, true},
                           {"tls.ja3s.hash", CellType::text, true},
                           {"tls.ja3s.string", CellType::text, true},
                           {"tls.client_handshake.version", CellType::text, true},
                           {"tls.client_handshake.ciphers", CellType::json, true},
                           {"tls.client_handshake.exts", CellType::json, true},
                           {"tls.client_handshake.sig_algs", CellType::json, true},
                           {"tls.server_handshake.version", CellType::text, true},
                           {"tls.server_handshake.cipher", CellType::count, true},
                           {"tls.server_handshake.exts", CellType::json, true},
                           {"tls.client.subject", CellType::text, true},
                           {"tls.client.issuerdn", CellType::text, true},
                           {"tls.client.fingerprint", CellType::text, true},
                           {"tls.client.serial", CellType::text, true},
                           {"tls.client.notbefore", CellType::text, true},
                           {"tls.client.notafter", CellType::text, true}});
}

LogTable make_plain_tls_table() {
  return table_of_records(LogFamily::plain, "tls",
                          {{"server_name", CellType::text, true},
                           {"version", CellType::text, true},
                           {"cipher", CellType::text, true},
                           {"curve", CellType::text, true},
                           {"alpn", CellType::text, true},
                           {"client_alpn", CellType::list, true},
                           {"ja3", CellType::text, true},
                           {"ja3s", CellType::text, true},
                           {"ja4", CellType::text, true},
                           {"established", CellType::flag},
                           {"resumed", CellType::flag},
                           {"hello_retry", CellType::flag},
                           {"decrypted", CellType::flag},
                           {"last_alert", CellType::text, true},
                           {"history", CellType::text},
                           {"subject", CellType::text, true},
                           {"issuer", CellType::text, true},
                           {"certificates", CellType::list, true},
                           {"client_certificates", CellType::list, true}});
}

LogCell tls_list(const std::vector<std::string>& list) {
  return list.empty() ? LogCell() : LogCell(TextList(list));
}

// The names that a record has only where its server said its hello.
LogCell tls_version_cell(const TlsRecord& record) {
  return record.version == 0 ? LogCell() : LogCell(tls_version_name(record.version));
}

LogCell tls_cipher_cell(const TlsRecord& record) {
  return record.server_hello ? LogCell(tls_cipher_name(record.cipher)) : LogCell();
}

LogCell tls_curve_cell(const TlsRecord& record) {
  return record.curve == 0 ? LogCell() : LogCell(tls_group_name(record.curve));
}

using CertificateText = std::string CertificateRecord::*;

LogCell tls_leaf_cell(const std::optional<CertificateRecord>& leaf, CertificateText text) {
  return leaf ? cell_of((*leaf).*text) : LogCell();
}

// "00:8a:07": a colon behind each two digits.
std::string with_colons(std::string_view hex) {
  std::string text;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    if (i > 0 && i % 2 == 0) text += ':';
    text += hex[i];
  }
  return text;
}

// As it stands in the certificate: a first byte of 0 where the number would else be negative.
LogCell tls_serial_cell(const std::optional<CertificateRecord>& leaf) {
  if (!leaf || leaf->serial.empty()) return {};
  const bool padded = leaf->serial[0] >= '8';
  return with_colons(padded ? "00" + leaf->serial : leaf->serial);
}

JsonText json_numbers(const std::vector<std::uint16_t>& numbers, bool grease) {
  JsonText json{"["};
  for (const std::uint16_t number : numbers) {
    if (!grease && is_grease(number)) continue;
    if (json.text.size() > 1) json.text += ',';
    json.text += std::to_string(number);
  }
  json.text += ']';
  return json;
}

void fill_zeek_tls(LogRow& row, const TlsRecord& record) {
  row.push_back(tls_version_cell(record));
  row.push_back(tls_cipher_cell(record));
  row.push_back(tls_curve_cell(record));
  row.push_back(cell_of(record.server_name));
  row.emplace_back(record.resumed);
  row.push_back(cell_of(record.last_alert));
  row.push_back(cell_of(record.alpn));
  row.emplace_back(record.established);
  row.emplace_back(record.history);
  const bool any = !record.certificates.empty() || !record.client_certificates.empty();
  row.push_back(any ? LogCell(TextList(record.certificates)) : LogCell());
  row.push_back(any ? LogCell(TextList(record.client_certificates)) : LogCell());
  row.push_back(tls_leaf_cell(record.leaf, &CertificateRecord::subject));
  row.push_back(tls_leaf_cell(record.leaf, &CertificateRecord::issuer));
  row.push_back(tls_leaf_cell(record.client_leaf, &CertificateRecord::subject));
  row.push_back(tls_leaf_cell(record.client_leaf, &CertificateRecord::issuer));
  row.push_back(cell_of(record.ja3));
  row.push_back(cell_of(record.ja3s));
  row.push_back(cell_of(record.ja4));
}

void fill_eve_hellos(LogRow& row, const TlsRecord& record) {
  const auto numbers = [&](const std::vector<std::uint16_t>& list) {
    return list.empty() ? LogCell() : LogCell(json_numbers(list, false));
  };
  row.push_back(record.client_hello ? LogCell(tls_version_spoken(record.client_version)) : LogCell());
  row.push_back(numbers(record.client_ciphers));
  row.push_back(numbers(record.client_extensions));
  row.push_back(numbers(record.client_signatures));
  row.push_back(record.server_hello ? LogCell(tls_version_spoken(record.version)) : LogCell());
  row.push_back(record.server_hello ? LogCell(std::uint64_t{record.cipher}) : LogCell());
  row.push_back(numbers(record.server_extensions));
}

void fill_eve_tls(LogRow& row, const TlsRecord& record) {
  const std::optional<CertificateRecord>& leaf = record.leaf;
  const std::optional<CertificateRecord>& client = record.client_leaf;
  const auto colons = [](const std::optional<CertificateRecord>& of) {
    return of ? LogCell(with_colons(of->sha1)) : LogCell();
  };
  const auto date = [](const std::optional<CertificateRecord>& of, std::int64_t CertificateRecord::*at) {
    return of ? LogCell(certificate_date((*of).*at)) : LogCell();
  };
  row.push_back(record.reported.packet == 0 ? LogCell() : LogCell(record.reported.packet));
  row.push_back(cell_of(record.upgraded_from));
  row.push_back(tls_leaf_cell(leaf, &CertificateRecord::subject_in_order));
  row.push_back(tls_leaf_cell(leaf, &CertificateRecord::issuer_in_order));
  row.push_back(tls_serial_cell(leaf));
  row.push_back(colons(leaf));
  row.push_back(cell_of(record.server_name));
  row.emplace_back(tls_version_spoken(record.version));
  row.push_back(date(leaf, &CertificateRecord::not_before));
  row.push_back(date(leaf, &CertificateRecord::not_after));
  row.push_back(record.resumed ? LogCell(true) : LogCell());
  row.push_back(cell_of(record.ja4));
  row.push_back(tls_list(record.client_alpn));
  row.push_back(record.alpn.empty() ? LogCell() : LogCell(TextList{record.alpn}));
  row.push_back(leaf ? tls_list(leaf->dns_names) : LogCell());
  row.push_back(cell_of(record.ja3));
  row.push_back(cell_of(record.ja3_text));
  row.push_back(cell_of(record.ja3s));
  row.push_back(cell_of(record.ja3s_text));
  fill_eve_hellos(row, record);
  row.push_back(tls_leaf_cell(client, &CertificateRecord::subject_in_order));
  row.push_back(tls_leaf_cell(client, &CertificateRecord::issuer_in_order));
  row.push_back(colons(client));
  row.push_back(tls_serial_cell(client));
  row.push_back(date(client, &CertificateRecord::not_before));
  row.push_back(date(client, &CertificateRecord::not_after));
}

void fill_plain_tls(LogRow& row, const TlsRecord& record) {
  row.push_back(cell_of(record.server_name));
  row.push_back(tls_version_cell(record));
  row.push_back(tls_cipher_cell(record));
  row.push_back(tls_curve_cell(record));
  row.push_back(cell_of(record.alpn));
  row.push_back(tls_list(record.client_alpn));
  row.push_back(cell_of(record.ja3));
  row.push_back(cell_of(record.ja3s));
  row.push_back(cell_of(record.ja4));
  row.emplace_back(record.established);
  row.emplace_back(record.resumed);
  row.emplace_back(record.hello_retry);
  row.emplace_back(record.decrypted);
  row.push_back(cell_of(record.last_alert));
  row.emplace_back(record.history);
  row.push_back(tls_leaf_cell(record.leaf, &CertificateRecord::subject));
  row.push_back(tls_leaf_cell(record.leaf, &CertificateRecord::issuer));
  row.push_back(tls_list(record.certificates));
  row.push_back(tls_list(record.client_certificates));
}

LogTable make_tls_table(LogFamily family) {
  switch (family) {
    case LogFamily::zeek:
      return make_zeek_tls_table();
    case LogFamily::eve:
      return make_eve_tls_table();
    case LogFamily::plain:
      break;
  }
  return make_plain_tls_table();
}

}  // namespace

const LogTable& tls_table(LogFamily family) { return table_made_by<make_tls_table>(family); }

void fill_row(LogRow& row, LogFamily family, const TlsRecord& record, const RowPlace& place) {
  begin_row(row, family, "tls", family == LogFamily::eve ? record.reported.time : record.origin.time, place);
  switch (family) {
    case LogFamily::zeek:
      return fill_zeek_tls(row, record);
    case LogFamily::eve:
      return fill_eve_tls(row, record);
    case LogFamily::plain:
      return fill_plain_tls(row, record);
  }
}

}  // namespace restitch
