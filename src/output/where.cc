#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "restitch/output_ids.h"
#include "restitch/output_trace.h"
#include "restitch/output_where.h"

namespace restitch {

struct ConnectionFilter::Node {
  using Test = std::function<bool(const ConnectionSummary&)>;

  enum class Kind { all, any, none, test };
  Kind kind;
  std::vector<std::shared_ptr<const Node>> parts{};
  Test test{};

  [[nodiscard]] bool matches(const ConnectionSummary& summary) const {
    const auto match = [&](const std::shared_ptr<const Node>& part) { return part->matches(summary); };
    switch (kind) {
      case Kind::all:
        return std::all_of(parts.begin(), parts.end(), match);
      case Kind::any:
        return std::any_of(parts.begin(), parts.end(), match);
      case Kind::none:
        return std::none_of(parts.begin(), parts.end(), match);
      case Kind::test:
        break;
    }
    return test(summary);
  }
};

namespace {

using Node = ConnectionFilter::Node;
using NodePtr = std::shared_ptr<const Node>;
using Test = Node::Test;

// Which ends of a connection a word is about.
enum class Ends { either, client, server };

struct Network {
  IpAddress address;
  unsigned bits;

  [[nodiscard]] bool contains(const IpAddress& other) const {
    if (other.version != address.version) return false;
    const std::size_t first = address.version == 4 ? 12 : 0;
    const std::size_t whole = bits / 8;
    const auto same = [&](std::size_t i, unsigned mask) {
      return ((address.bytes[first + i] ^ other.bytes[first + i]) & mask) == 0;
    };
    for (std::size_t i = 0; i < whole; ++i) {
      if (!same(i, 0xff)) return false;
    }
    return bits % 8 == 0 || same(whole, 0xff00U >> bits % 8 & 0xff);
  }
};

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Network> network_of(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned bits_max = address->version == 4 ? 32 : 128;
  if (slash == std::string_view::npos) return Network{*address, bits_max};
  const auto bits = number_of<unsigned>(text.substr(slash + 1));
  if (!bits || *bits > bits_max) return std::nullopt;
  return Network{*address, *bits};
}

// "1500", "1.5", "10M": with a unit of 1,024.
std::optional<double> quantity_of(std::string_view text) {
  constexpr std::string_view units = "KMGT";
  double factor = 1;
  if (!text.empty()) {
    const char last = static_cast<char>(std::toupper(static_cast<unsigned char>(text.back())));
    if (const std::size_t unit = units.find(last); unit != std::string_view::npos) {
      for (std::size_t i = 0; i <= unit; ++i) factor *= 1024;
      text.remove_suffix(1);
    }
  }
  const auto number = number_of<double>(text);
  if (!number || !(*number >= 0 && *number <= 1e18)) return std::nullopt;  // not a number is neither
  return *number * factor;
}

std::optional<double> time_of(std::string_view text) {
  if (text.find_first_of("T:") == std::string_view::npos) return number_of<double>(text);
  const std::string whole(text);
  std::tm parts{};
  const char* const end = ::strptime(whole.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr || (*end != '\0' && std::string_view(end) != "Z")) return std::nullopt;
  return static_cast<double>(::timegm(&parts));
}

class Parser {
 public:
  Parser(std::string_view text, std::uint16_t community_seed) : community_seed_(community_seed) {
    split(text);
  }

  Result<NodePtr> parse() {
    NodePtr root = any();
    if (error_.empty() && at_ != words_.size())
      fail(fmt::format("\"{}\" is not expected there", words_[at_]));
    if (!error_.empty()) return failure(ErrorCode::invalid_argument, error_);
    return root;
  }

  [[nodiscard]] bool asks_service() const { return asks_service_; }

 private:
  static constexpr unsigned depth_max = 100;

  void split(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
      const char c = text[i];
      if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        ++i;
        continue;
      }
      const std::string_view two = text.substr(i, 2);
      std::size_t size = 1;
      if (two == "&&" || two == "||" || two == "!=" || two == "<=" || two == ">=" || two == "==") {
        size = 2;
      } else if (std::string_view("()!<>=").find(c) == std::string_view::npos) {
        size = std::min(text.find_first_of(" \t\r\n()!<>=&|", i + 1), text.size()) - i;
        // The names of connections end in = signs.
        if (text.substr(i).starts_with("1:"))
          size = std::min(text.find_first_of(" \t\r\n()", i), text.size()) - i;
      }
      words_.push_back(text.substr(i, size));
      i += size;
    }
  }

  NodePtr fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
    return nullptr;
  }
  [[nodiscard]] std::string_view peek() const {
    return at_ < words_.size() ? words_[at_] : std::string_view();
  }
  bool take(std::string_view one, std::string_view other = {}) {
    if (at_ == words_.size() || (peek() != one && (other.empty() || peek() != other))) return false;
    ++at_;
    return true;
  }
  std::string_view next(std::string_view what) {
    if (at_ < words_.size()) return words_[at_++];
    fail(fmt::format("{} is missing at the end", what));
    return {};
  }

  NodePtr any() {
    std::vector<NodePtr> parts{all()};
    while (error_.empty() && take("or", "||")) parts.push_back(all());
    return joined(Node::Kind::any, std::move(parts));
  }
  NodePtr all() {
    std::vector<NodePtr> parts{one()};
    while (error_.empty() && take("and", "&&")) parts.push_back(one());
    return joined(Node::Kind::all, std::move(parts));
  }
  NodePtr joined(Node::Kind kind, std::vector<NodePtr> parts) const {
    if (!error_.empty()) return nullptr;
    if (parts.size() == 1) return parts[0];
    return std::make_shared<Node>(Node{.kind = kind, .parts = std::move(parts)});
  }
  NodePtr one() {
    if (depth_ == depth_max) return fail("more than 100 parentheses and nots are inside each other");
    ++depth_;
    NodePtr node = simple();
    --depth_;
    return node;
  }
  NodePtr simple() {
    if (take("not", "!")) {
      NodePtr inner = one();
      return inner ? std::make_shared<Node>(Node{.kind = Node::Kind::none, .parts = {inner}}) : nullptr;
    }
    if (take("(")) {
      NodePtr inner = any();
      if (error_.empty() && !take(")")) return fail("a ) is missing");
      return inner;
    }
    return test();
  }

  static NodePtr leaf(Test test) {
    return std::make_shared<Node>(Node{.kind = Node::Kind::test, .test = std::move(test)});
  }

  NodePtr test() {
    const std::string_view word = next("a condition");
    if (!error_.empty()) return nullptr;
    if (word == "client" || word == "server") {
      const Ends ends = word == "client" ? Ends::client : Ends::server;
      return take("port") ? port(ends) : host(ends);
    }
    if (word == "host") return host(Ends::either);
    if (word == "port") return port(Ends::either);
    if (word == "vlan")
      return compared("vlan", [](const ConnectionSummary& s) { return static_cast<double>(s.vlan()); });
    if (word == "tunnel") return tunnel();
    if (word == "event") return event();
    if (word == "end") return text([](const ConnectionSummary& s) { return std::string(to_string(s.end)); });
    if (word == "service") {
      asks_service_ = true;
      return text([](const ConnectionSummary& s) { return s.trace ? s.trace->service : std::string(); });
    }
    if (word == "uid") return text([](const ConnectionSummary& s) { return connection_uid(s); });
    if (word == "community") {
      return text([seed = community_seed_](const ConnectionSummary& s) {
        return community_id(s.net, s.transport, seed);
      });
    }
    if (word == "start") {
      return compared(
          "start", [](const ConnectionSummary& s) { return static_cast<double>(s.first_seen().ns) / 1e9; });
    }
    return number(word);
  }

  NodePtr number(std::string_view word) {
    using Of = double (*)(const ConnectionSummary&);
    constexpr std::array<std::pair<std::string_view, Of>, 6> all = {{
        {"bytes", [](const ConnectionSummary& s) { return static_cast<double>(s.bytes()); }},
        {"packets", [](const ConnectionSummary& s) { return static_cast<double>(s.packets()); }},
        {"gaps", [](const ConnectionSummary& s) { return static_cast<double>(s.gap_bytes()); }},
        {"duration", [](const ConnectionSummary& s) { return static_cast<double>(s.duration_ns()) / 1e9; }},
        {"events", [](const ConnectionSummary& s) { return static_cast<double>(s.event_count()); }},
        {"connection", [](const ConnectionSummary& s) { return static_cast<double>(s.number); }},
    }};
    for (const auto& [name, of] : all) {
      if (word == name) return compared(name, of);
    }
    return fail(
        fmt::format("there is no \"{}\", but host, client, server, port, vlan, tunnel, bytes, packets, gaps, "
                    "duration, events, event, end, service, connection, uid, community, start",
                    word));
  }

  // Its operator and number, or a range, or a number alone.
  template <class Of>
  NodePtr compared(std::string_view name, Of of) {
    constexpr std::array<std::string_view, 7> operators = {"=", "==", "!=", "<", "<=", ">", ">="};
    std::string_view how = "=";
    for (const std::string_view each : operators) {
      if (take(each)) {
        how = each;
        break;
      }
    }
    const std::string_view given = next(fmt::format("a number for {}", name));
    if (!error_.empty()) return nullptr;
    const auto value = [&](std::string_view text) {
      return name == "start" ? time_of(text) : quantity_of(text);
    };
    const auto low = value(given);
    if (low) return leaf(comparison(how, *low, std::move(of)));
    // A date has dashes of its own.
    const std::size_t dash = given.find('-');
    const auto from = dash == std::string_view::npos ? std::nullopt : value(given.substr(0, dash));
    const auto to = dash == std::string_view::npos ? std::nullopt : value(given.substr(dash + 1));
    if (!from || !to || how != "=") return fail(fmt::format("\"{}\" is no number for {}", given, name));
    return leaf([of, low_end = *from, high_end = *to](const ConnectionSummary& s) {
      return of(s) >= low_end && of(s) <= high_end;
    });
  }

  template <class Of>
  static Test comparison(std::string_view how, double value, Of of) {
    if (how == "!=") return [=](const ConnectionSummary& s) { return of(s) != value; };
    if (how == "<") return [=](const ConnectionSummary& s) { return of(s) < value; };
    if (how == "<=") return [=](const ConnectionSummary& s) { return of(s) <= value; };
    if (how == ">") return [=](const ConnectionSummary& s) { return of(s) > value; };
    if (how == ">=") return [=](const ConnectionSummary& s) { return of(s) >= value; };
    return [=](const ConnectionSummary& s) { return of(s) == value; };
  }

  NodePtr host(Ends ends) {
    const std::string_view given = next("an address");
    if (!error_.empty()) return nullptr;
    const auto network = network_of(given);
    if (!network)
      return fail(fmt::format("\"{}\" is neither an address nor a network such as 192.0.2.0/24", given));
    return leaf([=](const ConnectionSummary& s) {
      return (ends != Ends::server && network->contains(s.net.source)) ||
             (ends != Ends::client && network->contains(s.net.destination));
    });
  }

  NodePtr port(Ends ends) {
    const std::string_view given = next("a port");
    if (!error_.empty()) return nullptr;
    const std::size_t dash = given.find('-');
    const auto low = number_of<std::uint16_t>(given.substr(0, dash));
    const auto high = dash == std::string_view::npos ? low : number_of<std::uint16_t>(given.substr(dash + 1));
    if (!low || !high)
      return fail(fmt::format("\"{}\" is neither a port nor a range such as 8000-8080", given));
    return leaf([=](const ConnectionSummary& s) {
      const auto fits = [&](std::uint16_t number) { return number >= *low && number <= *high; };
      return (ends != Ends::server && fits(s.transport.source_port)) ||
             (ends != Ends::client && fits(s.transport.destination_port));
    });
  }

  NodePtr tunnel() {
    const std::string_view given = next("a tunnel");
    if (!error_.empty()) return nullptr;
    const auto matching = [](auto test) {
      return leaf([=](const ConnectionSummary& s) {
        return std::any_of(s.directions.begin(), s.directions.end(), [&](const DirectionSummary& side) {
          return side.packets != 0 && side.tunnel != LayerKind::none && test(side);
        });
      });
    };
    if (const auto id = number_of<std::uint32_t>(given)) {
      return matching([id = *id](const DirectionSummary& side) { return side.tunnel_id == id; });
    }
    for (std::size_t i = 1; i < static_cast<std::size_t>(LayerKind::count_); ++i) {
      const auto kind = static_cast<LayerKind>(i);
      if (to_string(kind) == given) {
        return matching([kind](const DirectionSummary& side) { return side.tunnel == kind; });
      }
    }
    return fail(fmt::format("\"{}\" is neither a kind of tunnel, such as vxlan, nor an id", given));
  }

  NodePtr event() {
    const std::string_view given = next("a kind of event");
    if (!error_.empty()) return nullptr;
    for (std::size_t i = 0; i < event_kind_count; ++i) {
      if (to_string(static_cast<EventKind>(i)) != given) continue;
      return leaf([i](const ConnectionSummary& s) {
        return s.directions[0].events[i] + s.directions[1].events[i] != 0;
      });
    }
    return fail(fmt::format("there is no event \"{}\"", given));
  }

  template <class Of>
  NodePtr text(Of of) {
    const bool differs = take("!=");
    if (!differs) (void)take("=", "==");
    const std::string given(next("a word"));
    if (!error_.empty()) return nullptr;
    return leaf([=](const ConnectionSummary& s) { return (of(s) == given) != differs; });
  }

  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
  std::uint16_t community_seed_;
  bool asks_service_ = false;
  unsigned depth_ = 0;
  std::string error_;
};

}  // namespace

Result<ConnectionFilter> ConnectionFilter::parse(std::string_view text, std::uint16_t community_seed) {
  Parser parser(text, community_seed);
  auto root = parser.parse();
  if (!root) return tl::unexpected(root.error());
  ConnectionFilter filter;
  filter.root_ = *root;
  filter.asks_service_ = parser.asks_service();
  return filter;
}

bool ConnectionFilter::matches(const ConnectionSummary& summary) const {
  return !root_ || root_->matches(summary);
}

}  // namespace restitch
