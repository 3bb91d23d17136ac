// Any bytes as the coded body of a message: the first byte chooses the codings, the second the pieces. What
// comes out does not depend on the pieces, and no more comes out than the limits allow.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "app/content_decoder.h"

namespace {

using namespace restitch;

constexpr std::array<std::string_view, 10> decoder_codings = {
    "gzip",          "deflate",    "br",
    "zstd",          "gzip, gzip", "deflate, br",
    "zstd, gzip",    "gzip, zstd", "br, deflate, zstd",
    "identity, gzip"};

struct DecodedBody {
  std::string text;
  ContentDecoder::Outcome outcome = ContentDecoder::Outcome::good;
};

DecodedBody decode_body(std::string_view codings, Bytes coded, std::size_t piece, AppServices& services) {
  bool known = false;
  const auto decoder = ContentDecoder::make(codings, services, known);
  DecodedBody body;
  if (decoder == nullptr) return body;
  const auto take = [&](Bytes bytes) {
    body.text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  while (!coded.empty() && body.outcome == ContentDecoder::Outcome::good) {
    const std::size_t size = std::min(piece, coded.size());
    body.outcome = decoder->decode(coded.first(size), take);
    coded = coded.subspan(size);
  }
  if (body.outcome == ContentDecoder::Outcome::good) body.outcome = decoder->finish(take);
  return body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view codings = decoder_codings[data[0] % decoder_codings.size()];
  const Bytes coded(data + 2, size - 2);
  AppOptions options;
  options.limits.expansion_max = 50;
  AppServices services(options);
  const DecodedBody whole = decode_body(codings, coded, coded.size(), services);
  const DecodedBody pieces = decode_body(codings, coded, 1 + data[1] % 32, services);
  // Beyond what may always come, and what the last call of each decoder handed out.
  const std::size_t output_max = (std::size_t{1} << 20) + coded.size() * 50 + (std::size_t{32} << 10);
  if (whole.text.size() > output_max || pieces.text.size() > output_max) std::abort();
  // Where a damage is told depends on the pieces, what came before it does not.
  const std::size_t common = std::min(whole.text.size(), pieces.text.size());
  if (whole.text.compare(0, common, pieces.text, 0, common) != 0) std::abort();
  const bool good = whole.outcome == ContentDecoder::Outcome::good;
  if (good && pieces.outcome == ContentDecoder::Outcome::good && whole.text != pieces.text) std::abort();
  if (good && pieces.outcome == ContentDecoder::Outcome::damaged) std::abort();
  if (services.decoder_memory() != 0) std::abort();
  return 0;
}
