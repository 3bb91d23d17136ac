// SearchInside: searches what the analyzers of a connection find: objects, or decrypted bytes. Owns the
// Conversation; borrows the stream it reports to. One thread: that of the pool.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "restitch/app/conversation.h"
#include "restitch/app/search_stream.h"

namespace restitch {

class SearchInside final : public FindingsSink {
 public:
  SearchInside(SearchFactory& factory, const ConnectionSummary& summary);

  // Who is told; a stream may move.
  void report_to(SearchStream& stream) { stream_ = &stream; }
  [[nodiscard]] Conversation& conversation() { return conversation_; }
  // EventKind::roles_swapped.
  void swap_roles();
  // The conversation is over: what is open is told.
  void close();
  // By who sent it.
  [[nodiscard]] std::uint64_t matches(TcpFlowDirection direction) const {
    return matches_[static_cast<std::size_t>(direction)];
  }

  void record(const FindingPlace& /*place*/, const AppRecord& /*record*/) override {}
  void begin_object(const FindingPlace& place, ObjectNumber object, const ObjectHead& head) override;
  void object_data(const FindingPlace& place, ObjectNumber object, Bytes bytes,
                   const Origin& origin) override;
  void object_gap(const FindingPlace& place, ObjectNumber object, std::uint64_t size) override;
  void end_object(const FindingPlace& place, ObjectNumber object, const ObjectEnd& end) override;
  void plain(const FindingPlace& place, TcpFlowDirection direction, Bytes bytes,
             const Origin& origin) override;
  void plain_gap(const FindingPlace& place, TcpFlowDirection direction, std::uint64_t size) override;

 private:
  // Something that is searched from its beginning to its end.
  struct Thing {
    DirectionSearch search;
    TcpFlowDirection direction = TcpFlowDirection::client_to_server;
    std::string layer;
    std::string name;
    std::uint64_t counted = 0;
  };
  class Sink;

  void data(Thing& thing, Bytes bytes, const Origin& origin);
  void gap(Thing& thing, std::uint64_t size);
  void finish(Thing& thing);
  void count(Thing& thing);
  [[nodiscard]] bool wanted(TcpFlowDirection direction) const;

  SearchFactory& factory_;
  SearchStream* stream_ = nullptr;
  std::map<ObjectNumber, Thing> objects_;
  std::map<std::pair<std::string, TcpFlowDirection>, Thing> plain_;  // by layer
  std::array<std::uint64_t, 2> matches_{};
  Conversation conversation_;
};

}  // namespace restitch
