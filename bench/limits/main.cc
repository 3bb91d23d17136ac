// Walks a capture in one of several ways: the limit programs, and restitch itself.
//
//   bench_limits [--sum|--verify] MODE CAPTURE       MODE: read headers track track-lean static virtual
//                                                 history
//
// --sum adds up every byte that the mode looks at; --verify (static, virtual) prints what was delivered in
// the form of the generator's truth.
#include <cstdio>
#include <string>

#include "limits/counting_stream.h"
#include "limits/walks.h"

namespace restitch::bench {

namespace {

// As a user would bound it; the rivals with such a limit get the same.
constexpr int pages_max = 64;
constexpr std::size_t history_bytes = 64 << 10;
constexpr std::size_t connections_max = 12'000'000;  // D10 has ten million open at once

template <class Pool, class Assembler, class Factory>
void reassemble(CaptureReader& reader, Factory& factory, Tally& tally, std::size_t history = 0) {
  PoolOptions options;
  options.history_bytes_max = history;
  options.hash_seed = 1;  // runs must repeat exactly
  options.limits.connections_max = connections_max;
  options.limits.total_bytes_max = PoolLimits::unlimited;
  Pool pool(factory, options);
  Assembler assembler(pool, AssemblerOptions().max_buffered_pages_per_connection(pages_max));
  FeedCounts counts;
  feed(reader, assembler, counts, [] { return true; });
  assembler.flush_all(EndReason::end_of_input);
  tally.packets = counts.packets;
}

template <class S, class Factory>
Tally reassemble_static(CaptureReader& reader, Tally& tally, Factory factory, std::size_t history = 0) {
  reassemble<BasicStreamPool<S, Factory>, BasicAssembler<S, Factory>>(reader, factory, tally, history);
  return tally;
}

template <class S, class Factory>
Tally reassemble_virtual(CaptureReader& reader, Tally& tally, Factory factory) {
  VirtualFactory<Factory, S> virtual_factory(factory);
  reassemble<StreamPool, Assembler>(reader, virtual_factory, tally);
  return tally;
}

bool verify(const std::string& mode, CaptureReader& reader) {
  Tally tally;
  if (mode == "static") return reassemble_static<DigestingStream>(reader, tally, DigestingFactory{}), true;
  if (mode == "virtual") return reassemble_virtual<DigestingStream>(reader, tally, DigestingFactory{}), true;
  return false;
}

std::optional<Tally> run(const std::string& mode, CaptureReader& reader, const std::string& path, bool sums) {
  Tally tally;
  if (mode == "read") return read_only(reader, sums);
  if (mode == "headers") return read_headers(reader, sums);
  if (mode == "track") return track(reader, sums);
  if (mode == "track-lean") return track_lean(path, sums);
  if (mode == "static")
    return reassemble_static<CountingStream>(reader, tally, CountingFactory{&tally, sums});
  if (mode == "history")
    return reassemble_static<CountingStream>(reader, tally, CountingFactory{&tally, sums}, history_bytes);
  if (mode == "virtual")
    return reassemble_virtual<CountingStream>(reader, tally, CountingFactory{&tally, sums});
  return std::nullopt;
}

int main_of(int argc, char** argv) {
  int at = 1;
  const std::string option = argc > at && argv[at][0] == '-' ? argv[at++] : "";
  if (argc != at + 2) return std::fputs("usage: bench_limits [--sum|--verify] MODE CAPTURE\n", stderr), 1;
  const std::string mode = argv[at];
  const std::string path = argv[at + 1];
  auto reader = open_capture(path);
  if (!reader) return std::fprintf(stderr, "%s\n", reader.error().message.c_str()), 2;
  if (option == "--verify") return verify(mode, **reader) ? 0 : 1;
  const auto tally = run(mode, **reader, path, option == "--sum");
  if (!tally) return std::fputs("no such mode\n", stderr), 1;
  tally->print();
  return (*reader)->end().damaged ? 2 : 0;
}

}  // namespace

}  // namespace restitch::bench

int main(int argc, char** argv) { return restitch::bench::main_of(argc, argv); }
