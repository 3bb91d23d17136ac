#include "restitch/app/analyzed_stream.h"

#include <utility>

#include "restitch/app/conversation.h"

namespace restitch {

struct AnalyzedStream::Dialogue {
  Dialogue(AppServices& services, std::unique_ptr<FindingsSink> to, const ConnectionSummary& summary)
      : sink(std::move(to)), conversation(services, *sink, summary) {}

  std::unique_ptr<FindingsSink> sink;
  Conversation conversation;
};

AnalyzedStream::AnalyzedStream(AppServices& services, FindingsSinks& sinks, ConnectionLog& log,
                               ConnectionSummary& summary, ConnectionTails* tails)
    : trace_(log, summary, tails), services_(&services), sinks_(&sinks), log_(&log), summary_(&summary) {}

AnalyzedStream::AnalyzedStream(AnalyzedStream&&) noexcept = default;
AnalyzedStream& AnalyzedStream::operator=(AnalyzedStream&&) noexcept = default;
AnalyzedStream::~AnalyzedStream() = default;

void AnalyzedStream::say(const ScatterGather& sg) {
  const ScatterGather::Info& info = sg.info();
  Conversation& conversation = dialogue_->conversation;
  if (info.skip > 0) conversation.gap(info.direction, static_cast<std::uint64_t>(info.skip));
  // Nothing is ever kept, so all that is available is new.
  for (const ScatterGather::Chunk& chunk : sg.chunks()) {
    conversation.data(info.direction, chunk.bytes,
                      {info.offset + chunk.offset, 0, chunk.info->timestamp, chunk.info->packet_number});
  }
  if (info.end) conversation.end(info.direction);
}

void AnalyzedStream::reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
  if (dialogue_ == nullptr && !ignored_ && sg.lengths().available != 0) {
    auto sink = sinks_->make(*log_, *summary_);
    ignored_ = sink == nullptr;
    if (!ignored_) dialogue_ = std::make_unique<Dialogue>(*services_, std::move(sink), *summary_);
  }
  if (dialogue_ != nullptr && !dialogue_->conversation.raw()) say(sg);
  trace_.reassembled_sg(sg, context);
}

bool AnalyzedStream::reassembly_complete(AssemblerContext* context, EndReason reason) {
  if (dialogue_ != nullptr) {
    dialogue_->conversation.close();
    dialogue_->sink->close(dialogue_->conversation.place());
    if (const std::string& service = dialogue_->conversation.service(); !service.empty()) {
      trace_.name_service(service);
    }
    dialogue_.reset();
  }
  return trace_.reassembly_complete(context, reason);
}

void AnalyzedStream::on_event(const Event& event) {
  if (event.kind == EventKind::roles_swapped && dialogue_ != nullptr) dialogue_->conversation.swap_roles();
  trace_.on_event(event);
}

}  // namespace restitch
