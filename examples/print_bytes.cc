#include <restitch/restitch.h>
#include <cstdio>
struct Printer : restitch::Stream {  // one connection, both directions
  void reassembled_sg(restitch::ScatterGather& sg, restitch::AssemblerContext&) override {
    for (const auto& chunk : sg.chunks()) std::fwrite(chunk.bytes.data(), 1, chunk.bytes.size(), stdout);
  }
};
int main(int argc, char** argv) {
  const auto reader = restitch::open_capture(argc > 1 ? argv[1] : "-");
  if (!reader) return 2;
  restitch::StreamFactoryOf<Printer> factory;
  restitch::StreamPool pool(factory);
  restitch::Assembler assembler(pool);
  restitch::feed(**reader, assembler);
  assembler.flush_all();
}
