#include "restitch/app/har.h"

#include "output/text.h"

namespace restitch {
namespace {

class HarCollector final : public HttpExchanges {
 public:
  HarCollector(HttpContentRoom& room, ConnectionLog& log, const ConnectionSummary& summary)
      : HttpExchanges(room), log_(log), summary_(summary) {}

 private:
  void exchange(const FindingPlace& place, const HttpRecord& record, const HttpContent& request,
                const HttpContent& response) override {
    std::string entry;
    append_har_entry(entry, place, record, request, response);
    log_.note(summary_, std::make_unique<HarNote>(std::move(entry)));
  }

  ConnectionLog& log_;
  const ConnectionSummary& summary_;
};

}  // namespace

std::string har_begin(std::string_view version) {
  std::string out = R"({"log":{"version":"1.2","creator":{"name":"restitch","version":)";
  append_json_string(out, version);
  return out + "},\"entries\":[\n";
}

std::string har_end(std::string_view comment) {
  std::string out = "\n]";
  if (!comment.empty()) {
    out += ",\"comment\":";
    append_json_string(out, comment);
  }
  return out + "}}\n";
}

std::unique_ptr<FindingsSink> HarSinks::make(ConnectionLog& log, const ConnectionSummary& summary) {
  return std::make_unique<HarCollector>(room_, log, summary);
}

}  // namespace restitch
