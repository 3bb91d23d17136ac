#include "app/row_collector.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "app/mime_type.h"
#include "app/row_note.h"
#include "restitch/output_ids.h"

namespace restitch {
namespace {

Timestamp time_of(const HttpRecord& record) {
  return record.request.seen ? record.request.origin.time : record.response.origin.time;
}
template <class Found>
Timestamp time_of(const Found& record) {
  return record.origin.time;
}

// By the alternatives of AppRecord.
LogKind kind_of(const AppRecord& record) {
  struct Visitor {
    LogKind operator()(const AnomalyRecord&) const { return LogKind::anomalies; }
    LogKind operator()(const HttpRecord&) const { return LogKind::http; }
    LogKind operator()(const WebSocketRecord&) const { return LogKind::websocket; }
    LogKind operator()(const TlsRecord&) const { return LogKind::tls; }
    LogKind operator()(const CertificateRecord&) const { return LogKind::certificates; }
    LogKind operator()(const SmtpRecord&) const { return LogKind::smtp; }
    LogKind operator()(const FtpRecord&) const { return LogKind::ftp; }
    LogKind operator()(const SshRecord&) const { return LogKind::ssh; }
    LogKind operator()(const Http2SettingsRecord&) const { return LogKind::http; }
  };
  return std::visit(Visitor{}, record);
}

std::vector<ObjectNumber> objects_of(const HttpRecord& record) {
  std::vector<ObjectNumber> numbers;
  for (const HttpMessage* message : {&record.request, &record.response}) {
    if (message->object) numbers.push_back(*message->object);
  }
  return numbers;
}

void set_carrier(FoundFile& file, const HttpRecord& record) { file.http = &record; }
void set_carrier(FoundFile& file, const SmtpRecord& record) { file.smtp = &record; }

}  // namespace

struct RowCollector::OpenFile {
  FoundFile file;
  Digests digests;
  std::vector<std::uint8_t> first_bytes;
};

RowCollector::RowCollector(const RowOptions& options, ConnectionLog& log, const ConnectionSummary& summary)
    : options_(options), family_(family_of(options.format)), log_(log), summary_(summary) {}

RowCollector::~RowCollector() = default;

template <class Found>
void RowCollector::note(LogKind kind, Timestamp time, const Found& found, const RowPlace& place) {
  if (!wants(kind)) return;
  LogRow row;
  fill_row(row, family_, found, place);
  if (row.empty()) return;
  log_.note(summary_, std::make_unique<RowNote>(kind, time, std::move(row)));
}

const std::string& RowCollector::uid() {
  if (uid_.empty()) {
    uid_ = connection_uid(summary_);
    community_id_ = community_id(summary_.net, summary_.transport, options_.community_seed);
  }
  return uid_;
}

RowPlace RowCollector::place_of(const FindingPlace& place) {
  const std::string& name = uid();
  return {place.net(), place.transport(), name, community_id_, place.layer, summary_.vlan()};
}

void RowCollector::record(const FindingPlace& place, const AppRecord& record) {
  const LogKind kind = kind_of(record);
  const auto* const certificate = std::get_if<CertificateRecord>(&record);
  const bool is_file = certificate != nullptr && family_ == LogFamily::zeek && wants(LogKind::files);
  if (!wants(kind) && !is_file && waiting_.empty()) return;
  const RowPlace row_place = place_of(place);
  if (is_file) tell_certificate_file(*certificate, row_place);
  std::visit([&](const auto& found) { note(kind, time_of(found), found, row_place); }, record);
  if (const auto* http = std::get_if<HttpRecord>(&record)) tell_files(objects_of(*http), *http, row_place);
  if (const auto* smtp = std::get_if<SmtpRecord>(&record)) tell_files(smtp->objects, *smtp, row_place);
}

template <class Carrier>
void RowCollector::tell_files(const std::vector<ObjectNumber>& numbers, const Carrier& carrier,
                              const RowPlace& place) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const auto here = at++;
    if (std::find(numbers.begin(), numbers.end(), here->number) == numbers.end()) continue;
    set_carrier(*here, carrier);
    tell_file(*here, place);
    waiting_.erase(here);
  }
}

void RowCollector::tell_file(FoundFile& file, const RowPlace& place) {
  RowPlace own = place;
  own.layer = file.layer;
  note(LogKind::files, file.first_seen, file, own);
}

// To Zeek a certificate is a file, too.
void RowCollector::tell_certificate_file(const CertificateRecord& record, const RowPlace& place) {
  // Numbers that no object has.
  constexpr ObjectNumber beyond_objects = ObjectNumber{1} << 63;
  FoundFile file;
  file.number = beyond_objects + certificates_++;
  file.head.protocol = "ssl";
  file.head.direction = record.direction;
  file.id = file_uid(uid(), file.number);
  file.type = record.position == 0 ? "application/x-x509-user-cert" : "application/x-x509-ca-cert";
  file.first_seen = file.last_seen = record.origin.time;
  file.size = record.size;
  file.md5 = record.md5;
  file.sha1 = record.sha1;
  file.sha256 = record.sha256;
  file.end.complete = true;
  tell_file(file, place);
}

RowCollector::OpenFile* RowCollector::find(ObjectNumber object) {
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [&](const OpenFile& open) { return open.file.number == object; });
  if (found == open_.end()) return nullptr;
  open_.splice(open_.begin(), open_, found);
  return &open_.front();
}

void RowCollector::begin_object(const FindingPlace& place, ObjectNumber object, const ObjectHead& head) {
  if (!wants(LogKind::files) && !wants(LogKind::http)) return;
  FoundFile file;
  file.number = object;
  file.head = head;
  file.id = file_uid(uid(), object);
  file.layer = place.layer;
  file.first_seen = file.last_seen = head.origin.time;
  open_.push_front({std::move(file), Digests(options_.md5, options_.sha1, options_.sha256), {}});
}

void RowCollector::object_data(const FindingPlace& /*place*/, ObjectNumber object, Bytes bytes,
                               const Origin& origin) {
  OpenFile* const open = find(object);
  if (open == nullptr) return;
  open->digests.update(bytes);
  open->file.size += bytes.size();
  open->file.last_seen = std::max(open->file.last_seen, origin.time);
  std::vector<std::uint8_t>& head = open->first_bytes;
  if (head.size() >= mime_type_head) return;
  const Bytes first = bytes.first(std::min(bytes.size(), mime_type_head - head.size()));
  head.insert(head.end(), first.begin(), first.end());
}

void RowCollector::end_object(const FindingPlace& place, ObjectNumber object, const ObjectEnd& end) {
  OpenFile* const open = find(object);
  if (open == nullptr) return;
  FoundFile& file = open->file;
  file.end = end;
  file.type = mime_type_of(open->first_bytes);
  file.last_seen = std::max(file.last_seen, end.origin.time);
  file.md5 = open->digests.md5();
  file.sha1 = open->digests.sha1();
  file.sha256 = open->digests.sha256();
  waiting_.push_back(std::move(file));
  open_.pop_front();
  if (waiting_.size() <= waiting_max) return;
  tell_file(waiting_.front(), place_of(place));
  waiting_.pop_front();
}

void RowCollector::close(const FindingPlace& place) {
  if (waiting_.empty()) return;
  const RowPlace row_place = place_of(place);
  for (FoundFile& file : waiting_) tell_file(file, row_place);
  waiting_.clear();
}

std::unique_ptr<FindingsSink> RecordSinks::make(ConnectionLog& log, const ConnectionSummary& summary) {
  return std::make_unique<RowCollector>(options_, log, summary);
}

}  // namespace restitch
