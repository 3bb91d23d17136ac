#include <restitch/restitch.h>
#include <cstdio>
struct Printer : restitch::Stream {  // one connection, both directions
  void reassembled_sg(restitch::ScatterGather& sg, restitch::AssemblerContext&) override {
    for (const auto& chunk : sg.chunks()) std::fwrite(chunk.bytes.data(), 1, chunk.bytes.size(), stdout);
  }
};
int main(int, char** argv) {
  restitch::StreamFactoryOf<Printer> factory;
  restitch::StreamPool pool(factory);
  restitch::Assembler assembler(pool);
  const auto reader = restitch::open_capture(argv[1]);
  if (reader) restitch::feed(**reader, assembler), assembler.flush_all();
}
