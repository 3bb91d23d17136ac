#include <algorithm>

#include "app/ascii.h"
#include "app/digests.h"
#include "app/record_rows.h"

namespace restitch {
namespace {

LogTable make_smtp_table(LogFamily family) {
  switch (family) {
    case LogFamily::zeek:
      return table_of_records(family, "smtp",
                              {{"trans_depth", CellType::count},
                               {"helo", CellType::text, true},
                               {"mailfrom", CellType::text, true},
                               {"rcptto", CellType::list, true, "set[string]"},
                               {"date", CellType::text, true},
                               {"from", CellType::text, true},
                               {"to", CellType::list, true, "set[string]"},
                               {"cc", CellType::list, true, "set[string]"},
                               {"reply_to", CellType::text, true},
                               {"msg_id", CellType::text, true},
                               {"in_reply_to", CellType::text, true},
                               {"subject", CellType::text, true},
                               {"x_originating_ip", CellType::text, true},
                               {"first_received", CellType::text, true},
                               {"second_received", CellType::text, true},
                               {"last_reply", CellType::text, true},
                               {"user_agent", CellType::text, true},
                               {"tls", CellType::flag}});
    case LogFamily::eve:
      return table_of_records(family, "smtp",
                              {{"pcap_cnt", CellType::count, true},
                               {"tx_id", CellType::count},
                               {"smtp.helo", CellType::text, true},
                               {"smtp.mail_from", CellType::text, true},
                               {"smtp.rcpt_to", CellType::list, true},
                               {"email.status", CellType::text, true},
                               {"email.date", CellType::text, true},
                               {"email.from", CellType::text, true},
                               {"email.to", CellType::list, true},
                               {"email.cc", CellType::list, true},
                               {"email.subject", CellType::text, true},
                               {"email.subject_md5", CellType::text, true},
                               {"email.body_md5", CellType::text, true},
                               {"email.message_id", CellType::text, true},
                               {"email.x_mailer", CellType::text, true},
                               {"email.received", CellType::list, true},
                               {"email.attachment", CellType::list, true},
                               {"email.url", CellType::list, true}});
    case LogFamily::plain:
      break;
  }
  return table_of_records(family, "smtp",
                          {{"transaction", CellType::count},
                           {"helo", CellType::text, true},
                           {"mail_from", CellType::text, true},
                           {"recipients", CellType::list, true},
                           {"date", CellType::text, true},
                           {"from", CellType::text, true},
                           {"to", CellType::list, true},
                           {"cc", CellType::list, true},
                           {"subject", CellType::text, true},
                           {"message_id", CellType::text, true},
                           {"attachments", CellType::list, true},
                           {"urls", CellType::list, true},
                           {"body_md5", CellType::text, true},
                           {"last_reply", CellType::text, true},
                           {"complete", CellType::flag},
                           {"tls", CellType::flag}});
}

// Of the fields of that name, in order.
TextList smtp_fields(const SmtpRecord& record, std::string_view name) {
  TextList found;
  for (const auto& [field, value] : record.fields) {
    if (ascii::equal(field, name)) found.push_back(value);
  }
  return found;
}

LogCell smtp_field(const SmtpRecord& record, std::string_view name) {
  for (const auto& [field, value] : record.fields) {
    if (ascii::equal(field, name)) return cell_of(value);
  }
  return {};
}

LogCell smtp_list(TextList list) { return list.empty() ? LogCell() : LogCell(std::move(list)); }

// Addresses with commas between; one within quotes or brackets is part of an address.
TextList smtp_addresses(const SmtpRecord& record, std::string_view name) {
  TextList addresses;
  for (const std::string& value : smtp_fields(record, name)) {
    std::string address;
    bool quoted = false;
    for (const char c : value + ",") {
      if (c == '"') quoted = !quoted;
      if (c != ',' || quoted) {
        address += c;
        continue;
      }
      const std::string_view trimmed = ascii::trimmed(address);
      if (!trimmed.empty()) addresses.emplace_back(trimmed);
      address.clear();
    }
    if (quoted && address.size() > 1) addresses.emplace_back(address, 0, address.size() - 1);
  }
  return addresses;
}

// "a@b" of "<a@b>", as Zeek has it.
std::string bare_path(std::string_view path) {
  if (path.starts_with('<')) path.remove_prefix(1);
  if (path.ends_with('>')) path.remove_suffix(1);
  return std::string(path);
}

void fill_zeek_smtp(LogRow& row, const SmtpRecord& record) {
  TextList recipients;
  for (const std::string& path : record.recipients) recipients.push_back(bare_path(path));
  const TextList received = smtp_fields(record, "received");
  row.emplace_back(record.depth);
  row.push_back(cell_of(record.helo));
  row.push_back(cell_of(bare_path(record.mail_from)));
  row.push_back(smtp_list(std::move(recipients)));
  row.push_back(smtp_field(record, "date"));
  row.push_back(smtp_field(record, "from"));
  row.push_back(smtp_list(smtp_addresses(record, "to")));
  row.push_back(smtp_list(smtp_addresses(record, "cc")));
  row.push_back(smtp_field(record, "reply-to"));
  row.push_back(smtp_field(record, "message-id"));
  row.push_back(smtp_field(record, "in-reply-to"));
  row.push_back(smtp_field(record, "subject"));
  row.push_back(smtp_field(record, "x-originating-ip"));
  row.push_back(received.empty() ? LogCell() : cell_of(received[0]));
  row.push_back(received.size() < 2 ? LogCell() : cell_of(received[1]));
  row.push_back(cell_of(record.last_reply));
  const LogCell agent = smtp_field(record, "user-agent");
  row.push_back(std::holds_alternative<std::monostate>(agent) ? smtp_field(record, "x-mailer") : agent);
  row.emplace_back(record.tls);
}

std::string_view email_status(const SmtpRecord& record) {
  if (!record.has_mail) return {};
  if (record.damaged) return "PARSE_ERROR";
  return record.complete ? "PARSE_DONE" : "BODY_STARTED";
}

void fill_eve_smtp(LogRow& row, const SmtpRecord& record) {
  const LogCell subject = smtp_field(record, "subject");
  const auto* subject_text = std::get_if<std::string>(&subject);
  row.push_back(record.end.packet == 0 ? LogCell() : LogCell(record.end.packet));
  row.emplace_back(record.depth - 1);
  row.push_back(cell_of(record.helo));
  row.push_back(cell_of(record.mail_from));
  row.push_back(smtp_list(record.recipients));
  row.push_back(cell_of(email_status(record)));
  row.push_back(smtp_field(record, "date"));
  row.push_back(smtp_field(record, "from"));
  row.push_back(smtp_list(smtp_addresses(record, "to")));
  row.push_back(smtp_list(smtp_addresses(record, "cc")));
  row.push_back(subject);
  row.push_back(subject_text == nullptr ? LogCell() : LogCell(md5_hex(*subject_text)));
  row.push_back(cell_of(record.body_md5));
  row.push_back(smtp_field(record, "message-id"));
  row.push_back(smtp_field(record, "x-mailer"));
  row.push_back(smtp_list(smtp_fields(record, "received")));
  row.push_back(smtp_list(record.attachments));
  row.push_back(smtp_list(record.urls));
}

void fill_plain_smtp(LogRow& row, const SmtpRecord& record) {
  row.emplace_back(record.depth);
  row.push_back(cell_of(record.helo));
  row.push_back(cell_of(record.mail_from));
  row.push_back(smtp_list(record.recipients));
  row.push_back(smtp_field(record, "date"));
  row.push_back(smtp_field(record, "from"));
  row.push_back(smtp_list(smtp_addresses(record, "to")));
  row.push_back(smtp_list(smtp_addresses(record, "cc")));
  row.push_back(smtp_field(record, "subject"));
  row.push_back(smtp_field(record, "message-id"));
  row.push_back(smtp_list(record.attachments));
  row.push_back(smtp_list(record.urls));
  row.push_back(cell_of(record.body_md5));
  row.push_back(cell_of(record.last_reply));
  row.emplace_back(record.complete);
  row.emplace_back(record.tls);
}

}  // namespace

const LogTable& smtp_table(LogFamily family) { return table_made_by<make_smtp_table>(family); }

void fill_row(LogRow& row, LogFamily family, const SmtpRecord& record, const RowPlace& place) {
  begin_row(row, family, "smtp", record.origin.time, place);
  switch (family) {
    case LogFamily::zeek:
      return fill_zeek_smtp(row, record);
    case LogFamily::eve:
      return fill_eve_smtp(row, record);
    case LogFamily::plain:
      return fill_plain_smtp(row, record);
  }
}

}  // namespace restitch
