#include <utility>

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
constexpr std::size_t signature_size = 16;
// The smallest section header: a pcapng file that does not hold one has nothing to deliver.
constexpr std::size_t pcapng_header_size = 28;

using Opened = Result<std::unique_ptr<CaptureReader>>;

tl::unexpected<Error> header_cut(const std::string& format, const InputBuffer& buffer, std::size_t needed) {
  return failure(ErrorCode::damaged, "cut short in the " + format +
                                         " header: " + std::to_string(buffer.bytes().size()) + " of " +
                                         std::to_string(needed) + " bytes");
}

tl::unexpected<Error> unknown(const InputBuffer& buffer) {
  const Bytes start = buffer.bytes();
  if (!buffer.failure().empty()) return failure(ErrorCode::io, buffer.failure());
  if (start.empty()) return failure(ErrorCode::damaged, "the file is empty");
  if (const auto name = foreign_format_name(start)) {
    return failure(ErrorCode::unsupported, "neither pcap nor pcapng: " + *name);
  }
  if (start.size() < magic_size) return header_cut("capture", buffer, PcapParser::file_header_size);
  return failure(ErrorCode::unknown_format, "neither pcap nor pcapng: " + describe_start(start));
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
  return std::make_unique<StreamReader>(std::move(buffer), std::make_unique<PcapngParser>());
}

}  // namespace

Opened open_source(std::unique_ptr<ByteSource> source, OpenOptions options) {
  InputBuffer buffer(std::move(source), options.buffer_size, record_size_max + (std::size_t{1} << 20));
  if (buffer.require(magic_size)) {
    if (PcapParser::recognises(buffer.bytes())) return open_pcap(std::move(buffer));
    if (PcapngParser::recognises(buffer.bytes())) return open_pcapng(std::move(buffer));
  }
  buffer.require(signature_size);
  return unknown(buffer);
}

Opened open_capture(const std::string& path) {
  auto source = FileSource::open(path);
  if (!source) return tl::unexpected(source.error());
  Opened opened = open_source(std::move(*source));
  if (!opened) opened.error().message.insert(0, path + ": ");
  return opened;
}

}  // namespace restitch
