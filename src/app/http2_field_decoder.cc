#include "app/http2_field_decoder.h"

#ifdef RESTITCH_HTTP2
#include <nghttp2/nghttp2.h>
#endif

namespace restitch {

// An update is a number behind three bits, 001 (RFC 7541, 6.3). Answers false if it is none that could be
// meant.
bool Http2FieldDecoder::TableSizes::read(Bytes fragment) {
  for (const std::uint8_t byte : fragment) {
    if (done) return true;
    if (!in_number) {
      done = (byte & 0xe0u) != 0x20u;
      if (done) return true;
      number = byte & 0x1fu;
      shift = 0;
      in_number = number == 0x1f;
    } else {
      if (shift > 28) return false;
      number += std::uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      in_number = (byte & 0x80u) != 0;
    }
    if (!in_number) last = number;
  }
  return true;
}

#ifdef RESTITCH_HTTP2

bool Http2FieldDecoder::available() { return true; }

void Http2FieldDecoder::Free::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

Http2FieldDecoder::Http2FieldDecoder(std::size_t table_max) : table_max_(table_max) {
  nghttp2_hd_inflater* inflater = nullptr;
  if (nghttp2_hd_inflate_new(&inflater) != 0) return;
  inflater_.reset(inflater);
  // It stays at 4,096 bytes until the sender says another size.
  if (table_max > 4096) nghttp2_hd_inflate_change_table_size(inflater, table_max);
}

bool Http2FieldDecoder::decode(Bytes fragment, bool last, std::size_t size_max, Http2Fields& fields) {
  if (inflater_ == nullptr) return false;
  if (!sizes_.read(fragment) || sizes_.last.value_or(0) > table_max_) {
    table_too_large_ = true;
    return false;
  }
  for (;;) {
    nghttp2_nv field;
    int flags = 0;
    const auto used = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, fragment.data(),
                                             fragment.size(), last ? 1 : 0);
    if (used < 0) return false;
    fragment = fragment.subspan(static_cast<std::size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.add({reinterpret_cast<const char*>(field.name), field.namelen},
                 {reinterpret_cast<const char*>(field.value), field.valuelen}, size_max);
      continue;
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    if (fragment.empty()) return !last;
    if (used == 0) return false;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  fields.table_size = sizes_.last;
  sizes_ = {};
  return true;
}

#else

bool Http2FieldDecoder::available() { return false; }

void Http2FieldDecoder::Free::operator()(nghttp2_hd_inflater* /*inflater*/) const {}

Http2FieldDecoder::Http2FieldDecoder(std::size_t table_max) : table_max_(table_max) {}

bool Http2FieldDecoder::decode(Bytes /*fragment*/, bool /*last*/, std::size_t /*size_max*/,
                               Http2Fields& /*fields*/) {
  return false;
}

#endif

}  // namespace restitch
