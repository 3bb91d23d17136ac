#include "cli/sending_thread.h"

#include <chrono>

#include "cli/messages.h"

namespace restitch::cli {

void SendingThread::finish() {
  finishing_ = true;
  if (thread_.joinable()) thread_.join();
}

void SendingThread::run() {
  using Clock = std::chrono::steady_clock;
  using Sent = cluster::Outbox::Sent;
  constexpr std::chrono::milliseconds idle{20};
  constexpr std::chrono::milliseconds pause{200};
  Clock::time_point cared{};
  constexpr unsigned report_each = 5;
  unsigned rounds = 0;
  bool failing = false;
  for (;;) {
    const Sent sent = outbox_.send_one();
    if (sent != Sent::one && finishing_) break;
    if (sent == Sent::failed && !failing) say(outbox_.trouble() + ": it is tried again");
    if (sent == Sent::one && failing) say("the broker takes packets again");
    if (sent != Sent::nothing) failing = sent == Sent::failed;
    if (const auto now = Clock::now(); sent != Sent::failed && now - cared >= std::chrono::seconds(1)) {
      cared = now;
      outbox_.care();
      if (++rounds % report_each == 0) outbox_.report();
    }
    if (sent != Sent::one) std::this_thread::sleep_for(failing ? pause : idle);
  }
  if (!failing) outbox_.report();
}

}  // namespace restitch::cli
