// Filters in the language of pcap-filter(7), as tcpdump takes them. A PacketFilter owns its programs, one
// for each link type it has met; a FilteredReader owns the reader behind it, and the bytes of a Record
// live until the next call. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "restitch/capture.h"

namespace RESTITCH_API restitch {

class PacketFilter {
 public:
  // Error: invalid_argument, with what libpcap says, for an expression that no link type we read can use.
  static Result<PacketFilter> compile(const std::string& expression);

  PacketFilter(PacketFilter&&) noexcept;
  PacketFilter& operator=(PacketFilter&&) noexcept;
  ~PacketFilter();

  // True if the frame is wanted. An expression that has no meaning for this link type ("wlan" on Ethernet)
  // matches nothing there; failure() then says so.
  [[nodiscard]] bool matches(LinkType link_type, Bytes frame, std::size_t original_size);
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] const std::string& expression() const { return expression_; }

 private:
  struct Program;

  PacketFilter() = default;
  const Program& program_for(LinkType link_type);

  std::string expression_;
  std::string failure_;
  std::vector<std::unique_ptr<Program>> programs_;
  const Program* last_ = nullptr;
};

class FilterAdvice;

// What of a reader a filter lets through; the rest is counted.
class FilteredReader final : public CaptureReader {
 public:
  FilteredReader(std::unique_ptr<CaptureReader> reader, PacketFilter filter);
  ~FilteredReader() override;

  std::span<const Record> next_batch() override;
  bool keep_records() override { return reader_->keep_records(); }
  void hand_over(RecordMemory& memory, std::size_t size) override { reader_->hand_over(memory, size); }
  void set_patience_ms(int ms) override { reader_->set_patience_ms(ms); }
  [[nodiscard]] bool finished() const override { return reader_->finished(); }
  // Damaged, with libpcap's message, also when packets had a link type that the filter does not fit.
  [[nodiscard]] const CaptureEnd& end() const override { return end_; }
  [[nodiscard]] const CaptureMetadata& metadata() const override { return reader_->metadata(); }
  [[nodiscard]] std::string format_name() const override { return reader_->format_name(); }
  [[nodiscard]] std::uint64_t bytes_read() const override { return reader_->bytes_read(); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return reader_->size(); }

  [[nodiscard]] std::uint64_t filtered_out() const { return filtered_out_; }
  // What PacketFilter::failure() says; empty if the filter fits all packets so far.
  [[nodiscard]] const std::string& filter_failure() const { return filter_.failure(); }
  // While no packet has matched: an expression that would have matched one of the first ten thousand, behind
  // a VLAN tag, MPLS labels or PPPoE ("vlan and (port 80)"); empty if there is none.
  [[nodiscard]] std::string would_match() const;

 private:
  void note_end();

  std::unique_ptr<CaptureReader> reader_;
  PacketFilter filter_;
  std::vector<Record> batch_;
  CaptureEnd end_;
  std::uint64_t filtered_out_ = 0;
  std::unique_ptr<FilterAdvice> advice_;  // until a packet matches
};

}  // namespace restitch
