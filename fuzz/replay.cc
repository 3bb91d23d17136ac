// fuzz_replay TARGET FOLDER: runs every input of a corpus through its fuzz target, without libFuzzer: so that
// what fuzzing once found stays found in each build, and coverage counts it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// RESTITCH_FUZZ_TARGETS is X(name) for each *_fuzz.cc, whose entry point is named like it here.
#define X(target) extern "C" int target(const std::uint8_t* data, std::size_t size);
RESTITCH_FUZZ_TARGETS
#undef X

namespace {

using Target = int (*)(const std::uint8_t* data, std::size_t size);

Target find_target(std::string_view name) {
#define X(target) \
  if (name == #target) return target;
  RESTITCH_FUZZ_TARGETS
#undef X
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const Target target = argc == 3 ? find_target(argv[1]) : nullptr;
  if (target == nullptr) {
    std::fprintf(stderr, "usage: fuzz_replay TARGET FOLDER\n");
    return 1;
  }
  int inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[2])) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> read{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    // A block of its own of just this size, so that AddressSanitizer guards its end.
    const auto bytes = std::make_unique<std::uint8_t[]>(read.size());
    std::copy(read.begin(), read.end(), bytes.get());
    target(bytes.get(), read.size());
    ++inputs;
  }
  std::printf("%s: %d inputs\n", argv[1], inputs);
  return inputs > 0 ? 0 : 1;
}
