// Tally: what many conversations came to under one reading: how much was looked at, and of each kind of
// failure how many there were, and the smallest of the first few. Owns copies.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "support/forgery/judge.h"
#include "support/forgery/plans.h"

namespace restitch::forgery {

class Tally {
 public:
  Tally(const Reading& reading, const Scope& scope) : reading_(reading), scope_(scope) {}

  void add(std::uint64_t seed) {
    Choices choices(seed);
    const Conversation conversation = make_conversation(scope_, choices);
    ++conversations_;
    packets_ += conversation.packets.size();
    const std::vector<OwedStream> owed = TruthFinder(conversation).find();
    for (const OwedStream& stream : owed) count(stream);
    const Heard heard = hear(conversation, reading_.options);
    if (const auto failure = Verdict(conversation, owed, heard, reading_).find()) {
      note(seed, conversation, *failure);
    }
  }

  [[nodiscard]] bool clean() const { return failures_.empty(); }

  // What was wrong: each kind of failure once, with a conversation that shows it.
  [[nodiscard]] std::string report() const {
    std::string text;
    for (const auto& [kind, failures] : failures_) {
      text += fmt::format("{} of {} conversations: {}\n{}\n", failures.count, conversations_, kind,
                          failures.text);
    }
    return text;
  }
  [[nodiscard]] std::string summary() const {
    std::string text = fmt::format("{}: {} conversations, {} packets, {} bytes taken in, {} of them owed",
                                   reading_.name, conversations_, packets_, bytes_, owed_);
    for (const auto& [kind, failures] : failures_)
      text += fmt::format("\n  {:5} x {}, seed {}", failures.count, kind, failures.seed);
    return text;
  }

 private:
  static constexpr std::uint64_t shrunk_max = 3;  // of a kind

  struct Failures {
    std::uint64_t count = 0;
    std::uint64_t seed = 0;
    std::size_t packets = SIZE_MAX;
    std::string text;
  };

  void count(const OwedStream& stream) {
    for (const OwedRun& run : stream.runs) {
      bytes_ += run.bytes.size();
      for (std::size_t i = 0; i < run.bytes.size(); ++i) {
        if ((run.captured[i] & run.proven[i]) != 0) ++owed_;
      }
    }
  }

  void note(std::uint64_t seed, const Conversation& conversation, const Failure& failure) {
    Failures& failures = failures_[kind_of(conversation, failure)];
    if (failures.count++ >= shrunk_max) return;
    const Conversation smaller = shrink(conversation, reading_, failure.rule);
    if (smaller.packets.size() >= failures.packets) return;
    failures.packets = smaller.packets.size();
    failures.seed = seed;
    const auto still = judge(smaller, reading_);
    failures.text = fmt::format("seed {}, read as {}: {}: {}\n{}{}{}", seed, reading_.name, failure.rule,
                                still ? still->text : failure.text, describe(smaller),
                                describe_truth(smaller), describe(hear(smaller, reading_.options)));
  }

  static std::string kind_of(const Conversation& conversation, const Failure& failure) {
    if (conversation.honest()) return fmt::format("{}, honest", failure.rule);
    if (conversation.forgeries.size() > 1) return fmt::format("{}, several forgeries", failure.rule);
    const Forgery& forgery = conversation.forgeries.front();
    return fmt::format("{}, {}/{}", failure.rule, trick_names[static_cast<std::size_t>(forgery.trick)],
                       disguise_names[static_cast<std::size_t>(forgery.disguise)]);
  }

  const Reading& reading_;
  const Scope& scope_;
  std::map<std::string, Failures> failures_;
  std::uint64_t conversations_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t owed_ = 0;
};

}  // namespace restitch::forgery
