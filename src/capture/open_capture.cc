#include <algorithm>
#include <utility>

#include "capture/compressed_source.h"
#include "capture/file_source.h"
#include "capture/foreign_format.h"
#include "capture/open_source.h"
#include "capture/pcap_parser.h"
#include "capture/pcapng_parser.h"
#include "capture/stream_reader.h"

namespace restitch {

namespace {

// Enough to tell the formats apart, as far as they can be.
constexpr std::size_t magic_size = 4;
constexpr std::size_t signature_size = 64;
// The smallest section header: a pcapng file that does not hold one has nothing to deliver.
constexpr std::size_t pcapng_header_size = 28;

using Opened = Result<std::unique_ptr<CaptureReader>>;

Result<InputBuffer> make_buffer(std::unique_ptr<ByteSource> source, OpenOptions options) {
  constexpr std::size_t least_size = std::size_t{16} << 10;
  // One record at its largest, and the header in front of it.
  constexpr std::size_t capacity_max = record_size_max + 64;
  if (options.memory == nullptr) return InputBuffer(std::move(source), options.buffer_size, capacity_max);
  std::size_t size = options.buffer_size;
  while (size > least_size && size > options.memory->left()) size /= 2;
  if (size > options.memory->left()) {
    return failure(ErrorCode::io, "no memory for one more input (see --memory)");
  }
  return InputBuffer(std::move(source), size, options.memory->buffer_max(), options.memory);
}

tl::unexpected<Error> header_cut(const std::string& format, const InputBuffer& buffer, std::size_t needed) {
  std::string message = "cut short in the " + format + " header: " + std::to_string(buffer.bytes().size()) +
                        " of " + std::to_string(needed) + " bytes";
  if (!buffer.failure().empty()) message += " (" + buffer.failure() + ")";
  return failure(ErrorCode::damaged, std::move(message));
}

tl::unexpected<Error> unknown(const InputBuffer& buffer) {
  // Not all there is: what we call it must not depend on how much a read happened to give.
  const Bytes start = buffer.bytes().first(std::min(buffer.bytes().size(), signature_size));
  if (!buffer.failure().empty()) return failure(ErrorCode::io, buffer.failure());
  if (start.empty()) return failure(ErrorCode::damaged, "the file is empty");
  if (const auto name = foreign_format_name(start)) {
    return failure(ErrorCode::unsupported, foreign_message(*name));
  }
  if (start.size() < magic_size) return header_cut("capture", buffer, PcapParser::file_header_size);
  return failure(ErrorCode::unknown_format, foreign_message(describe_start(start)));
}

Opened open_pcap(InputBuffer buffer) {
  if (!buffer.require(PcapParser::file_header_size)) {
    return header_cut("pcap", buffer, PcapParser::file_header_size);
  }
  auto parser = std::make_unique<PcapParser>(buffer.bytes());
  buffer.consume(PcapParser::file_header_size);
  return std::make_unique<StreamReader>(std::move(buffer), std::move(parser));
}

Opened open_pcapng(InputBuffer buffer) {
  if (!buffer.require(pcapng_header_size)) return header_cut("pcapng", buffer, pcapng_header_size);
  if (!PcapngParser::has_byte_order(buffer.bytes())) {
    return failure(ErrorCode::damaged, "starts as pcapng does, but without its byte-order magic");
  }
  auto parser = std::make_unique<PcapngParser>(buffer.memory());
  return std::make_unique<StreamReader>(std::move(buffer), std::move(parser));
}

}  // namespace

Opened open_source(std::unique_ptr<ByteSource> source, OpenOptions options) {
  Result<InputBuffer> made = make_buffer(std::move(source), options);
  if (!made) return tl::unexpected(made.error());
  made->require(magic_size);
  if (is_compressed(made->bytes())) {
    made = make_buffer(decompress(std::move(*made)), options);
    if (!made) return tl::unexpected(made.error());
    if (!made->require(magic_size) && !made->failure().empty()) {
      return failure(ErrorCode::damaged, made->failure());
    }
  }
  InputBuffer& buffer = *made;
  if (buffer.bytes().size() >= magic_size) {
    if (PcapParser::recognises(buffer.bytes())) return open_pcap(std::move(buffer));
    if (PcapngParser::recognises(buffer.bytes())) return open_pcapng(std::move(buffer));
  }
  buffer.require(signature_size);
  return unknown(buffer);
}

Opened open_capture(const std::string& path, const std::atomic<bool>* stop, ReadingMemory* memory) {
  auto source = FileSource::open(path, stop);
  if (!source) return tl::unexpected(source.error());
  Opened opened = open_source(std::move(*source), {.memory = memory});
  if (!opened) {
    opened.error().message.insert(0, path + ": ");
    return opened;
  }
  constexpr int usual_patience_ms = 100;
  (*opened)->set_patience_ms(usual_patience_ms);
  return opened;
}

}  // namespace restitch
