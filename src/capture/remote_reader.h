// RemoteReader: the CaptureReader of a sender of packets (pcap-over-IP). Each connection to it is a capture
// of its own, from the file header on; one that breaks off is told, counted, and tried again, at first at
// once and then less and less often. What arrived of it is delivered. It owns the connection. One thread at a
// time.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/open_source.h"
#include "capture/tcp_connector.h"
#include "restitch/capture_inputs.h"

namespace restitch {

class RemoteReader final : public CaptureReader {
 public:
  // `name` is what the user calls it. With `insists`, also a sender that is not there or that closes in order
  // is tried again, until the end is asked for or nothing came for as long as the options allow.
  RemoteReader(std::string name, RemoteAddress address, const FollowOptions& options, bool insists);

  // Tries to connect. Error: it did not work, and this does not insist.
  Result<void> connect();

  std::span<const Record> next_batch() override;
  void set_patience_ms(int ms) override { patience_ = std::chrono::milliseconds(ms); }
  [[nodiscard]] bool finished() const override { return finished_; }
  [[nodiscard]] const CaptureEnd& end() const override { return end_; }
  [[nodiscard]] const CaptureMetadata& metadata() const override { return metadata_; }
  [[nodiscard]] std::string format_name() const override;
  [[nodiscard]] std::uint64_t bytes_read() const override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  using Clock = std::chrono::steady_clock;

  void advance(Clock::time_point patience_end);
  void begin_attempt();
  void wait_for_connection(Clock::time_point patience_end);
  void wait_for_next_attempt(Clock::time_point patience_end);
  void end_connection();
  void try_again(const std::string& why);
  void finish();
  [[nodiscard]] bool stop_asked() const { return options_.stop != nullptr && options_.stop->load(); }
  [[nodiscard]] bool timed_out() const;
  std::span<const Record> lend(std::span<const Record> batch);
  void describe();
  std::uint32_t find_interface(const CaptureInterface& interface);

  std::string name_;
  RemoteAddress address_;
  FollowOptions options_;
  bool insists_;
  std::chrono::milliseconds patience_{100};

  std::optional<TcpConnector> attempt_;
  std::unique_ptr<CaptureReader> reader_;  // of the connection there is
  Clock::time_point next_attempt_;
  std::chrono::milliseconds back_off_;
  Clock::time_point last_news_ = Clock::now();

  std::vector<Record> batch_;
  std::uint64_t packets_before_ = 0;  // of earlier connections
  std::uint64_t packets_ = 0;         // of all
  std::uint64_t bytes_before_ = 0;
  std::uint64_t broken_ = 0;  // connections that broke off, or did not come about
  std::string first_trouble_;
  bool trouble_told_ = false;  // since something came
  CaptureEnd end_;
  bool finished_ = false;
  CaptureMetadata metadata_;
  std::vector<std::uint32_t> interface_numbers_;  // of this connection's, in metadata_
};

}  // namespace restitch
