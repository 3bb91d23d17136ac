// Bodies with a coding taken on, for tests.
#pragma once

#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace restitch::testing {

// `window_bits`: 31 is gzip, 15 zlib, -15 without a header.
inline std::string deflated(std::string_view text, int window_bits, int flush = Z_FINISH) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string coded(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(coded.data());
  stream.avail_out = static_cast<uInt>(coded.size());
  deflate(&stream, flush);
  coded.resize(stream.total_out);
  deflateEnd(&stream);
  return coded;
}

// It never ends.
inline std::string flushed(std::string_view text, int window_bits) {
  return deflated(text, window_bits, Z_SYNC_FLUSH);
}

inline std::string gzipped(std::string_view text) { return deflated(text, 31); }

inline std::string zstandard(std::string_view text) {
  std::string coded(ZSTD_compressBound(text.size()), '\0');
  coded.resize(ZSTD_compress(coded.data(), coded.size(), text.data(), text.size(), 3));
  return coded;
}

inline constexpr std::string_view hellos = "hello hello hello hello\n";

// There is no encoder of brotli here.
inline std::string brotli_hellos() {
  return std::string(
      "\x1b\x17\x00\xf8\x8d\x94\x6e\xde\x44\x55\x86\xd6\x0a\x20\x6c\x6f\x4a\x11\x79\xe2\x80\xae\x16", 23);
}
// 4 MiB of "a".
inline std::string brotli_bomb() {
  return std::string("\x9b\xff\xff\x3f\xf8\x25\xc2\xe2\xb1\x40\x20\xf7\xfe\x07", 14);
}

}  // namespace restitch::testing
