// RowCollector: makes rows of what the analyzers of one connection find, and notes of them. A file gets its
// row with the record that tells what carried it, or at the end. Borrows options, log and summary, which
// outlive it. One thread: that of the pool.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "app/digests.h"
#include "app/found_file.h"
#include "app/record_rows.h"
#include "restitch/app/findings.h"
#include "restitch/app/record_sinks.h"

namespace restitch {

class RowCollector final : public FindingsSink {
 public:
  RowCollector(const RowOptions& options, ConnectionLog& log, const ConnectionSummary& summary);
  ~RowCollector() override;

  void record(const FindingPlace& place, const AppRecord& record) override;
  void begin_object(const FindingPlace& place, ObjectNumber object, const ObjectHead& head) override;
  void object_data(const FindingPlace& place, ObjectNumber object, Bytes bytes,
                   const Origin& origin) override;
  void end_object(const FindingPlace& place, ObjectNumber object, const ObjectEnd& end) override;
  void close(const FindingPlace& place) override;

 private:
  struct OpenFile;

  // So many files wait for what carried them; of one connection.
  static constexpr std::size_t waiting_max = 64;

  [[nodiscard]] bool wants(LogKind kind) const { return options_.kinds[static_cast<std::size_t>(kind)]; }
  OpenFile* find(ObjectNumber object);
  const std::string& uid();
  RowPlace place_of(const FindingPlace& place);
  template <class Found>
  void note(LogKind kind, Timestamp time, const Found& found, const RowPlace& place);
  template <class Carrier>
  void tell_files(const std::vector<ObjectNumber>& numbers, const Carrier& carrier, const RowPlace& place);
  void tell_file(FoundFile& file, const RowPlace& place);
  void tell_certificate_file(const CertificateRecord& record, const RowPlace& place);

  const RowOptions& options_;
  LogFamily family_;
  ConnectionLog& log_;
  const ConnectionSummary& summary_;
  std::string uid_;  // both from the first finding on
  std::string community_id_;
  ObjectNumber certificates_ = 0;  // that were told as files
  std::list<OpenFile> open_;       // the one that grew last first
  std::list<FoundFile> waiting_;   // that ended
};

}  // namespace restitch
