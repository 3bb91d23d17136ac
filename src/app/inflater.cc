#include "app/inflater.h"

#include <algorithm>
#include <array>
#include <limits>

namespace restitch {

void Inflater::End::operator()(z_stream* stream) const {
  inflateEnd(stream);
  delete stream;
}

void Inflater::begin(int window_bits) {
  stream_.reset(new z_stream());
  // Where it fails for want of memory, so does each call of inflate().
  inflateInit2(stream_.get(), window_bits);
}

void Inflater::begin_again() { inflateReset(stream_.get()); }

Inflater::Step Inflater::inflate(Bytes& coded, DecodedTaker& taker) {
  std::array<std::uint8_t, std::size_t{16} << 10> decoded;
  for (;;) {
    // zlib counts with 32 bits.
    const std::size_t offered = std::min<std::size_t>(coded.size(), std::numeric_limits<uInt>::max());
    stream_->next_in = const_cast<Bytef*>(coded.data());
    stream_->avail_in = static_cast<uInt>(offered);
    stream_->next_out = decoded.data();
    stream_->avail_out = static_cast<uInt>(decoded.size());
    const int result = ::inflate(stream_.get(), Z_SYNC_FLUSH);
    coded = coded.subspan(offered - stream_->avail_in);
    const std::size_t size = decoded.size() - stream_->avail_out;
    if (size != 0 && !taker.take_decoded(Bytes(decoded).first(size))) return Step::stopped;
    if (result == Z_STREAM_END) return Step::ended;
    if (result != Z_OK && result != Z_BUF_ERROR) return Step::damaged;
    if (coded.empty() && size < decoded.size()) return Step::more;
    if (result == Z_BUF_ERROR) return Step::damaged;
  }
}

}  // namespace restitch
