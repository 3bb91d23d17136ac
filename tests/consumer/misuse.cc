// What a user must not do, one thing at a time: `misuse` lists them with the rule that each breaks, `misuse
// NAME` does one. The installed library has to end the program there, with one line that names the rule
// (consume.py).
#include <restitch/output_diff.h>
#include <restitch/restitch.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace {

using namespace restitch;

// A stream known at compile time, so that all of the assembler is compiled here.
class Probe {
 public:
  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) {
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) {
    if (on_delivery) on_delivery(sg);
  }
  bool reassembly_complete(AssemblerContext*, EndReason) {
    if (on_completion) on_completion();
    return true;
  }

  static inline std::function<void(ScatterGather&)> on_delivery;
  static inline std::function<void()> on_completion;
};

struct ProbeFactory {
  std::optional<Probe> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    if (on_create) on_create();
    return Probe();
  }
  std::function<void()> on_create{};
};

// The same behind the virtual API, which is compiled in the library.
class VirtualProbe final : public Stream {
 public:
  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) override {
    return probe_.accept(tcp, info, direction, next_seq, start, context);
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) override {
    probe_.reassembled_sg(sg, context);
  }
  bool reassembly_complete(AssemblerContext* context, EndReason reason) override {
    return probe_.reassembly_complete(context, reason);
  }

 private:
  Probe probe_;
};

struct VirtualProbeFactory final : StreamFactory {
  std::unique_ptr<Stream> create(const NetFlow&, TransportFlow, const TcpSegment&,
                                 AssemblerContext&) override {
    return std::make_unique<VirtualProbe>();
  }
};

template <class Pool, class Assembler, class Factory>
struct World {
  Factory factory{};
  Pool pool{factory};
  Assembler assembler{pool};
  AssemblerContext context{};

  // A SYN, or the three bytes that follow.
  static TcpSegment segment(bool syn) {
    static const std::array<std::uint8_t, 3> payload{'a', 'b', 'c'};
    TcpSegment tcp;
    tcp.flags = syn ? TcpFlags{} | TcpFlag::syn : TcpFlags{} | TcpFlag::ack;
    tcp.sequence = Sequence(syn ? 100 : 101);
    if (!syn) tcp.payload = payload;
    return tcp;
  }
  void send(bool syn) { assembler.assemble_with_context({}, segment(syn), context); }
  void send_all() {
    send(true);
    send(false);
  }
  auto connection(bool end = true) { return pool.get_connection({}, end, {}, segment(false), context); }
};
using Static = World<BasicStreamPool<Probe, ProbeFactory>, BasicAssembler<Probe, ProbeFactory>, ProbeFactory>;
using Virtual = World<StreamPool, Assembler, VirtualProbeFactory>;

template <class AnyWorld>
void enter_from_a_delivery() {
  AnyWorld world;
  world.send(true);
  Probe::on_delivery = [&](ScatterGather&) { world.send(false); };
  world.send(false);
}

template <class AnyWorld>
void flush_from_a_completion() {
  AnyWorld world;
  world.send_all();
  Probe::on_completion = [&] { world.assembler.flush_all(); };
  world.assembler.flush_all();
}

template <class AnyWorld>
void remove_from_a_delivery() {
  AnyWorld world;
  world.send(true);
  const auto ref = world.connection();
  Probe::on_delivery = [&](ScatterGather&) { world.pool.remove(*ref.connection); };
  world.send(false);
}

template <class AnyWorld>
void look_up_from_a_delivery() {
  AnyWorld world;
  Probe::on_delivery = [&](ScatterGather&) { world.connection(); };
  world.send_all();
}

void enter_from_the_factory() {
  Static world;
  world.factory.on_create = [&] { world.send(true); };
  world.send(true);
}

void enter_from_the_factory_of_a_look_up() {
  Static world;
  world.factory.on_create = [&] { world.send(true); };
  world.connection(false);
}

void fetch_beyond() {
  Static world;
  Probe::on_delivery = [](ScatterGather& sg) { static_cast<void>(sg.fetch(sg.lengths().available + 1)); };
  world.send_all();
}

void keep_from_beyond() {
  Static world;
  Probe::on_delivery = [](ScatterGather& sg) { sg.keep_from(sg.lengths().available + 1); };
  world.send_all();
}

template <class AnyWorld>
void no_context() {
  AnyWorld world;
  const AssemblerPacket packet{};
  world.assembler.assemble({&packet, 1});
}

template <class AnyWorld>
void stream_of_nobody() {
  AnyWorld world;
  static_cast<void>(world.pool.stream(world.connection()));
}

template <class AnyWorld>
void remove_twice() {
  AnyWorld world;
  world.send(true);
  const auto ref = world.connection();
  world.pool.remove(*ref.connection);
  world.pool.remove(*ref.connection);
}

void no_receiver() {
  ProbeFactory factory;
  PoolOptions options;
  options.receiver = nullptr;
  const BasicStreamPool<Probe, ProbeFactory> pool(factory, options);
}

void no_stream() { const StreamHandle handle{nullptr}; }

void one_receiver() {
  const std::array<const ReceiverPolicy*, 1> one{&default_receiver_policy()};
  const DiffAssembler diff(one, [](const ConnectionDiff&) {});
}

struct OneShard {
  EngineListener nobody{};
  Engine<Probe, ProbeFactory> engine{
      {.shards = 1}, nobody, [](unsigned) { return std::make_unique<ProbeFactory>(); }};
};

void shard_beyond() { static_cast<void>(OneShard().engine.factory(1)); }

void no_factory() {
  EngineListener nobody;
  const Engine<Probe, ProbeFactory> engine({}, nobody,
                                           [](unsigned) { return std::unique_ptr<ProbeFactory>(); });
}

void odd_address() {
  const std::array<std::uint8_t, 5> bytes{};
  static_cast<void>(IpAddress::from_bytes(bytes));
}

void no_more() {
  Decoder decoder;
  static_cast<void>(decoder.decode_more({}));
}

void no_layers() {
  const Decoder decoder;
  static_cast<void>(decoder.layers());
}

void too_many_layers() {
  Layers layers;
  for (std::size_t i = 0; i <= decode_depth_max; ++i) layers.push({});
}

struct Misuse {
  std::string_view name;
  std::string_view rule;
  void (*commit)();
};

constexpr std::string_view enters = "a callback must not enter its pool or assembler";

constexpr Misuse misuses[] = {
    {"enter-from-a-delivery", enters, enter_from_a_delivery<Static>},
    {"enter-from-a-virtual-delivery", enters, enter_from_a_delivery<Virtual>},
    {"flush-from-a-completion", enters, flush_from_a_completion<Static>},
    {"flush-from-a-virtual-completion", enters, flush_from_a_completion<Virtual>},
    {"remove-from-a-delivery", enters, remove_from_a_delivery<Static>},
    {"remove-from-a-virtual-delivery", enters, remove_from_a_delivery<Virtual>},
    {"look-up-from-a-delivery", enters, look_up_from_a_delivery<Static>},
    {"look-up-from-a-virtual-delivery", enters, look_up_from_a_delivery<Virtual>},
    {"enter-from-the-factory", enters, enter_from_the_factory},
    {"enter-from-the-factory-of-a-look-up", enters, enter_from_the_factory_of_a_look_up},
    {"fetch-beyond", "fetch() must not ask for more than lengths().available", fetch_beyond},
    {"keep-from-beyond", "keep_from() must not go beyond lengths().available", keep_from_beyond},
    {"no-context", "a packet must come with a context", no_context<Static>},
    {"no-context-virtual", "a packet must come with a context", no_context<Virtual>},
    {"stream-of-nobody", "stream() needs a connection: get_connection() found none",
     stream_of_nobody<Static>},
    {"stream-of-nobody-virtual", "stream() needs a connection: get_connection() found none",
     stream_of_nobody<Virtual>},
    {"remove-twice", "remove() needs a connection of its pool", remove_twice<Static>},
    {"remove-twice-virtual", "remove() needs a connection of its pool", remove_twice<Virtual>},
    {"no-receiver", "PoolOptions::receiver must not be null", no_receiver},
    {"no-stream", "a StreamHandle needs a stream", no_stream},
    {"one-receiver", "a DiffAssembler compares two receivers or more", one_receiver},
    {"shard-beyond", "a shard's number is below shards()", shard_beyond},
    {"no-factory", "each shard of an engine needs a factory", no_factory},
    {"odd-address", "an IP address has 4 or 16 bytes", odd_address},
    {"no-more", "decode_more() needs a packet that has more", no_more},
    {"no-layers", "layers() needs note_layers(true) before the packet", no_layers},
    {"too-many-layers", "Layers has room for decode_depth_max layers", too_many_layers},
};

}  // namespace

int main(int argc, char** argv) {
  for (const Misuse& misuse : misuses) {
    if (argc == 1) {
      std::printf("%s\t%s\n", misuse.name.data(), misuse.rule.data());
    } else if (misuse.name == argv[1]) {
      misuse.commit();
      return 0;
    }
  }
  return argc == 1 ? 0 : 1;
}
