#include "capture/remote_reader.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "capture/pipe_reader.h"

namespace restitch {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds back_off_at_first{250};
constexpr milliseconds back_off_max{30'000};
// How often the flag is looked at while there is nothing to read.
constexpr milliseconds remote_look_interval{50};
// Senders that come back with other interfaces each time do not make this grow.
constexpr std::size_t interfaces_max = 1024;

bool is_same(const CaptureInterface& a, const CaptureInterface& b) {
  return a.name == b.name && a.description == b.description && a.link_type == b.link_type &&
         a.snap_size == b.snap_size;
}

}  // namespace

RemoteReader::RemoteReader(std::string name, RemoteAddress address, const FollowOptions& options,
                           bool insists)
    : name_(std::move(name)),
      address_(std::move(address)),
      options_(options),
      insists_(insists),
      back_off_(back_off_at_first) {}

Result<void> RemoteReader::connect() {
  attempt_.emplace(address_);
  if (insists_) return {};
  TcpConnector::State state;
  while ((state = attempt_->wait(static_cast<int>(remote_look_interval.count()))) ==
         TcpConnector::State::connecting) {
    if (stop_asked()) return {};
  }
  if (state == TcpConnector::State::failed) {
    return failure(ErrorCode::io, name_ + ": " + attempt_->failure());
  }
  return {};
}

std::span<const Record> RemoteReader::next_batch() {
  const Clock::time_point patience_end = Clock::now() + patience_;
  do {
    if (reader_) {
      reader_->set_patience_ms(static_cast<int>(patience_.count()));
      const std::span<const Record> batch = reader_->next_batch();
      if (!batch.empty()) return lend(batch);
      if (!reader_->finished()) return {};
      end_connection();
    } else if (stop_asked() || timed_out()) {
      finish();
    } else {
      advance(patience_end);
    }
  } while (!finished_ && (reader_ || Clock::now() < patience_end));
  return {};
}

// Towards a connection.
void RemoteReader::advance(Clock::time_point patience_end) {
  if (attempt_) {
    wait_for_connection(patience_end);
  } else if (Clock::now() >= next_attempt_) {
    attempt_.emplace(address_);
  } else {
    wait_for_next_attempt(patience_end);
  }
}

void RemoteReader::wait_for_connection(Clock::time_point patience_end) {
  const auto left = std::chrono::duration_cast<milliseconds>(patience_end - Clock::now());
  const milliseconds some = std::clamp(left, milliseconds(0), remote_look_interval);
  switch (attempt_->wait(static_cast<int>(some.count()))) {
    case TcpConnector::State::connecting:
      return;
    case TcpConnector::State::failed:
      try_again(attempt_->failure());
      attempt_.reset();
      return;
    case TcpConnector::State::connected:
      reader_ = std::make_unique<PipeReader>(
          std::make_unique<FileSource>(attempt_->take_socket(), true, options_.stop),
          OpenOptions{.memory = options_.memory});
      attempt_.reset();
      interface_numbers_.clear();
  }
}

void RemoteReader::wait_for_next_attempt(Clock::time_point patience_end) {
  const Clock::time_point now = Clock::now();
  const Clock::time_point then = std::min({next_attempt_, patience_end, now + remote_look_interval});
  if (then > now) std::this_thread::sleep_for(then - now);
}

void RemoteReader::end_connection() {
  describe();
  const CaptureEnd end = reader_->end();
  bytes_before_ += reader_->bytes_read();
  packets_before_ = packets_;
  reader_.reset();
  if (end.stopped || stop_asked() || (!end.damaged && !insists_)) return finish();
  if (end.damaged && packets_ == 0 && !insists_) {  // it is no sender of packets
    finished_ = true;
    end_ = end;
    return;
  }
  try_again(end.damaged ? end.message : "the sender closed the connection");
}

void RemoteReader::try_again(const std::string& why) {
  ++broken_;
  if (first_trouble_.empty()) first_trouble_ = why;
  if (!std::exchange(trouble_told_, true) && options_.on_broken) options_.on_broken(name_, why);
  next_attempt_ = Clock::now() + back_off_;
  back_off_ = std::min(2 * back_off_, back_off_max);
}

void RemoteReader::finish() {
  finished_ = true;
  end_.stopped = stop_asked();
  if (broken_ == 0) return;
  end_.damaged = true;
  end_.offset = bytes_before_;
  end_.message = std::to_string(broken_) + (broken_ == 1 ? " connection" : " connections") +
                 " to the sender broke off" + (broken_ == 1 ? ": " : ", the first because of: ") +
                 first_trouble_;
}

bool RemoteReader::timed_out() const {
  return options_.idle_timeout_ns > 0 &&
         Clock::now() - last_news_ >= std::chrono::nanoseconds(options_.idle_timeout_ns);
}

// For its user, it is one source.
std::span<const Record> RemoteReader::lend(std::span<const Record> batch) {
  last_news_ = Clock::now();
  back_off_ = back_off_at_first;
  trouble_told_ = false;
  if (reader_->metadata().interfaces.size() != interface_numbers_.size()) describe();
  batch_.assign(batch.begin(), batch.end());
  for (Record& record : batch_) {
    packets_ = record.info.packet_number += packets_before_;
    const std::uint32_t interface = record.info.interface_index;
    if (interface < interface_numbers_.size()) record.info.interface_index = interface_numbers_[interface];
  }
  return batch_;
}

// What this connection says of itself, when it names an interface and when it ends: not for each batch, for
// it is a copy of all. An interface that an earlier one had already keeps its number.
void RemoteReader::describe() {
  const CaptureMetadata& now = reader_->metadata();
  std::vector<CaptureInterface> interfaces = std::move(metadata_.interfaces);
  metadata_ = now;
  metadata_.interfaces = std::move(interfaces);
  for (std::size_t i = 0; i < now.interfaces.size(); ++i) {
    if (i == interface_numbers_.size()) interface_numbers_.push_back(find_interface(now.interfaces[i]));
    metadata_.interfaces[interface_numbers_[i]] = now.interfaces[i];
  }
  for (PacketComment& comment : metadata_.packet_comments) comment.packet_number += packets_before_;
}

std::uint32_t RemoteReader::find_interface(const CaptureInterface& interface) {
  std::vector<CaptureInterface>& all = metadata_.interfaces;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto number = static_cast<std::uint32_t>(i);
    const bool taken =
        std::find(interface_numbers_.begin(), interface_numbers_.end(), number) != interface_numbers_.end();
    if (!taken && is_same(all[i], interface)) return number;
  }
  if (all.size() < interfaces_max) all.push_back(interface);
  return static_cast<std::uint32_t>(all.size() - 1);
}

std::string RemoteReader::format_name() const { return reader_ ? reader_->format_name() : "not known yet"; }

std::uint64_t RemoteReader::bytes_read() const {
  return bytes_before_ + (reader_ ? reader_->bytes_read() : 0);
}

bool is_remote(const std::string& name) { return RemoteAddress::recognises(name); }

Result<void> check_remote(const std::string& name) {
  const auto address = RemoteAddress::parse(name);
  if (!address) return tl::unexpected(address.error());
  const auto known = look_up(*address);
  if (!known) return failure(ErrorCode::invalid_argument, name + ": " + known.error().message);
  return {};
}

Result<std::unique_ptr<CaptureReader>> open_remote(const std::string& name, const FollowOptions& options,
                                                   bool insist) {
  auto address = RemoteAddress::parse(name);
  if (!address) return tl::unexpected(address.error());
  auto reader = std::make_unique<RemoteReader>(name, std::move(*address), options, insist);
  const Result<void> connected = reader->connect();
  if (!connected) return tl::unexpected(connected.error());
  return reader;
}

}  // namespace restitch
