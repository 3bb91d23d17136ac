#include "attacks/traffic.h"

#include <functional>
#include <map>
#include <utility>

#include "generate/random.h"

namespace restitch::bench {
namespace {

constexpr TcpFlags ack = TcpFlags{} | TcpFlag::ack;
constexpr TcpFlags syn = TcpFlags{} | TcpFlag::syn;
constexpr TcpFlags syn_ack = syn | TcpFlag::ack;
constexpr TcpFlags fin = ack | TcpFlag::fin;

// A packet from one of many attackers.
Shape from(std::uint64_t attacker, TcpFlags flags, std::uint32_t sequence, std::size_t size = 0) {
  Shape shape;
  shape.source = attacker_net + static_cast<std::uint32_t>(attacker >> 14 & 0xFFFFFF);
  shape.source_port = static_cast<std::uint16_t>(1024 + (attacker & 0x3FFF));
  shape.destination = server_address;
  shape.flags = flags;
  shape.sequence = sequence;
  shape.size = size;
  return shape;
}

Shape reply(Shape shape, TcpFlags flags, std::uint32_t sequence) {
  std::swap(shape.source, shape.destination);
  std::swap(shape.source_port, shape.destination_port);
  shape.flags = flags;
  shape.sequence = sequence;
  return shape;
}

class FromFunction final : public Traffic {
 public:
  using Function = std::function<void(Frames&, std::uint64_t)>;
  explicit FromFunction(Function function) : function_(std::move(function)) {}
  void add(Frames& frames, std::uint64_t number) override { function_(frames, number); }

 private:
  Function function_;
};

// One connection that is opened first; then what `segment` says.
auto one_connection(std::function<Shape(std::uint64_t)> segment) {
  return [segment = std::move(segment)](Frames& frames, std::uint64_t number) {
    frames.add(number == 0 ? from(0, syn, 0) : segment(number - 1));
  };
}

// A thousand connections in turns, each opened first, that send in order.
auto in_order(std::size_t size) {
  return [size](Frames& frames, std::uint64_t number) {
    const std::uint64_t turn = number / 1000;
    if (turn == 0) return frames.add(from(number, syn, 0));
    frames.add(from(number % 1000, ack, static_cast<std::uint32_t>(1 + (turn - 1) * size), size));
  };
}

// Connections without payload, one after the other: opened and closed, six packets.
void open_and_close(Frames& frames, std::uint64_t number) {
  const Shape client = from(number / 6, syn, 100);
  switch (number % 6) {
    case 0:
      return frames.add(client);
    case 1:
      return frames.add(reply(client, syn_ack, 500));
    case 2:
      return frames.add(from(number / 6, ack, 101));
    case 3:
      return frames.add(from(number / 6, fin, 101));
    case 4:
      return frames.add(reply(client, fin, 501));
    default:
      return frames.add(from(number / 6, ack, 102));
  }
}

// First fragments whose datagrams never become whole; or both fragments of each.
auto fragments(bool whole) {
  return [whole](Frames& frames, std::uint64_t number) {
    constexpr std::size_t size = 1400 - 20;
    const std::uint64_t datagram = whole ? number / 2 : number;
    Shape shape = from(datagram >> 16, ack, static_cast<std::uint32_t>(datagram * 2 * size), size);
    shape.id = static_cast<std::uint32_t>(datagram);
    shape.fragmented = true;
    if (whole && number % 2 == 1) {
      shape.fragment_at = 1400;
    }
    frames.add(shape);
  };
}

// Behind a hole each packet contradicts the one before it, and reaches a little further.
Shape conflicting(std::uint64_t number) {
  Shape shape = from(0, ack, static_cast<std::uint32_t>(100 + number * 100), 1400);
  shape.content = static_cast<std::uint8_t>(number);
  return shape;
}

// Positions in steps, blocks of 50,000 from the end to the beginning: once a limit has given a block up, the
// next one lies above it.
std::uint32_t backwards(std::uint64_t number, std::uint64_t step) {
  constexpr std::uint64_t block = 50'000;
  return static_cast<std::uint32_t>(1000 + (number / block + 1) * (block + 10) * step -
                                    number % block * step);
}

struct Pair {
  FromFunction::Function attack;
  FromFunction::Function clean;
};

const std::map<std::string, Pair>& all() {
  static const std::map<std::string, Pair> pairs = {
      {"reverse",
       {one_connection([](std::uint64_t n) { return from(0, ack, backwards(n, 100), 100); }), in_order(100)}},
      {"one-byte",
       {one_connection([](std::uint64_t n) { return from(0, ack, backwards(n, 2), 1); }), in_order(1)}},
      {"gap",
       {[](Frames& frames, std::uint64_t n) {
          const auto turn = static_cast<std::uint32_t>(n / 10'000);
          frames.add(turn == 0 ? from(n, syn, 0) : from(n % 10'000, ack, turn * 3000, 1400));
        },
        in_order(1400)}},
      {"syn", {[](Frames& frames, std::uint64_t n) { frames.add(from(n, syn, 100)); }, open_and_close}},
      {"ack", {[](Frames& frames, std::uint64_t n) { frames.add(from(n, ack, 100)); }, open_and_close}},
      {"fragment", {fragments(false), fragments(true)}},
      {"kept",
       {one_connection(
            [](std::uint64_t n) { return from(0, ack, static_cast<std::uint32_t>(1 + n * 1400), 1400); }),
        in_order(1400)}},
      {"port-reuse",
       {[](Frames& frames, std::uint64_t n) {
          frames.add(from(n % 1000, syn, static_cast<std::uint32_t>(n * 1'000'003)));
        },
        open_and_close}},
      {"event", {one_connection(conflicting), in_order(1400)}},
  };
  return pairs;
}

}  // namespace

std::unique_ptr<Traffic> make_attack(const std::string& name) {
  const auto found = all().find(name);
  return found == all().end() ? nullptr : std::make_unique<FromFunction>(found->second.attack);
}

std::unique_ptr<Traffic> make_clean(const std::string& attack) {
  const auto found = all().find(attack);
  return found == all().end() ? nullptr : std::make_unique<FromFunction>(found->second.clean);
}

// A thousand of them at a time take turns.
void HonestTraffic::add(Frames& frames) {
  constexpr std::uint64_t at_once = 1000;
  const std::uint64_t round = packets_ / (at_once * packets_per_connection);
  const std::uint64_t connection = round * at_once + packets_ % at_once;
  const std::uint64_t step = packets_ / at_once % packets_per_connection;
  ++packets_;
  Shape shape = from(connection, ack, 1000);
  shape.source += honest_net - attacker_net;
  constexpr std::uint32_t size = segment_size;
  const auto data = [&](std::uint32_t index, TcpFlags flags) {
    shape.flags = flags;
    shape.sequence = 1001 + index * size;
    shape.size = size;
    frames.add(shape);
  };
  switch (step) {
    case 0:
      shape.flags = syn;
      return frames.add(shape);
    case 1:
      return frames.add(reply(shape, syn_ack, 5000));
    case 2:
      return data(1, ack);
    case 3:
      return data(0, ack);
    case 4:
      return data(2, ack);
    case 5:
      return data(3, fin);
    case 6:
      return frames.add(reply(shape, fin, 5001));
    default:
      shape.sequence = 1001 + 4 * size + 1;
      return frames.add(shape);
  }
}

}  // namespace restitch::bench
