// HttpExchanges: a FindingsSink that hands on each transaction of HTTP together with the bodies of its two
// messages, decoded, as far as there is room for them. Derive from it, and say what becomes of a transaction.
// One thread: that of the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "restitch/app/findings.h"
#include "restitch/app/http_record.h"

namespace RESTITCH_API restitch {

// The beginning of a body, up to the first byte that was not captured, or for which there was no room.
struct HttpContent {
  std::vector<std::uint8_t> bytes;
  std::uint64_t missing = 0;   // bytes that were not captured
  std::uint64_t left_out = 0;  // bytes that were, and are not in `bytes`
  bool complete = false;       // every byte of it was captured, by what HTTP says
  bool undecodable = false;    // its coding was damaged, or unknown
};

// What is not so of a body, in words, such as "12 bytes were not captured"; empty: it is all there.
std::string flaws_of(const HttpContent& body);

// How many bytes of bodies are kept until their transactions are over. Those that share it share one thread.
struct HttpContentRoom {
  std::size_t body_max = std::size_t{1} << 20;    // of one body
  std::size_t total_max = std::size_t{64} << 20;  // of all
  std::size_t used = 0;
};

class HttpExchanges : public FindingsSink {
 public:
  // `room` is borrowed.
  explicit HttpExchanges(HttpContentRoom& room) : room_(room) {}
  HttpExchanges(const HttpExchanges&) = delete;
  HttpExchanges& operator=(const HttpExchanges&) = delete;
  ~HttpExchanges() override;

  void record(const FindingPlace& place, const AppRecord& record) override;
  void begin_object(const FindingPlace& place, ObjectNumber object, const ObjectHead& head) override;
  void object_data(const FindingPlace& place, ObjectNumber object, Bytes bytes,
                   const Origin& origin) override;
  void object_gap(const FindingPlace& place, ObjectNumber object, std::uint64_t size) override;
  void end_object(const FindingPlace& place, ObjectNumber object, const ObjectEnd& end) override;

 protected:
  // A transaction is over. A message without a body has an empty one. All is lent for the call.
  virtual void exchange(const FindingPlace& place, const HttpRecord& record, const HttpContent& request,
                        const HttpContent& response) = 0;

 private:
  HttpContent take(const HttpMessage& message);

  HttpContentRoom& room_;
  std::map<ObjectNumber, HttpContent> bodies_;
};

}  // namespace restitch
