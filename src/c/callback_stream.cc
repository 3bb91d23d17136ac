#include "c/callback_stream.h"

#include "c/values.h"

namespace restitch::c {
namespace {

// What a callback answered, unless that is to stop.
int checked(int answer) {
  if (answer == RESTITCH_STOPPED) throw Stop();
  return answer;
}

restitch_delivery delivery_of(const ScatterGather::Info& info, const restitch_packet& packet) {
  restitch_delivery delivery{};
  delivery.size = sizeof delivery;
  delivery.direction = number_of(info.direction);
  delivery.start = info.start ? 1 : 0;
  delivery.skipped = info.skip;
  delivery.offset = info.offset;
  delivery.packet = packet;
  return delivery;
}

}  // namespace

std::unique_ptr<Stream> CallbackFactory::create(const NetFlow& net, TransportFlow transport,
                                                const TcpSegment& /*tcp*/, AssemblerContext& context) {
  ++opened_;
  restitch_opening opening{};
  opening.size = sizeof opening;
  opening.client = endpoint_of(net.source, transport.source_port);
  opening.server = endpoint_of(net.destination, transport.destination_port);
  opening.packet = packet_of(context.capture_info());
  auto stream = std::make_unique<CallbackStream>(calls_);
  if (!stream->open(opening)) return nullptr;
  return stream;
}

bool CallbackStream::open(const restitch_opening& opening) {
  if (calls_.open == nullptr) return true;
  return checked(calls_.open(calls_.user, &opening, &stream_)) != RESTITCH_IGNORE;
}

bool CallbackStream::accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
                            std::optional<Sequence> /*next_seq*/, bool& /*start*/,
                            AssemblerContext& /*context*/) {
  if (calls_.accept == nullptr) return true;
  restitch_segment segment{};
  segment.size = sizeof segment;
  segment.direction = number_of(direction);
  segment.flags = tcp.flags.bits;
  segment.window = tcp.window;
  segment.sequence = tcp.sequence.value();
  segment.acknowledgment = tcp.acknowledgment.value();
  segment.payload = tcp.payload.data();
  segment.payload_size = tcp.payload.size();
  segment.packet = packet_of(info);
  return checked(calls_.accept(calls_.user, stream_, &segment)) != RESTITCH_IGNORE;
}

// A call for each packet: what is skipped stands before the first, the end behind the last.
void CallbackStream::reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
  if (calls_.deliver == nullptr) return;
  const ScatterGather::Info& info = sg.info();
  const auto chunks = sg.chunks();
  if (chunks.empty()) {
    restitch_delivery delivery = delivery_of(info, packet_of(context.capture_info()));
    delivery.end = info.end ? 1 : 0;
    checked(calls_.deliver(calls_.user, stream_, &delivery));
    return;
  }
  for (const ScatterGather::Chunk& chunk : chunks) {
    restitch_delivery delivery = delivery_of(info, packet_of(*chunk.info));
    if (chunk.offset != 0) {
      delivery.start = 0;
      delivery.skipped = 0;
    }
    delivery.end = info.end && &chunk == &chunks.back() ? 1 : 0;
    delivery.offset += chunk.offset;
    delivery.data = chunk.bytes.data();
    delivery.data_size = chunk.bytes.size();
    delivery.transmission = number_of(chunk.transmission);
    checked(calls_.deliver(calls_.user, stream_, &delivery));
  }
}

bool CallbackStream::reassembly_complete(AssemblerContext* /*context*/, EndReason reason) {
  if (calls_.complete != nullptr) checked(calls_.complete(calls_.user, stream_, number_of(reason)));
  return true;
}

void CallbackStream::on_event(const Event& event) {
  if (calls_.event == nullptr) return;
  const restitch_event shown = event_of(event);
  checked(calls_.event(calls_.user, stream_, &shown));
}

}  // namespace restitch::c
