// Talk: two ends that say something, and what the analyzers found in it, as lines of text, so that a test
// reads like the story it tells. One thread.
//
//   Talk talk;
//   talk.client("GET / HTTP/1.1\r\n\r\n");
//   talk.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
//   EXPECT_EQ(talk.objects[0].data, "hi");
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/app/conversation.h"

namespace restitch::testing {

inline constexpr TcpFlowDirection client = TcpFlowDirection::client_to_server;
inline constexpr TcpFlowDirection server = TcpFlowDirection::server_to_client;

// A parser finds the same in a text whatever pieces the text comes in.
inline constexpr std::size_t whole = std::string_view::npos;
inline constexpr std::size_t piece_sizes[] = {1, 2, 3, 5, 7, 100, whole};

class Talk : public FindingsSink {
 public:
  struct Object {
    ObjectHead head;
    ObjectEnd end;
    std::string data;
    std::vector<std::pair<std::size_t, std::uint64_t>> gaps;  // behind how many bytes of data, and how long
    std::vector<Origin> origins;                              // of each piece of data
    bool ended = false;
  };

  explicit Talk(const AppOptions& options = {}) : services(options) {
    summary.client_known = true;
    conversation = std::make_unique<Conversation>(services, *this, summary);
  }

  // Each call is a packet of its own, in pieces of `size` bytes.
  void client(std::string_view text, std::size_t size = std::string_view::npos) {
    say(TcpFlowDirection::client_to_server, text, size);
  }
  void server(std::string_view text, std::size_t size = std::string_view::npos) {
    say(TcpFlowDirection::server_to_client, text, size);
  }
  void gap(TcpFlowDirection direction, std::uint64_t size) {
    offsets_[static_cast<std::size_t>(direction)] += size;
    conversation->gap(direction, size);
  }
  using FindingsSink::close;
  void close() { conversation->close(); }

  // The records of one kind, in order.
  template <class Kind>
  std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const AppRecord& record : records) {
      if (const auto* kind = std::get_if<Kind>(&record)) found.push_back(*kind);
    }
    return found;
  }
  // "http_two_lengths", …
  std::vector<std::string> anomalies() const {
    std::vector<std::string> found;
    for (const AnomalyRecord& record : all<AnomalyRecord>()) found.emplace_back(record.what);
    return found;
  }

  void record(const FindingPlace& place, const AppRecord& record) override {
    records.push_back(record);
    layers.emplace_back(place.layer);
  }
  void begin_object(const FindingPlace& /*place*/, ObjectNumber object, const ObjectHead& head) override {
    if (objects.size() <= object) objects.resize(object + 1);
    objects[object].head = head;
  }
  void object_data(const FindingPlace& /*place*/, ObjectNumber object, Bytes bytes,
                   const Origin& origin) override {
    objects.at(object).data.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    objects[object].origins.push_back(origin);
  }
  void object_gap(const FindingPlace& /*place*/, ObjectNumber object, std::uint64_t size) override {
    objects.at(object).gaps.emplace_back(objects[object].data.size(), size);
  }
  void end_object(const FindingPlace& /*place*/, ObjectNumber object, const ObjectEnd& end) override {
    objects.at(object).end = end;
    objects[object].ended = true;
  }
  void plain(const FindingPlace& /*place*/, TcpFlowDirection direction, Bytes bytes,
             const Origin& /*origin*/) override {
    plain_text[static_cast<std::size_t>(direction)].append(reinterpret_cast<const char*>(bytes.data()),
                                                           bytes.size());
  }

  AppServices services;
  ConnectionSummary summary;
  std::unique_ptr<Conversation> conversation;
  std::vector<AppRecord> records;
  std::vector<std::string> layers;  // of each record
  std::vector<Object> objects;      // by number
  std::array<std::string, 2> plain_text;

 private:
  void say(TcpFlowDirection direction, std::string_view text, std::size_t size) {
    ++packet_;
    std::uint64_t& offset = offsets_[static_cast<std::size_t>(direction)];
    while (!text.empty()) {
      const std::string_view part = text.substr(0, std::min(size, text.size()));
      // A block of its own, so that AddressSanitizer guards its end.
      const std::vector<std::uint8_t> bytes(part.begin(), part.end());
      conversation->data(direction, bytes,
                         {offset, 0, Timestamp{static_cast<std::int64_t>(packet_) * 1'000'000}, packet_});
      offset += part.size();
      text.remove_prefix(part.size());
    }
  }

  std::uint64_t packet_ = 0;
  std::array<std::uint64_t, 2> offsets_{};
};

}  // namespace restitch::testing
