#include "restitch/cluster/roster.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <string_view>

namespace restitch::cluster {
namespace {

constexpr const char* cluster_key = "cluster";
constexpr std::string_view number_keys = "sensor-number.";

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

template <class Number>
Result<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return failure(ErrorCode::damaged, fmt::format("the ledger has \"{}\" for a number", text));
}

}  // namespace

// Empty: it is not there.
Result<std::string> Roster::text_of(const std::string& key) {
  const auto found = ledger_.get(key);
  if (!found) return tl::make_unexpected(found.error());
  return *found ? std::string((*found)->bytes.begin(), (*found)->bytes.end()) : std::string();
}

Result<void> Roster::make(unsigned partitions) {
  const auto made = ledger_.create(cluster_key, bytes_of(std::to_string(partitions)));
  if (made) return {};
  const auto there = this->partitions();
  if (!there) return tl::make_unexpected(there.error());
  if (*there == partitions) return {};
  return failure(ErrorCode::invalid_argument,
                 fmt::format("the cluster is there, with {} partitions", *there));
}

Result<unsigned> Roster::partitions() {
  const auto text = text_of(cluster_key);
  if (!text) return tl::make_unexpected(text.error());
  if (text->empty())
    return failure(ErrorCode::invalid_argument, "there is no such cluster: make it with `cluster create`");
  auto number = number_in<unsigned>(*text);
  if (number && (*number == 0 || *number > 1024))
    return failure(ErrorCode::damaged, "a cluster of " + *text + " partitions");
  return number;
}

// The first number that nobody has.
Result<SensorId> Roster::number_of(const std::string& name) {
  for (SensorId id = 1; id < std::numeric_limits<SensorId>::max(); ++id) {
    const std::string key = fmt::format("{}{}", number_keys, id);
    const auto made = ledger_.create(key, bytes_of(name));
    if (made) return id;
    if (made.error().code != ErrorCode::invalid_argument) return tl::make_unexpected(made.error());
    const auto there = text_of(key);
    if (!there) return tl::make_unexpected(there.error());
    if (*there == name) return id;
  }
  return failure(ErrorCode::invalid_argument, "there are too many sensors");
}

Result<RegisteredSensor> Roster::sensor(const std::string& name, bool anew) {
  const auto id = number_of(name);
  if (!id) return tl::make_unexpected(id.error());
  RegisteredSensor sensor{*id, 1};
  const std::string key = "sensor-epoch." + name;
  const auto made = ledger_.create(key, bytes_of("1"));
  if (made) return sensor;
  const auto there = ledger_.get(key);
  if (!there) return tl::make_unexpected(there.error());
  if (!*there) return tl::make_unexpected(made.error());
  const auto epoch = number_in<std::uint32_t>(std::string((*there)->bytes.begin(), (*there)->bytes.end()));
  if (!epoch) return tl::make_unexpected(epoch.error());
  sensor.epoch = *epoch;
  if (!anew) return sensor;
  ++sensor.epoch;
  const auto changed = ledger_.update(key, bytes_of(std::to_string(sensor.epoch)), (*there)->revision);
  if (!changed) return tl::make_unexpected(changed.error());
  return sensor;
}

Result<std::map<SensorId, std::string>> Roster::sensors() {
  const auto keys = ledger_.keys();
  if (!keys) return tl::make_unexpected(keys.error());
  std::map<SensorId, std::string> sensors;
  for (const std::string& key : *keys) {
    if (!key.starts_with(number_keys)) continue;
    const auto id = number_in<SensorId>(std::string_view(key).substr(number_keys.size()));
    const auto name = text_of(key);
    if (id && name) sensors[*id] = *name;
  }
  return sensors;
}

Result<std::map<SensorId, SpoolReport>> Roster::spools() {
  const auto known = sensors();
  if (!known) return tl::make_unexpected(known.error());
  std::map<SensorId, SpoolReport> spools;
  for (const auto& [sensor, name] : *known) {
    const auto text = text_of(SpoolReport::key(sensor));
    if (!text || text->empty()) continue;
    if (const auto report = SpoolReport::read(*text)) spools[sensor] = *report;
  }
  return spools;
}

Result<void> Roster::say(Batch::Kind kind, SensorId sensor, const std::string& id) {
  const auto partitions = this->partitions();
  if (!partitions) return tl::make_unexpected(partitions.error());
  for (unsigned partition = 0; partition < *partitions; ++partition) {
    Batch batch;
    batch.kind = kind;
    batch.sensor = sensor;
    batch.partition = static_cast<std::uint16_t>(partition);
    batch.partitions = static_cast<std::uint16_t>(*partitions);
    const auto said = log_.publish(partition, fmt::format("{}.p{}", id, partition), encode_batch(batch));
    if (!said) return tl::make_unexpected(said.error());
  }
  return {};
}

}  // namespace restitch::cluster
