// SearchStream: a stream, for BasicAssembler, that searches what both ends say, or what their protocols
// carry, and passes what it finds on as notes of its connection (ConnectionLog::note). SearchFactory makes
// the streams of one pool, owns what they share, and outlives them. One thread: that of the pool.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "restitch/app/search.h"
#include "restitch/app/search_direction.h"
#include "restitch/app/services.h"
#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {

class SearchInside;
class SearchPairs;

// What is searched.
enum class SearchIn : std::uint8_t {
  stream,     // the bytes of both directions
  objects,    // bodies and files, decoded
  decrypted,  // what came out of another protocol, such as TLS
};

struct SearchPlan {
  SearchIn in = SearchIn::stream;
  std::optional<TcpFlowDirection> only{};  // what this side sends, and nothing of the other
  // Patterns from this one on are looked for in what the other side sends after (by the capture) a match of
  // those before; only such pairs are told. 0: all patterns are alike.
  std::uint32_t then_from = 0;
  bool connection_only = false;  // once one direction has a match, the other is not searched
  SearchRules rules;
  AppOptions app;  // for objects and decrypted
};

// Something that was found in a connection, or, at its end, how much, unless nothing was.
struct SearchNote final : ConnectionNote {
  // Of which connection: its ends, client first, and its name.
  NetFlow net;
  TransportFlow transport;
  std::string uid;

  // Who sent it. With `then`, the second of a pair.
  TcpFlowDirection direction = TcpFlowDirection::client_to_server;
  bool then = false;
  SearchExcerpt excerpt;
  std::string layer;   // what decrypted bytes came out of: "tls"
  std::string object;  // what an object is called, by URL or else name, as the sender wrote it

  // The connection is over: no excerpt, but numbers.
  bool closing = false;
  std::array<std::uint64_t, 2>
      matches{};  // by TcpFlowDirection; with then_from: pairs, in the first's direction
};

class SearchFactory;

class SearchStream {
 public:
  SearchStream(SearchFactory& factory, ConnectionLog& log, ConnectionSummary& summary);
  SearchStream(SearchStream&& other) noexcept;
  SearchStream& operator=(SearchStream&& other) noexcept;
  ~SearchStream();

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    return notes_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context);
  bool reassembly_complete(AssemblerContext* context, EndReason reason);
  void on_event(const Event& event);

  // What an excerpt of a direction is turned into; for SearchInside.
  void tell(TcpFlowDirection direction, SearchExcerpt&& excerpt, std::string layer, std::string object);

 private:
  void search(ScatterGather& sg);
  void search_inside(ScatterGather& sg);
  void pass_on(SearchNote&& note);
  [[nodiscard]] std::uint64_t matches(TcpFlowDirection direction) const;
  [[nodiscard]] bool done() const;
  [[nodiscard]] SearchNote note();

  SearchFactory* factory_;
  ConnectionLog* log_;
  const ConnectionSummary* summary_;
  SummaryStream notes_;
  std::array<DirectionSearch, 2> directions_;  // by TcpFlowDirection
  std::unique_ptr<SearchInside> inside_;       // for objects and decrypted
  std::unique_ptr<SearchPairs> pairs_;         // for then_from
};

class SearchFactory {
 public:
  // `patterns` and `plan` outlive it.
  SearchFactory(ConnectionLog& log, const SearchPatterns& patterns, const SearchPlan& plan)
      : log_(log), plan_(plan), searcher_(patterns, plan.rules), services_(plan.app) {}

  std::optional<SearchStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                     AssemblerContext& context) {
    return std::optional<SearchStream>(std::in_place, *this, log_,
                                       log_.open(net, transport, rank_of(context)));
  }

  [[nodiscard]] const SearchPlan& plan() const { return plan_; }
  [[nodiscard]] Searcher& searcher() { return searcher_; }
  [[nodiscard]] AppServices& services() { return services_; }

 private:
  ConnectionLog& log_;
  const SearchPlan& plan_;
  Searcher searcher_;
  AppServices services_;
};

}  // namespace restitch
