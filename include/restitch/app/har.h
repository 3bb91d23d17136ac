// HAR 1.2, the format in which browsers save what they loaded: an entry for each transaction of HTTP. Entries
// travel as notes of a ConnectionLog, so that their order does not depend on threads.
//
//   har_begin() entry , entry … har_end()
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "restitch/app/analyzed_stream.h"
#include "restitch/app/http_exchanges.h"

namespace RESTITCH_API restitch {

// One entry, as a JSON object on one line without its end.
struct HarNote final : ConnectionNote {
  explicit HarNote(std::string text) : entry(std::move(text)) {}
  std::string entry;
};

// What stands before the first entry and behind the last one. `version` is that of the program, `comment` is
// for readers; empty: none.
std::string har_begin(std::string_view version);
std::string har_end(std::string_view comment);

// The entry of a transaction, appended to `out`. Bodies that are no UTF-8 are in base64; what is missing of
// a body, or was not captured of the transaction, is said in "comment".
void append_har_entry(std::string& out, const FindingPlace& place, const HttpRecord& record,
                      const HttpContent& request, const HttpContent& response);

// For AnalyzedStreamFactory. One thread: that of the pool.
class HarSinks final : public FindingsSinks {
 public:
  // Of each body, at most so many bytes are in its entry.
  explicit HarSinks(std::size_t body_max) { room_.body_max = body_max; }

  std::unique_ptr<FindingsSink> make(ConnectionLog& log, const ConnectionSummary& summary) override;

 private:
  HttpContentRoom room_;
};

}  // namespace restitch
