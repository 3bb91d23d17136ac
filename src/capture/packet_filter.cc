
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <limits>

#include "capture/filter_advice.h"
#include "capture/pcap_handle.h"
#include "restitch/capture_filter.h"

namespace restitch {

namespace {

constexpr int snap_size_max = 262'144;
// Batches without a match after which a FilteredReader comes back with nothing, to give its user a turn.
constexpr int barren_batches_max = 4096;

// A handle to compile with. An empty capture file of this link type makes libpcap itself translate the
// number that files use into its own, which it does not offer otherwise.
PcapHandle open_empty(LinkType link_type) {
  std::array<std::uint32_t, 6> header{
      0xa1b2c3d4, 0, 0, 0, snap_size_max, static_cast<std::uint32_t>(link_type)};
  const std::array<std::uint16_t, 2> version{2, 4};
  std::memcpy(&header[1], version.data(), sizeof version);
  std::FILE* const file = ::fmemopen(header.data(), sizeof header, "rb");
  if (file == nullptr) return nullptr;
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  // libpcap closes the file, if it does not fail.
  PcapHandle handle(pcap_fopen_offline(file, why.data()));
  if (!handle) std::fclose(file);
  return handle;
}

}  // namespace

struct PacketFilter::Program {
  explicit Program(LinkType of, const std::string& expression) : link_type(of) {
    const PcapHandle handle = open_empty(of);
    if (!handle) {
      failure = "libpcap does not know this link type";
    } else if (pcap_compile(handle.get(), &code, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
      failure = pcap_geterr(handle.get());
      code = {};
    }
  }
  ~Program() { pcap_freecode(&code); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  LinkType link_type;
  bpf_program code{};
  std::string failure;  // not empty: no frame matches
};

Result<PacketFilter> PacketFilter::compile(const std::string& expression) {
  PacketFilter filter;
  filter.expression_ = expression;
  // Ethernet first: what libpcap has to say is said of it.
  constexpr std::array<std::uint16_t, 6> link_types{1, 113, 127, 101, 0, 276};
  for (const std::uint16_t link_type : link_types) {
    if (filter.program_for(static_cast<LinkType>(link_type)).failure.empty()) return filter;
  }
  return restitch::failure(restitch::ErrorCode::invalid_argument,
                           "filter \"" + expression + "\": " + filter.programs_.front()->failure);
}

PacketFilter::PacketFilter(PacketFilter&&) noexcept = default;
PacketFilter& PacketFilter::operator=(PacketFilter&&) noexcept = default;
PacketFilter::~PacketFilter() = default;

const PacketFilter::Program& PacketFilter::program_for(LinkType link_type) {
  if (last_ != nullptr && last_->link_type == link_type) return *last_;
  const auto found = std::find_if(programs_.begin(), programs_.end(),
                                  [&](const auto& program) { return program->link_type == link_type; });
  if (found != programs_.end()) {
    last_ = found->get();
  } else {
    last_ = programs_.emplace_back(std::make_unique<Program>(link_type, expression_)).get();
  }
  return *last_;
}

bool PacketFilter::matches(LinkType link_type, Bytes frame, std::size_t original_size) {
  const Program& program = program_for(link_type);
  if (!program.failure.empty()) {
    if (failure_.empty()) {
      failure_ = "the filter does not fit " + link_type_name(link_type) + ": " + program.failure;
    }
    return false;
  }
  constexpr std::size_t size_max = std::numeric_limits<bpf_u_int32>::max();
  pcap_pkthdr header{};
  header.caplen = static_cast<bpf_u_int32>(std::min(frame.size(), size_max));
  header.len = static_cast<bpf_u_int32>(std::min(original_size, size_max));
  return pcap_offline_filter(&program.code, &header, frame.data()) != 0;
}

FilteredReader::FilteredReader(std::unique_ptr<CaptureReader> reader, PacketFilter filter)
    : reader_(std::move(reader)),
      filter_(std::move(filter)),
      advice_(std::make_unique<FilterAdvice>(filter_.expression())) {}

FilteredReader::~FilteredReader() = default;

std::string FilteredReader::would_match() const { return advice_ ? advice_->found() : std::string(); }

std::span<const Record> FilteredReader::next_batch() {
  batch_.clear();
  for (int barren = 0; batch_.empty() && barren < barren_batches_max; ++barren) {
    const std::span<const Record> all = reader_->next_batch();
    for (const Record& record : all) {
      if (filter_.matches(record.link_type, record.frame, record.info.original_size)) {
        batch_.push_back(record);
      } else if (advice_) {
        advice_->look_at(record);
      }
    }
    if (!batch_.empty()) advice_.reset();
    filtered_out_ += all.size() - batch_.size();
    if (all.empty()) break;
  }
  if (reader_->finished()) note_end();
  return batch_;
}

void FilteredReader::note_end() {
  end_ = reader_->end();
  if (filter_.failure().empty()) return;
  end_.damaged = true;
  if (!end_.message.empty()) end_.message += "; ";
  end_.message += filter_.failure();
}

}  // namespace restitch
