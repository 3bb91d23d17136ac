#include "restitch/detail/parked_segment.h"

#include <algorithm>
#include <new>

namespace restitch::detail {

ParkedSegment::ParkedSegment(const TcpSegment& tcp, const CaptureInfo& info)
    : info_(info),
      header_(tcp),
      bytes_(new (std::nothrow) std::uint8_t[tcp.options.size() + tcp.payload.size()]),
      options_size_(tcp.options.size()),
      payload_size_(tcp.payload.size()),
      whole_(bytes_ != nullptr) {
  header_.options = header_.payload = header_.bytes = {};
  if (!whole_) return;
  std::copy(tcp.options.begin(), tcp.options.end(), bytes_.get());
  std::copy(tcp.payload.begin(), tcp.payload.end(), bytes_.get() + options_size_);
}

TcpSegment ParkedSegment::segment() const {
  TcpSegment tcp = header_;
  const Bytes bytes(bytes_.get(), bytes_size());
  tcp.options = bytes.first(options_size_);
  tcp.payload = bytes.subspan(options_size_);
  return tcp;
}

}  // namespace restitch::detail
