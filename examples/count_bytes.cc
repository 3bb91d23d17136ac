// A program in a page, also printed in librestitch(3): how many bytes each side sends, and how many are
// missing.
//
//   count_bytes capture.pcapng        (or "-" for standard input)
//
// The lines are as short as those of a manual page:
// clang-format off
#include <restitch/restitch.h>

#include <cstdio>

using namespace restitch;

class Counter : public Stream {
  bool accept(const TcpSegment&, const CaptureInfo&,
              TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) override {
    return true;  // every packet counts
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) override {
    const auto side = static_cast<int>(sg.info().direction);
    const auto missing = static_cast<long long>(sg.info().skip);
    std::printf("%d: %zu bytes, %lld missing before them\n", side,
                sg.lengths().available, missing);
  }
  bool reassembly_complete(AssemblerContext*, EndReason) override {
    return true;  // forget the connection
  }
};

class Factory : public StreamFactory {
  std::unique_ptr<Stream> create(const NetFlow&, TransportFlow,
                                 const TcpSegment&,
                                 AssemblerContext&) override {
    return std::make_unique<Counter>();
  }
};

int main(int argc, char** argv) {
  auto reader = open_capture(argc > 1 ? argv[1] : "-");
  if (!reader) return 2;
  Factory factory;
  StreamPool pool(factory);
  Assembler assembler(pool);
  FeedCounts counts;
  feed(**reader, assembler, counts, [] { return true; });
  assembler.flush_all(EndReason::end_of_input);
}
