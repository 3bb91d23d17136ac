// SendingThread: sends what is in an Outbox while another thread captures, which the log must not hold up.
// Borrows the outbox.
#pragma once

#include <atomic>
#include <thread>

#include "restitch/cluster/outbox.h"

namespace restitch::cli {

class SendingThread {
 public:
  explicit SendingThread(cluster::Outbox& outbox) : outbox_(outbox), thread_([this] { run(); }) {}
  SendingThread(const SendingThread&) = delete;
  SendingThread& operator=(const SendingThread&) = delete;
  ~SendingThread() { finish(); }

  // Sends what is there, up to the first failure, and ends.
  void finish();

 private:
  void run();

  cluster::Outbox& outbox_;
  std::atomic<bool> finishing_ = false;
  std::thread thread_;
};

}  // namespace restitch::cli
