#include "cli/counters.h"

#include <fmt/format.h>

#include <iterator>
#include <limits>
#include <map>

#include "output/text.h"

namespace restitch::cli {
namespace {

class List {
 public:
  void add(std::string_view name, std::string_view help, std::uint64_t value) {
    counters.push_back({name, help, true, {}, {}, value});
  }
  void add_gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    counters.push_back({name, help, false, {}, {}, value});
  }
  void add(std::string_view name, std::string_view help, std::string_view label, std::string_view label_value,
           std::uint64_t value) {
    counters.push_back({name, help, true, label, std::string(label_value), value});
  }
  // One for each value of an enumeration, from `first` on.
  template <class Kind, class Counts>
  void add_each(std::string_view name, std::string_view help, std::string_view label, const Counts& counts,
                std::size_t first) {
    for (std::size_t i = first; i < counts.size(); ++i) {
      add(name, help, label, to_string(static_cast<Kind>(i)), counts[i]);
    }
  }

  std::vector<Counter> counters;
};

void add_packets(List& list, const RunCounts& counts) {
  const FeedCounts& fed = counts.fed;
  list.add("packets", "Packets read.", fed.packets);
  list.add("packet_bytes", "Bytes of them, as captured.", fed.bytes);
  list.add("packets_filtered", "Packets left out by the filter.", counts.filtered_out);
  list.add("subframes", "Further frames in packets that hold several (802.11 A-MSDU).", fed.subframes);
  list.add("packet_copies", "Packets that the capture holds a second time.", fed.copies);
  list.add("segments", "TCP segments found in the packets.", fed.segments);
  list.add("segments_cut", "Segments whose payload the snap length cut.", fed.cut_segments);
  list.add_gauge("inputs_incomplete", "Inputs that were not read to their end.", counts.inputs_incomplete);
  list.add_gauge("interrupted", "Whether a signal broke off the reading.", counts.interrupted ? 1 : 0);
  list.add_each<DropReason>("packets_without_segment", "Packets that hold no TCP segment.", "reason",
                            fed.dropped, 1);
}

void add_bytes(List& list, const ByteCounts& bytes) {
  constexpr std::string_view name = "payload_bytes";
  constexpr std::string_view help =
      "Payload of the segments: seen = delivered + duplicate + before_start + refused + dropped + held.";
  list.add(name, help, "fate", "seen", bytes.seen);
  list.add(name, help, "fate", "delivered", bytes.delivered);
  list.add(name, help, "fate", "duplicate", bytes.duplicate);
  list.add(name, help, "fate", "before_start", bytes.before_start);
  list.add(name, help, "fate", "refused", bytes.refused);
  list.add(name, help, "fate", "dropped", bytes.dropped);
  list.add_gauge("payload_held_bytes", "Payload that waits for earlier bytes now.", bytes.held);
}

void add_pool(List& list, const PoolSize& pool) {
  list.add_gauge("connections", "Connections open now.", pool.connections);
  list.add_gauge("tombstones", "Connections that ended, and are remembered.", pool.tombstones);
  list.add_gauge("held_segments", "Segments that wait or are kept now.", pool.held_segments);
  list.add_gauge("pages", "The same in pages.", pool.pages);
  list.add_gauge("memory_bytes", "Memory of the reassembly.", pool.memory_size);
}

void add_fragments(List& list, const FragmentCounts& fragments) {
  list.add("fragments", "IP fragments seen.", fragments.fragments);
  constexpr std::string_view name = "fragments_odd";
  constexpr std::string_view help = "IP fragments that were not what they should be.";
  list.add(name, help, "how", "malformed", fragments.malformed);
  list.add(name, help, "how", "cut", fragments.cut);
  list.add(name, help, "how", "duplicate", fragments.duplicates);
  list.add(name, help, "how", "overlap", fragments.overlaps);
  list.add(name, help, "how", "conflict", fragments.conflicts);
  constexpr std::string_view datagrams = "datagrams";
  constexpr std::string_view datagrams_help = "Datagrams that came in fragments, by what became of them.";
  list.add(datagrams, datagrams_help, "fate", "complete", fragments.datagrams);
  list.add(datagrams, datagrams_help, "fate", "timed_out", fragments.timed_out);
  list.add(datagrams, datagrams_help, "fate", "evicted", fragments.evicted);
  list.add(datagrams, datagrams_help, "fate", "discarded", fragments.discarded);
}

// Several sections and inputs may name one interface, whose counts are added up: a name is told once.
void add_interfaces(List& list, const std::vector<CaptureInterface>& interfaces) {
  const auto add = [&](std::string_view name, std::string_view help, auto member) {
    std::map<std::string_view, std::uint64_t> sums;
    for (const CaptureInterface& interface : interfaces) {
      const auto value = interface.*member;
      if (!value) continue;
      std::uint64_t& sum = sums[interface.name.empty() ? "?" : std::string_view(interface.name)];
      if (__builtin_add_overflow(sum, *value, &sum)) sum = std::numeric_limits<std::uint64_t>::max();
    }
    for (const auto& [interface, sum] : sums) list.add(name, help, "interface", interface, sum);
  };
  add("interface_received", "Packets that the capturing system received.", &CaptureInterface::received);
  add("interface_dropped", "Packets that the interface dropped.", &CaptureInterface::dropped);
  add("interface_os_dropped", "Packets that the capturing system dropped.", &CaptureInterface::os_dropped);
}

// A label of Prometheus' text format escapes less than JSON does.
std::string escaped_label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::vector<Counter> counters_of(const RunCounts& counts) {
  List list;
  add_packets(list, counts);
  add_bytes(list, counts.bytes);
  list.add_each<EventKind>("events", "What segments did wrong and streams suffered (docs/semantics.md).",
                           "kind", counts.events, 0);
  add_pool(list, counts.pool);
  add_fragments(list, counts.fragments);
  add_interfaces(list, counts.interfaces);
  return std::move(list.counters);
}

std::string counters_text(const std::vector<Counter>& counters) {
  std::string out;
  for (const Counter& counter : counters) {
    const std::string name = counter.label_value.empty()
                                 ? std::string(counter.name)
                                 : fmt::format("{} {}", counter.name, counter.label_value);
    fmt::format_to(std::back_inserter(out), "{:<44} {:>20}\n", name, counter.value);
  }
  return out;
}

std::string counters_json(const std::vector<Counter>& counters) {
  std::string out = "{";
  std::string_view open;  // the name whose object is open
  for (const Counter& counter : counters) {
    if (!open.empty() && counter.name != open) out += '}';
    if (out.size() > 1) out += out.back() == '{' ? "" : ",";
    const bool opens = counter.name != open && !counter.label.empty();
    if (counter.label.empty() || opens) fmt::format_to(std::back_inserter(out), "\"{}\":", counter.name);
    if (opens) out += '{';
    if (!counter.label.empty()) {
      append_json_string(out, counter.label_value);
      out += ':';
    }
    out += std::to_string(counter.value);
    open = counter.label.empty() ? std::string_view() : counter.name;
  }
  if (!open.empty()) out += '}';
  return out + "}\n";
}

std::string counters_prometheus(const std::vector<Counter>& counters) {
  std::string out;
  std::string_view last;
  for (const Counter& counter : counters) {
    const std::string name = fmt::format("restitch_{}{}", counter.name, counter.rises ? "_total" : "");
    if (counter.name != last) {
      fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, counter.help, name,
                     counter.rises ? "counter" : "gauge");
      last = counter.name;
    }
    if (counter.label.empty()) {
      fmt::format_to(std::back_inserter(out), "{} {}\n", name, counter.value);
    } else {
      fmt::format_to(std::back_inserter(out), "{}{{{}=\"{}\"}} {}\n", name, counter.label,
                     escaped_label(counter.label_value), counter.value);
    }
  }
  return out;
}

}  // namespace restitch::cli
