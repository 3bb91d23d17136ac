// Live capture through libpcap, on any platform it has.
#include <poll.h>

#include <algorithm>
#include <limits>
#include <thread>
#include <vector>

#include "capture/live_reader.h"
#include "capture/pcap_handle.h"

namespace restitch {

namespace {

// How long to sleep where libpcap offers nothing to wait for.
constexpr int blind_wait_ms = 5;

class LibpcapReader final : public LiveReader {
 public:
  LibpcapReader(const LiveOptions& options, PcapHandle handle)
      : LiveReader(options),
        handle_(std::move(handle)),
        link_type_(static_cast<LinkType>(pcap_datalink(handle_.get()))),
        ns_per_tick_(pcap_get_tstamp_precision(handle_.get()) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000),
        frames_(batch_size_max) {
    interface().link_type = link_type_;
  }

  [[nodiscard]] std::string format_name() const override { return "live, through libpcap"; }

 protected:
  bool take() override;
  void wait(int ms) override;
  void count(CaptureInterface& interface) const override;

 private:
  void keep(const pcap_pkthdr& header, const u_char* bytes);

  PcapHandle handle_;
  LinkType link_type_;
  std::int64_t ns_per_tick_;
  std::vector<std::vector<std::uint8_t>> frames_;  // libpcap lends a frame only until the next one
  std::size_t kept_ = 0;
};

bool LibpcapReader::take() {
  kept_ = 0;
  const auto keep_one = [](u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
    reinterpret_cast<LibpcapReader*>(self)->keep(*header, bytes);
  };
  const int taken = pcap_dispatch(handle_.get(), static_cast<int>(batch_size_max), keep_one,
                                  reinterpret_cast<u_char*>(this));
  if (taken != PCAP_ERROR) return true;
  why_over_ = pcap_geterr(handle_.get());
  return false;
}

void LibpcapReader::keep(const pcap_pkthdr& header, const u_char* bytes) {
  if (full()) return;  // libpcap keeps to the number it was given
  std::vector<std::uint8_t>& frame = frames_[kept_++];
  frame.assign(bytes, bytes + header.caplen);
  const std::int64_t ns =
      std::int64_t{header.ts.tv_sec} * 1'000'000'000 + std::int64_t{header.ts.tv_usec} * ns_per_tick_;
  add(ns, link_type_, frame, header.len);
}

void LibpcapReader::wait(int ms) {
  const timeval* const required = pcap_get_required_select_timeout(handle_.get());
  if (required != nullptr) ms = std::min(ms, static_cast<int>(required->tv_usec / 1000 + 1));
  pollfd waiting{pcap_get_selectable_fd(handle_.get()), POLLIN, 0};
  if (waiting.fd >= 0) {
    ::poll(&waiting, 1, ms);
  } else {
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(ms, blind_wait_ms)));
  }
}

void LibpcapReader::count(CaptureInterface& interface) const {
  pcap_stat counts{};
  if (pcap_stats(handle_.get(), &counts) != 0) return;
  interface.received = counts.ps_recv;
  interface.os_dropped = counts.ps_drop;
  interface.dropped = counts.ps_ifdrop;
}

std::string describe_failure(pcap_t* handle, int status) {
  std::string text = pcap_statustostr(status);
  std::string more = pcap_geterr(handle);
  if (status == PCAP_ERROR) return more;
  return more.empty() ? text : text + " (" + more + ")";
}

void configure(pcap_t* handle, const LiveOptions& options) {
  constexpr std::size_t int_max = std::numeric_limits<int>::max();
  pcap_set_snaplen(handle, static_cast<int>(std::min<std::size_t>(options.snap_size, int_max)));
  pcap_set_promisc(handle, options.promiscuous ? 1 : 0);
  pcap_set_timeout(handle, std::max(options.block_timeout_ms, 1));
  pcap_set_buffer_size(handle, static_cast<int>(std::min(options.buffer_size, int_max)));
  pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO);  // where it cannot, it stays as it is
}

Result<void> set_filter(pcap_t* handle, const std::string& expression) {
  if (expression.empty()) return {};
  bpf_program code{};
  int status = pcap_compile(handle, &code, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN);
  if (status == 0) {
    status = pcap_setfilter(handle, &code);
    pcap_freecode(&code);
  }
  if (status == 0) return {};
  return failure(ErrorCode::invalid_argument, "filter \"" + expression + "\": " + pcap_geterr(handle));
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> open_libpcap(const LiveOptions& options) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  PcapHandle handle(pcap_create(options.interface.c_str(), why.data()));
  if (!handle) return failure(ErrorCode::io, options.interface + ": " + why.data());
  configure(handle.get(), options);
  const int status = pcap_activate(handle.get());
  if (status < 0) {
    return failure(ErrorCode::io, options.interface + ": " + describe_failure(handle.get(), status));
  }
  if (const Result<void> set = set_filter(handle.get(), options.filter); !set) {
    return tl::unexpected(set.error());
  }
  if (pcap_setnonblock(handle.get(), 1, why.data()) != 0) {
    return failure(ErrorCode::io, options.interface + ": " + why.data());
  }
  return std::make_unique<LibpcapReader>(options, std::move(handle));
}

}  // namespace restitch
