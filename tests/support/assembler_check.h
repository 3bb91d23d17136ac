// Runs a sequence of segments through the byte-map model and through a whole assembler, and compares what
// each step made visible. One thread.
#pragma once

#include "restitch/basic_assembler.h"
#include "support/half_check.h"

namespace restitch::test {

// A whole assembler with one connection, of which one side speaks.
class AssemblerRun {
 public:
  explicit AssemblerRun(const Scenario& scenario)
      : scenario_(scenario),
        pool_(factory_, options_of(scenario)),
        assembler_(pool_, AssemblerOptions().max_buffered_pages_per_connection(
                              static_cast<int>(scenario.pages_max))) {}

  void begin() {
    before_ = pool_.byte_counts();
    completed_ = 0;
  }

  // Requires: a step that is a segment.
  Outcome step(const Step& step, std::uint64_t packet) {
    outcome_ = {};
    const std::string payload = payload_of(step, packet);
    AssemblerContext context(info_of(packet));
    force_start_ = step.start;
    NetFlow net;
    net.source.version = net.destination.version = 4;
    net.destination.bytes[3] = 1;
    assembler_.assemble_with_context(net, segment_of(scenario_, step, payload), context);
    return look();
  }

  Outcome end() {
    outcome_ = {};
    assembler_.flush_all();
    return look();
  }

  [[nodiscard]] int completed() const { return completed_; }
  [[nodiscard]] PoolSize size() const { return pool_.size(); }

 private:
  static PoolOptions options_of(const Scenario& scenario) {
    PoolOptions options{.receiver = scenario.policy, .delivery_segments_max = detail::none, .hash_seed = 1};
    options.history_bytes_max = scenario.history ? whole_history : 0;
    options.limits.total_history_bytes_max = whole_history;
    return options;
  }

  struct Recorder {
    AssemblerRun* run;

    bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence> next_seq,
                bool& start, AssemblerContext&) {
      if (!next_seq && run->force_start_) start = true;
      return true;
    }
    void reassembled_sg(ScatterGather& sg, AssemblerContext&) {
      run->outcome_.deliveries.push_back(read(sg, run->scenario_.keeper));
    }
    bool reassembly_complete(AssemblerContext*, EndReason) {
      ++run->completed_;
      return true;
    }
    void on_event(const Event& event) {
      if (event.kind == EventKind::roles_swapped) return;             // the model knows one direction only
      if (event.kind == EventKind::limit && event.size == 0) return;  // and only what is lost at a limit
      run->outcome_.events.push_back(read(event));
    }
  };
  struct Factory {
    AssemblerRun* run;
    std::optional<Recorder> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
      return Recorder{run};
    }
  };

  Outcome look() {
    outcome_.bytes = since(before_, pool_.byte_counts());
    outcome_.pages = pool_.size().pages;
    return std::move(outcome_);
  }

  Scenario scenario_;
  Factory factory_{this};
  BasicStreamPool<Recorder, Factory> pool_;
  BasicAssembler<Recorder, Factory> assembler_;
  ByteCounts before_;
  Outcome outcome_;
  int completed_ = 0;
  bool force_start_ = false;
};

// The same for a whole assembler, which ends a connection of its own accord when it was reset.
inline std::string check_assembler(AssemblerRun& assembler, const Scenario& scenario,
                                   std::span<const Step> steps) {
  ModelRun model(scenario, true);
  assembler.begin();
  for (std::size_t i = 0; i < steps.size() && !model.completed(); ++i) {
    const Step& next = steps[i];
    // What an assembler keeps from its half-connections has tests of its own.
    if (next.syn && !next.rst && model.model().would_claim(next.at)) continue;
    if (next.rst && model.model().would_refuse_reset(next.at - (next.syn ? 1 : 0))) continue;
    const Outcome expected = model.step(steps[i], i + 1);
    const Outcome actual = assembler.step(steps[i], i + 1);
    if (!same(expected, actual)) {
      return report(scenario, steps, fmt::format("assembler, step {}", i + 1), expected, actual);
    }
  }
  const bool completed = model.completed();
  if (assembler.completed() != (completed ? 1 : 0))
    return describe(scenario, steps) + fmt::format("\n  the model completed: {}, the assembler: {} times",
                                                   completed, assembler.completed());
  const Outcome expected = model.end();
  const Outcome actual = assembler.end();
  if (!completed && !same(expected, actual)) {
    return report(scenario, steps, "assembler, flush_all", expected, actual);
  }
  const PoolSize size = assembler.size();
  if (assembler.completed() != (steps.empty() ? 0 : 1) || size.connections != 0 || size.held_segments != 0 ||
      size.pages != 0) {
    return describe(scenario, steps) + "\n  something is left over after flush_all()";
  }
  return {};
}

}  // namespace restitch::test
