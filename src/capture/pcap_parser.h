// PcapParser: the classic pcap format, in both byte orders, with microseconds or nanoseconds, and in
// the variant of A. Kuznetzov with 8 more bytes in each record header. It owns nothing that records
// point to. One thread at a time.
#pragma once

#include <memory>
#include <optional>

#include "capture/record_parser.h"

namespace restitch {

class PcapParser final : public RecordParser {
 public:
  static constexpr std::size_t file_header_size = 24;

  // True when a file that starts so is a pcap file. Requires: start.size() >= 4.
  static bool recognises(Bytes start);

  // Reads the file header; scan() then starts behind it. Requires: recognises(header),
  // header.size() >= file_header_size.
  explicit PcapParser(Bytes header);

  Scan scan(Bytes bytes, std::span<Record> out) override;
  [[nodiscard]] std::string place() const override;
  [[nodiscard]] std::string format_name() const override;

 private:
  template <bool swapped>
  Scan scan_records(Bytes bytes, std::span<Record> out);

  bool swapped_ = false;  // not in the byte order of this machine
  bool nanoseconds_ = false;
  bool modified_ = false;            // Kuznetzov's record header
  bool size_order_old_ = false;      // before 2.3 the two sizes stood the other way round …
  bool size_order_unknown_ = false;  // … and in 2.3 some writers did it so, some not
  LinkType link_type_ = LinkType::ethernet;
  std::size_t record_header_size_ = 16;
};

}  // namespace restitch
