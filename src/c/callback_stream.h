// CallbackStream: a stream that passes on to the functions of a restitch_callbacks; CallbackFactory makes
// them. A function that answers RESTITCH_STOPPED makes it throw Stop (c/status.h). One thread.
#pragma once

#include "c/status.h"
#include "restitch/stream.h"

namespace restitch::c {

class CallbackFactory final : public StreamFactory {
 public:
  explicit CallbackFactory(const restitch_callbacks& calls) : calls_(calls) {}

  std::unique_ptr<Stream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& tcp,
                                 AssemblerContext& context) override;

  [[nodiscard]] std::uint64_t opened() const { return opened_; }

 private:
  restitch_callbacks calls_;
  std::uint64_t opened_ = 0;
};

class CallbackStream final : public Stream {
 public:
  // Borrows the functions.
  explicit CallbackStream(const restitch_callbacks& calls) : calls_(calls) {}
  CallbackStream(const CallbackStream&) = delete;
  CallbackStream& operator=(const CallbackStream&) = delete;
  ~CallbackStream() override {
    if (calls_.release != nullptr && stream_ != nullptr) calls_.release(calls_.user, stream_);
  }

  // False: the connection is to be ignored.
  bool open(const restitch_opening& opening);

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) override;
  void reassembled_sg(ScatterGather& sg, AssemblerContext& context) override;
  bool reassembly_complete(AssemblerContext* context, EndReason reason) override;
  void on_event(const Event& event) override;

 private:
  const restitch_callbacks& calls_;
  void* stream_ = nullptr;  // theirs
};

}  // namespace restitch::c
