// CheckedWorld: a pool and an assembler with settings that come from a few bytes, whose streams check every
// call (checked_stream.h) and whose accounts are checked behind every packet. One thread.
#pragma once

#include <array>
#include <cstdint>

#include "support/checked_stream.h"

namespace restitch::test {

// Small limits, so that a short input reaches them.
struct CheckedSettings {
  static constexpr std::size_t size = 4;  // bytes

  explicit CheckedSettings(const std::uint8_t* bytes) {
    const auto policies = receiver_policies();
    pool.receiver = &policies[bytes[0] % policies.size()];
    pool.hash_seed = 1;
    if (bytes[0] >= 0x80) pool.reset_doubt_ns = 1'500'000'000;
    keeper = static_cast<Keeper>(bytes[1] % 5);
    assembler.max_buffered_pages_per_connection(bytes[1] / 5 % 8);
    assembler.max_buffered_pages_total((bytes[2] & 7) * 3);
    limit(bytes[2]);
    watch(bytes[3]);
  }

  PoolOptions pool;
  AssemblerOptions assembler;
  Keeper keeper = Keeper::nothing;
  bool streams_refuse = false;  // streams say no now and then
  bool streams_fail = false;    // they throw now and then

 private:
  void limit(std::uint8_t choice) {
    if ((choice & 0x08) != 0) {
      pool.limits.connection_bytes_max = 3000;
      pool.limits.total_bytes_max = 8000;
    }
    pool.limits.at_total_bytes = static_cast<LimitPolicy>((choice >> 4 & 3) % 3);
    if ((choice & 0x40) != 0) pool.limits.connections_max = 2;
    if ((choice & 0x80) != 0) pool.limits.at_connections = LimitPolicy::ignore_new;
  }

  void watch(std::uint8_t choice) {
    constexpr std::int64_t second = 1'000'000'000;
    if ((choice & 0x01) != 0) pool.ageing = {second, 4 * second, 2 * second, 3 * second};
    pool.observe = (choice & 0x02) != 0;
    if ((choice & 0x04) != 0) pool.acknowledged_tolerance_ns = (choice & 0x08) != 0 ? second / 1000 : 0;
    if ((choice & 0x10) != 0) pool.tombstones_max = 1;
    if ((choice & 0x20) != 0) pool.midstream_pages_max = 3;
    streams_refuse = (choice & 0x40) != 0;
    streams_fail = (choice & 0x80) != 0;
  }
};

class CheckedWorld {
 public:
  explicit CheckedWorld(const CheckedSettings& settings)
      : settings_(settings),
        factory_(answers),
        pool_(factory_, settings.pool),
        assembler_(pool_, settings.assembler) {
    const ReceiverPolicy& policy = *settings.pool.receiver;
    answers.keeper = settings.keeper;
    answers.places_known = policy.urgent == Urgent::inline_ && !settings.pool.acknowledged_tolerance_ns;
    answers.end_is_final = policy.after_fin == AfterEnd::refuse && policy.after_rst == AfterEnd::refuse;
  }

  void send(const NetFlow& net, const TcpSegment& tcp, AssemblerContext& context) {
    seen_ += tcp.payload.size();
    guarded([&] { assembler_.assemble_with_context(net, tcp, context); });
  }

  void flush(const FlushOptions& options) {
    guarded([&] { assembler_.flush_with_options(options); });
  }

  // Delivers what is left; nothing may stay behind. Also in the middle: the pool goes on empty.
  void flush_all() {
    answers.fails = false;
    guarded([&] { assembler_.flush_all(); });
    require(answers.created == answers.completed, "each connection completes");
    const PoolSize size = pool_.size();
    require(size.connections + size.tombstones + size.held_segments + size.pages == 0, "nothing is left");
    require(pool_.byte_counts().held == 0, "no byte is left");
  }

  [[nodiscard]] const CheckedSettings& settings() const { return settings_; }

  StreamAnswers answers;  // for the packet that comes next

 private:
  template <class Function>
  void guarded(Function&& function) {
    try {
      function();
    } catch (const StreamFailure&) {
      require(settings_.streams_fail, "only streams throw");
    }
    check_accounts();
    check_limits();
    require(settings_.streams_fail || answers.overdue == 0, "a connection whose sides both ended completes");
  }

  void check_accounts() const {
    for (const auto direction : {TcpFlowDirection::client_to_server, TcpFlowDirection::server_to_client}) {
      const ByteCounts& counts = pool_.byte_counts(direction);
      require(counts.add_up(), "seen = delivered + duplicate + refused + dropped + held");
      const std::uint64_t got = answers.delivered[static_cast<std::size_t>(direction)];
      const bool all_in_band = settings_.pool.receiver->urgent == Urgent::inline_;
      require(all_in_band ? counts.delivered == got : counts.delivered >= got,
              "delivered is what streams got");
    }
    require(pool_.byte_counts().seen == seen_, "seen is what was fed");
  }

  void check_limits() const {
    const PoolSize size = pool_.size();
    const PoolOptions& options = settings_.pool;
    require(size.connections <= options.limits.connections_max, "no more connections than the limit says");
    require(size.tombstones <= options.tombstones_max, "no more tombstones than the limit says");
    const std::uint64_t held = pool_.byte_counts().held;
    if (!settings_.streams_fail) {
      require(80 * size.held_segments + held <= options.limits.total_bytes_max,
              "no more is held than the limit says");
    }
  }

  CheckedSettings settings_;
  CheckedFactory factory_;
  BasicStreamPool<CheckedStream, CheckedFactory> pool_;
  BasicAssembler<CheckedStream, CheckedFactory> assembler_;
  std::uint64_t seen_ = 0;
};

}  // namespace restitch::test
