#include "capture/stream_reader.h"

#include "restitch/detail/require.h"

namespace restitch {

std::span<const Record> StreamReader::next_batch() {
  while (!finished_) {
    const Scan scan = parser_->scan(buffer_.bytes(), batch_);
    buffer_.consume(scan.consumed);
    // Refilling would move the bytes of these records, and might wait: hand them out first. What
    // stopped the scan will stop the next one too.
    if (scan.records > 0) {
      lent_ = keeps_;
      return {batch_.data(), scan.records};
    }
    if (lent_) break;
    if (parser_->damage().empty()) {
      if (buffer_.refill()) continue;
      if (buffer_.source().idle()) break;
    }
    finish();
  }
  return {};
}

void StreamReader::hand_over(RecordMemory& memory, std::size_t size) {
  RESTITCH_REQUIRE(keeps_, "hand_over() needs keep_records()");
  buffer_.exchange(memory, size);
  lent_ = false;
}

void StreamReader::finish() {
  finished_ = true;
  end_.stopped = buffer_.source().stopped();
  const bool cut = !buffer_.bytes().empty();
  if (!parser_->damage().empty()) {
    break_off(parser_->damage());
  } else if (!buffer_.failure().empty()) {
    break_off(cut ? buffer_.failure() + ", " + parser_->place() : buffer_.failure());
  } else if (cut && !end_.stopped) {
    break_off("cut short " + parser_->place());
  }
  report_skipped();
}

void StreamReader::break_off(const std::string& what) {
  end_.damaged = true;
  end_.offset = parser_->offset();
  end_.message = what + " at byte " + std::to_string(end_.offset);
}

void StreamReader::report_skipped() {
  const RecordParser::Skipped& skipped = parser_->skipped();
  if (skipped.count == 0) return;
  end_.skipped = skipped.count;
  if (end_.damaged) end_.message += "; ";
  end_.message += std::to_string(skipped.count) + (skipped.count == 1 ? " packet" : " packets") +
                  " left out, the first at byte " + std::to_string(skipped.offset) + ": " + skipped.reason;
  if (!end_.damaged) end_.offset = skipped.offset;
  end_.damaged = true;
}

}  // namespace restitch
