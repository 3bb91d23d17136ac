#include <algorithm>
#include <utility>

#include "app/ascii.h"
#include "app/record_rows.h"

namespace restitch {
namespace {

LogTable make_files_table(LogFamily family) {
  switch (family) {
    case LogFamily::zeek:
      return table_of_records(family, "files",
                              {{"fuid", CellType::text},
                               {"source", CellType::text},
                               {"depth", CellType::count},
                               {"analyzers", CellType::list, false, "set[string]"},
                               {"mime_type", CellType::text, true},
                               {"filename", CellType::text, true},
                               {"duration", CellType::duration},
                               {"local_orig", CellType::flag, true},
                               {"is_orig", CellType::flag},
                               {"seen_bytes", CellType::count},
                               {"total_bytes", CellType::count, true},
                               {"missing_bytes", CellType::count},
                               {"overflow_bytes", CellType::count},
                               {"timedout", CellType::flag},
                               {"parent_fuid", CellType::text, true},
                               {"md5", CellType::text, true},
                               {"sha1", CellType::text, true},
                               {"sha256", CellType::text, true}});
    case LogFamily::eve:
      return table_of_records(family, "fileinfo",
                              {{"app_proto", CellType::text, true},
                               {"http.hostname", CellType::text, true},
                               {"http.url", CellType::text, true},
                               {"http.http_user_agent", CellType::text, true},
                               {"http.http_content_type", CellType::text, true},
                               {"http.http_refer", CellType::text, true},
                               {"http.http_method", CellType::text, true},
                               {"http.protocol", CellType::text, true},
                               {"http.version", CellType::text, true},
                               {"http.status", CellType::count, true},
                               {"http.length", CellType::count, true},
                               {"smtp.helo", CellType::text, true},
                               {"smtp.mail_from", CellType::text, true},
                               {"smtp.rcpt_to", CellType::list, true},
                               {"email.status", CellType::text, true},
                               {"email.from", CellType::text, true},
                               {"email.to", CellType::list, true},
                               {"email.attachment", CellType::list, true},
                               {"fileinfo.filename", CellType::text},
                               {"fileinfo.gaps", CellType::flag},
                               {"fileinfo.state", CellType::text},
                               {"fileinfo.stored", CellType::flag},
                               {"fileinfo.size", CellType::count},
                               {"fileinfo.tx_id", CellType::count},
                               {"fileinfo.md5", CellType::text, true},
                               {"fileinfo.sha1", CellType::text, true},
                               {"fileinfo.sha256", CellType::text, true}});
    case LogFamily::plain:
      break;
  }
  return table_of_records(family, "files",
                          {{"file", CellType::text},
                           {"protocol", CellType::text},
                           {"from_client", CellType::flag},
                           {"name", CellType::text, true},
                           {"url", CellType::text, true},
                           {"declared_type", CellType::text, true},
                           {"type", CellType::text, true},
                           {"coding", CellType::text, true},
                           {"transaction", CellType::count, true},
                           {"duration", CellType::duration},
                           {"size", CellType::count},
                           {"declared_size", CellType::count, true},
                           {"wire_size", CellType::count},
                           {"missing_bytes", CellType::count},
                           {"complete", CellType::flag},
                           {"over_limit", CellType::flag, true},
                           {"undecodable", CellType::flag, true},
                           {"md5", CellType::text, true},
                           {"sha1", CellType::text, true},
                           {"sha256", CellType::text, true}});
}

bool from_client(const FoundFile& file) { return file.head.direction == TcpFlowDirection::client_to_server; }

Duration duration_of(const FoundFile& file) {
  return {std::max<std::int64_t>(file.last_seen.ns - file.first_seen.ns, 0)};
}

// "http" -> "HTTP", "ftp-data" -> "FTP_DATA".
std::string zeek_source(std::string_view protocol) {
  std::string source = ascii::upper(protocol);
  std::replace(source.begin(), source.end(), '-', '_');
  return source;
}

void fill_zeek_file(LogRow& row, const FoundFile& file) {
  row.emplace_back(file.id);
  row.emplace_back(zeek_source(file.head.protocol));
  row.emplace_back(std::uint64_t{0});
  TextList analyzers;
  if (!file.md5.empty()) analyzers.emplace_back("MD5");
  if (!file.sha1.empty()) analyzers.emplace_back("SHA1");
  if (!file.sha256.empty()) analyzers.emplace_back("SHA256");
  if (file.head.protocol == "ssl") analyzers.emplace_back("X509");
  row.emplace_back(std::move(analyzers));
  row.push_back(cell_of(file.type));
  row.push_back(cell_of(file.http != nullptr
                            ? (from_client(file) ? file.http->request : file.http->response).file_name
                            : file.head.name));
  row.emplace_back(duration_of(file));
  row.emplace_back();
  row.emplace_back(from_client(file));
  row.emplace_back(file.size);
  row.push_back(file.head.size_known && file.head.coding.empty() ? LogCell(file.head.size) : LogCell());
  row.emplace_back(file.end.missing);
  row.emplace_back(std::uint64_t{0});
  row.emplace_back(!file.end.complete);
  row.emplace_back();
  row.push_back(cell_of(file.md5));
  row.push_back(cell_of(file.sha1));
  row.push_back(cell_of(file.sha256));
}

std::string path_of(const HttpRecord& record) {
  std::string_view path = record.uri;
  if (const std::size_t scheme = path.find("://"); scheme != std::string_view::npos && path.front() != '/') {
    path.remove_prefix(std::min(path.find('/', scheme + 3), path.size()));
  }
  return std::string(path.substr(0, path.find('?')));
}

// What a file's carrier says; cells for all columns between app_proto and fileinfo.
void add_carrier(LogRow& row, const FoundFile& file) {
  const auto field_of = [](const HttpMessage& message, std::string_view name) {
    const std::string* const value = message.field(name);
    return value == nullptr ? LogCell() : cell_of(*value);
  };
  if (const HttpRecord* const http = file.http) {
    row.push_back(cell_of(std::string_view(http->host).substr(0, http->host.find(':'))));
    row.push_back(cell_of(http->uri));
    row.push_back(field_of(http->request, "user-agent"));
    const std::string* const type = http->response.field("content-type");
    row.push_back(type == nullptr ? LogCell() : cell_of(std::string_view(*type).substr(0, type->find(';'))));
    row.push_back(field_of(http->request, "referer"));
    row.push_back(cell_of(http->method));
    const std::string& version = http->request.version;
    const bool has_number_alone = version == "2";  // as in the rows of http
    row.push_back(version.empty() || has_number_alone ? LogCell() : LogCell("HTTP/" + version));
    row.push_back(has_number_alone ? LogCell(version) : LogCell());
    row.push_back(http->response.seen ? LogCell(std::uint64_t{http->status}) : LogCell());
    row.emplace_back(http->response.wire_size);
  } else {
    row.resize(row.size() + 10);
  }
  if (const SmtpRecord* const smtp = file.smtp) {
    row.push_back(cell_of(smtp->helo));
    row.push_back(cell_of(smtp->mail_from));
    row.emplace_back(smtp->recipients);
    const auto mail_field = [&](std::string_view name) {
      const auto found = std::find_if(smtp->fields.begin(), smtp->fields.end(),
                                      [&](const auto& field) { return ascii::equal(field.first, name); });
      return found == smtp->fields.end() ? std::string() : found->second;
    };
    row.emplace_back(std::string("PARSE_DONE"));
    row.push_back(cell_of(mail_field("from")));
    row.emplace_back(TextList{mail_field("to")});
    row.push_back(smtp->attachments.empty() ? LogCell() : LogCell(smtp->attachments));
  } else {
    row.resize(row.size() + 7);
  }
}

void fill_eve_file(LogRow& row, const FoundFile& file) {
  row.emplace_back(std::string(file.head.protocol));
  add_carrier(row, file);
  std::string name = file.head.name;
  if (file.http != nullptr) {
    const std::string& said = (from_client(file) ? file.http->request : file.http->response).file_name;
    name = said.empty() ? path_of(*file.http) : said;
  }
  row.emplace_back(std::move(name));
  row.emplace_back(file.end.missing != 0);
  row.emplace_back(std::string(file.end.complete ? "CLOSED" : "TRUNCATED"));
  row.emplace_back(false);
  row.emplace_back(file.size);
  row.emplace_back(file.head.transaction == 0 ? 0 : file.head.transaction - 1);
  row.push_back(cell_of(file.md5));
  row.push_back(cell_of(file.sha1));
  row.push_back(cell_of(file.sha256));
}

void fill_plain_file(LogRow& row, const FoundFile& file) {
  row.emplace_back(file.id);
  row.emplace_back(std::string(file.head.protocol));
  row.emplace_back(from_client(file));
  row.push_back(cell_of(file.head.name));
  row.push_back(cell_of(file.head.url));
  row.push_back(cell_of(file.head.type));
  row.push_back(cell_of(file.type));
  row.push_back(cell_of(file.head.coding));
  row.push_back(file.head.transaction == 0 ? LogCell() : LogCell(file.head.transaction));
  row.emplace_back(duration_of(file));
  row.emplace_back(file.size);
  row.push_back(file.head.size_known ? LogCell(file.head.size) : LogCell());
  row.emplace_back(file.end.wire_size);
  row.emplace_back(file.end.missing);
  row.emplace_back(file.end.complete);
  row.push_back(file.end.over_limit ? LogCell(true) : LogCell());
  row.push_back(file.end.undecodable ? LogCell(true) : LogCell());
  row.push_back(cell_of(file.md5));
  row.push_back(cell_of(file.sha1));
  row.push_back(cell_of(file.sha256));
}

}  // namespace

const LogTable& file_table(LogFamily family) { return table_made_by<make_files_table>(family); }

void fill_row(LogRow& row, LogFamily family, const FoundFile& file, const RowPlace& place) {
  RowPlace sent = place;
  // Suricata tells of a file from whoever sent it.
  if (family == LogFamily::eve && !from_client(file)) {
    std::swap(sent.net.source, sent.net.destination);
    std::swap(sent.transport.source_port, sent.transport.destination_port);
  }
  begin_row(row, family, family == LogFamily::eve ? "fileinfo" : "files",
            family == LogFamily::eve ? file.last_seen : file.first_seen, sent);
  switch (family) {
    case LogFamily::zeek:
      return fill_zeek_file(row, file);
    case LogFamily::eve:
      return fill_eve_file(row, file);
    case LogFamily::plain:
      return fill_plain_file(row, file);
  }
}

}  // namespace restitch
