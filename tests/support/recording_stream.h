// Recorder and World: an assembler with streams that write down every call as a line of text, so that a
// test reads like the story it tells. World<VirtualApi> goes through Assembler, World<StaticApi> through
// BasicAssembler with a stream type known at compile time; both record the same lines. One thread.
//
//   create 40000>80               the factory was asked; ports from client to server
//   accept c next 101             a packet of the client; next_seq, "start" if it came in true
//   c @3 'ab|cd' start skip 2     a delivery from stream offset 3; 'ab' was kept, 'cd' is new
//   complete fin                  the end; "no packet" when the context was null
//
// Lines of the second and later streams begin with "#2 ", "#3 ", …
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restitch/assembler.h"
#include "support/test_packet.h"

namespace restitch::testing {

// What the streams of one pool were told, and what they answer.
class Recorder {
 public:
  // What a test may decide; by default all is accepted, nothing kept and every connection forgotten.
  std::function<bool(const NetFlow&, TransportFlow)> on_create;  // false: ignore the connection
  std::function<bool(const TcpSegment&, TcpFlowDirection, std::optional<Sequence>, bool& start)> on_accept;
  std::function<void(ScatterGather&, AssemblerContext&)> on_sg;
  std::function<bool(AssemblerContext*, EndReason)> on_complete;
  std::function<void(const Event&)> on_event;

  // Lines since the last call: all but events, or only deliveries and completions, or only events.
  std::vector<std::string> calls() {
    told_.clear();
    return std::exchange(calls_, {});
  }
  std::vector<std::string> told() {
    calls_.clear();
    return std::exchange(told_, {});
  }
  std::vector<std::string> events() { return std::exchange(events_, {}); }

  // Number of a new stream, from 1; nothing when it is to be ignored.
  std::optional<int> create(const NetFlow& net, TransportFlow transport) {
    calls_.push_back(fmt::format("create {}>{}", transport.source_port, transport.destination_port));
    if (on_create && !on_create(net, transport)) return std::nullopt;
    return ++streams_;
  }

  bool accept(int id, const TcpSegment& tcp, TcpFlowDirection direction, std::optional<Sequence> next_seq,
              bool& start) {
    const std::string next = next_seq ? std::to_string(next_seq->value()) : "none";
    calls_.push_back(
        fmt::format("{}accept {} next {}{}", name(id), side(direction), next, start ? " start" : ""));
    return !on_accept || on_accept(tcp, direction, next_seq, start);
  }

  void reassembled_sg(int id, ScatterGather& sg, AssemblerContext& context) {
    tell(name(id) + describe(sg));
    if (on_sg) on_sg(sg, context);
  }

  bool reassembly_complete(int id, AssemblerContext* context, EndReason reason) {
    tell(fmt::format("{}complete {}{}", name(id), to_string(reason), context == nullptr ? " no packet" : ""));
    return !on_complete || on_complete(context, reason);
  }

  void event(int id, const Event& event) {
    events_.push_back(fmt::format("{}{} {} @{} +{}", name(id), to_string(event.kind), side(event.direction),
                                  event.offset, event.size));
    if (on_event) on_event(event);
  }

  // The bytes of a delivery, without using fetch().
  static std::string text(const ScatterGather& sg) {
    std::string all;
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      all.append(reinterpret_cast<const char*>(chunk.bytes.data()), chunk.bytes.size());
    }
    return all;
  }

  static char side(TcpFlowDirection direction) {
    return direction == TcpFlowDirection::client_to_server ? 'c' : 's';
  }

 private:
  static std::string name(int id) { return id == 1 ? "" : fmt::format("#{} ", id); }

  static std::string describe(const ScatterGather& sg) {
    const ScatterGather::Info& info = sg.info();
    std::string bytes = text(sg);
    if (sg.lengths().saved != 0) bytes.insert(sg.lengths().saved, "|");
    std::string line = fmt::format("{} @{} '{}'", side(info.direction), info.offset, bytes);
    if (info.start) line += " start";
    if (info.end) line += " end";
    if (info.skip != 0) line += fmt::format(" skip {}", info.skip);
    return line;
  }

  void tell(const std::string& line) {
    calls_.push_back(line);
    told_.push_back(line);
  }

  std::vector<std::string> calls_;
  std::vector<std::string> told_;
  std::vector<std::string> events_;
  int streams_ = 0;
};

// A stream known at compile time.
class StaticStream {
 public:
  StaticStream(Recorder& recorder, int id) : recorder_(&recorder), id_(id) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& /*info*/, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& /*context*/) {
    return recorder_->accept(id_, tcp, direction, next_seq, start);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
    recorder_->reassembled_sg(id_, sg, context);
  }
  bool reassembly_complete(AssemblerContext* context, EndReason reason) {
    return recorder_->reassembly_complete(id_, context, reason);
  }
  void on_event(const Event& event) { recorder_->event(id_, event); }

 private:
  Recorder* recorder_;
  int id_;
};

class StaticFactory {
 public:
  explicit StaticFactory(Recorder& recorder) : recorder_(recorder) {}

  std::optional<StaticStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                     AssemblerContext& /*context*/) {
    const std::optional<int> id = recorder_.create(net, transport);
    return id ? std::optional<StaticStream>(std::in_place, recorder_, *id) : std::nullopt;
  }

 private:
  Recorder& recorder_;
};

// The same behind virtual calls.
class VirtualStream final : public Stream {
 public:
  VirtualStream(Recorder& recorder, int id) : inner_(recorder, id) {}

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) override {
    return inner_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) override {
    inner_.reassembled_sg(sg, context);
  }
  bool reassembly_complete(AssemblerContext* context, EndReason reason) override {
    return inner_.reassembly_complete(context, reason);
  }
  void on_event(const Event& event) override { inner_.on_event(event); }

 private:
  StaticStream inner_;
};

class VirtualFactory final : public StreamFactory {
 public:
  explicit VirtualFactory(Recorder& recorder) : recorder_(recorder) {}

  std::unique_ptr<Stream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                 AssemblerContext& /*context*/) override {
    const std::optional<int> id = recorder_.create(net, transport);
    return id ? std::make_unique<VirtualStream>(recorder_, *id) : nullptr;
  }

 private:
  Recorder& recorder_;
};

inline PoolOptions with(std::string_view policy) {
  PoolOptions options;
  options.receiver = find_receiver_policy(policy);
  return options;
}

struct VirtualApi {
  using Factory = VirtualFactory;
  using Pool = StreamPool;
  using Assembler = restitch::Assembler;
};

struct StaticApi {
  using Factory = StaticFactory;
  using Pool = BasicStreamPool<StaticStream, StaticFactory>;
  using Assembler = BasicAssembler<StaticStream, StaticFactory>;
};

// One pool, one assembler, and the recorder of its streams. Packets are numbered as they are sent.
template <class Api>
class World : public Recorder {
 public:
  explicit World(const AssemblerOptions& options = {}, PoolOptions pool_options = {})
      : factory(*this), pool(factory, seeded(pool_options)), assembler(pool, options) {}

  void send(const TestPacket& packet) { send_to(assembler, packet); }
  void send_to(typename Api::Assembler& target, const TestPacket& packet) {
    AssemblerContext context(packet.info(++packets_));
    target.assemble_with_context(packet.net(), packet.tcp(), context);
  }
  template <class... Packets>
  void send(const TestPacket& first, const Packets&... rest) {
    send(first);
    (send(rest), ...);
  }

  typename Api::Pool::ConnectionRef connection(const TestPacket& packet, bool end = true) {
    AssemblerContext context(packet.info(packets_));
    return pool.get_connection(packet.net(), end, context.capture_info().timestamp, packet.tcp(), context);
  }

  // Whatever a test does: all bytes are accounted for, in each direction, and in the end nothing is left.
  ~World() {
    EXPECT_TRUE(counts_add_up());
    on_create = nullptr;
    on_accept = nullptr;
    on_sg = nullptr;
    on_complete = nullptr;
    on_event = nullptr;
    assembler.flush_all();
    EXPECT_TRUE(counts_add_up());
    EXPECT_EQ(pool.byte_counts().held, 0u);
    const PoolSize size = pool.size();
    EXPECT_EQ(size.connections + size.tombstones + size.held_segments + size.pages, 0u);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // seen = delivered + duplicate + refused + dropped + held, in each direction
  [[nodiscard]] bool counts_add_up() const {
    return pool.byte_counts(TcpFlowDirection::client_to_server).add_up() &&
           pool.byte_counts(TcpFlowDirection::server_to_client).add_up() && pool.byte_counts().add_up();
  }

  typename Api::Factory factory;
  typename Api::Pool pool;
  typename Api::Assembler assembler;

 private:
  static PoolOptions seeded(PoolOptions options) {
    if (!options.hash_seed) options.hash_seed = 1;
    return options;
  }

  std::uint64_t packets_ = 0;
};

}  // namespace restitch::testing
