// Runs a sequence of steps through the byte-map model and through a HalfConnection, and compares what each
// step made visible. One thread.
#pragma once

#include <utility>

#include "restitch/detail/half_connection.h"
#include "support/scenario.h"

namespace restitch::test {

// Of one packet's conflicts no more than 128 KiB of copies are shown; further ones have their range only.
inline void cut_copies(std::vector<ModelEvent>& events) {
  std::size_t shown = 0;
  for (ModelEvent& event : events) {
    if (shown + event.held.size() + event.arrived.size() > 128 * 1024) {
      event.held.clear();
      event.arrived.clear();
    }
    shown += event.held.size() + event.arrived.size();
  }
}

// The model, with the calls around it that an assembler makes.
class ModelRun {
 public:
  // `completes`: a reset completes the connection, for the other direction is silent.
  ModelRun(const Scenario& scenario, bool completes)
      : scenario_(scenario), completes_(completes), model_(*scenario.policy, scenario.history) {}

  Outcome step(const Step& step, std::uint64_t packet) {
    outcome_ = {};
    if (step.kind == Step::Kind::close) {
      finish();
    } else if (step.kind == Step::Kind::skip) {
      if (model_.skip_gap()) deliver();
    } else {
      seen_ += step.size;
      model_.insert({step.at, payload_of(step, packet), packet, step.syn, step.fin, step.rst, step.start});
      deliver();
      while (over_limit() && model_.holds() && model_.skip_gap()) deliver();
      if (scenario_.pages_max != 0) model_.limit_kept(scenario_.pages_max);
      if (completes_ && model_.reset() && scenario_.policy->after_rst == AfterEnd::refuse) {
        finish();
        completed_ = true;
      }
    }
    return look();
  }

  // What an assembler does when it is flushed: all that waits is delivered.
  Outcome end() {
    outcome_ = {};
    finish();
    model_.clear();
    return look();
  }

  [[nodiscard]] bool completed() const { return completed_; }
  [[nodiscard]] const ByteMapModel& model() const { return model_; }

 private:
  void deliver() {
    while (std::optional<Delivery> delivery = model_.take()) {
      model_.settle(keep_from(scenario_.keeper, delivery->bytes.size(), delivery->saved));
      outcome_.deliveries.push_back(std::move(*delivery));
    }
  }
  void finish() {
    while (model_.skip_gap()) deliver();
    model_.close();
    deliver();
  }
  [[nodiscard]] bool over_limit() const {
    return scenario_.pages_max != 0 && model_.pages() >= scenario_.pages_max;
  }
  Outcome look() {
    outcome_.events = std::exchange(model_.events, {});
    cut_copies(outcome_.events);
    const ModelCounts& counts = model_.counts();
    outcome_.bytes = {seen_,          counts.delivered, counts.duplicate,   counts.before_start,
                      counts.refused, counts.dropped,   model_.held_bytes()};
    outcome_.pages = model_.pages();
    return std::move(outcome_);
  }

  Scenario scenario_;
  bool completes_;
  bool completed_ = false;
  ByteMapModel model_;
  Outcome outcome_;
  std::uint64_t seen_ = 0;
};

// A HalfConnection, driven as its header says. The state is shared by one run after the other.
class HalfRun {
 public:
  HalfRun(detail::HalfState& state, const Scenario& scenario)
      : state_(state), scenario_(scenario), before_(state.bytes()) {
    state.delivery_segments_max = detail::none;  // the model delivers all that is in order at once
    state.delivered.set_limits(scenario.history ? whole_history : 0, whole_history);
    state.attend(0, direction);
  }

  Outcome step(const Step& step, std::uint64_t packet) {
    outcome_ = {};
    if (step.kind == Step::Kind::close) {
      finish();
    } else if (step.kind == Step::Kind::skip) {
      if (half_.skip_gap(state_, *scenario_.policy, direction)) deliver();
    } else {
      const std::string payload = payload_of(step, packet);
      const CaptureInfo info = info_of(packet);
      state_.bytes().seen += payload.size();
      half_.insert(state_, *scenario_.policy, segment_of(scenario_, step, payload), info, direction,
                   step.start);
      deliver();
      while (over_limit() && half_.holds(state_) && half_.skip_gap(state_, *scenario_.policy, direction))
        deliver();
      if (scenario_.pages_max != 0)
        half_.limit_kept(state_, direction, scenario_.pages_max, Limit::connection_pages);
    }
    return look();
  }

  Outcome end() {
    outcome_ = {};
    finish();
    half_.clear(state_);
    return look();
  }

  [[nodiscard]] const HalfConnection& half() const { return half_; }

 private:
  static constexpr TcpFlowDirection direction = TcpFlowDirection::server_to_client;

  void deliver() {
    while (half_.take(state_, *scenario_.policy, direction, sg_)) {
      outcome_.deliveries.push_back(read(sg_, scenario_.keeper));
      half_.settle(state_, sg_);
    }
  }
  void finish() {
    while (half_.skip_gap(state_, *scenario_.policy, direction)) deliver();
    half_.close(state_);
    deliver();
  }
  [[nodiscard]] bool over_limit() const {
    return scenario_.pages_max != 0 && half_.pages(state_) >= scenario_.pages_max;
  }
  Outcome look() {
    state_.events.for_each([this](const Event& event) { outcome_.events.push_back(read(event)); });
    state_.events.clear();
    outcome_.bytes = since(before_, state_.bytes());
    outcome_.pages = state_.pages;
    if (half_.pages(state_) != state_.pages || half_.held_bytes(state_) != outcome_.bytes.held) {
      outcome_.pages = ~std::uint64_t{0};  // the half and the pool do not agree
    }
    return std::move(outcome_);
  }

  detail::HalfState& state_;
  Scenario scenario_;
  ByteCounts before_;
  HalfConnection half_;
  ScatterGather sg_;
  Outcome outcome_;
};

// Empty when the half-connection did at every step what the model did; else what was different.
inline std::string check_half(detail::HalfState& state, const Scenario& scenario,
                              std::span<const Step> steps) {
  ModelRun model(scenario, false);
  HalfRun half(state, scenario);
  for (std::size_t i = 0; i <= steps.size(); ++i) {
    const bool last = i == steps.size();
    const Outcome expected = last ? model.end() : model.step(steps[i], i + 1);
    const Outcome actual = last ? half.end() : half.step(steps[i], i + 1);
    if (!same(expected, actual))
      return report(scenario, steps, fmt::format("step {}", i + 1), expected, actual);
    const ByteCounts& b = actual.bytes;
    if (!b.add_up()) {
      return report(scenario, steps, fmt::format("step {}, bytes do not add up", i + 1), expected, actual);
    }
    if (!last &&
        (model.model().known() != half.half().known() || model.model().ended() != half.half().ended() ||
         model.model().reset() != half.half().reset())) {
      return report(scenario, steps, fmt::format("step {}, known or ended", i + 1), expected, actual);
    }
  }
  if (state.segments.size() != 0 || state.pages != 0 || state.details.size() != 0) {
    return describe(scenario, steps) + "\n  something is left over after clear()";
  }
  return {};
}

}  // namespace restitch::test
