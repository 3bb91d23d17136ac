// The first example: prints what the two sides of each TCP connection in a capture said to each other.
//
//   print_streams capture.pcapng        (or "-" for standard input)
#include <restitch/restitch.h>

#include <cstdio>

using namespace restitch;

// One connection, both directions.
class Printer : public Stream {
 public:
  Printer(std::string client, std::string server) : client_(std::move(client)), server_(std::move(server)) {}

  void reassembled_sg(ScatterGather& sg, AssemblerContext&) override {
    const bool from_client = sg.info().direction == TcpFlowDirection::client_to_server;
    if (sg.info().skip > 0) std::printf("[%lld bytes are missing]\n", static_cast<long long>(sg.info().skip));
    if (sg.lengths().available == 0) return;  // a mere start or end
    std::printf("%s says:\n", from_client ? client_.c_str() : server_.c_str());
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      std::fwrite(chunk.bytes.data(), 1, chunk.bytes.size(), stdout);
    }
    std::printf("\n");
  }

  bool reassembly_complete(AssemblerContext*, EndReason reason) override {
    std::printf("%s - %s ended: %s\n", client_.c_str(), server_.c_str(), to_string(reason).data());
    return true;  // forget the connection
  }

 private:
  std::string client_;
  std::string server_;
};

class PrinterFactory : public StreamFactory {
  std::unique_ptr<Stream> create(const NetFlow& net, TransportFlow ports, const TcpSegment&,
                                 AssemblerContext&) override {
    return std::make_unique<Printer>(endpoint_to_string(net.source, ports.source_port),
                                     endpoint_to_string(net.destination, ports.destination_port));
  }
};

int main(int argc, char** argv) {
  auto reader = open_capture(argc > 1 ? argv[1] : "-");
  if (!reader) return std::fprintf(stderr, "%s\n", reader.error().message.c_str()), 2;
  PrinterFactory factory;
  StreamPool pool(factory);
  Assembler assembler(pool, AssemblerOptions().max_buffered_pages_per_connection(1000));
  const CaptureEnd& end = feed(**reader, assembler);
  assembler.flush_all(EndReason::end_of_input);
  return end.damaged ? 2 : 0;
}
