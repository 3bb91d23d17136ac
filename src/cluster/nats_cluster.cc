#include "restitch/cluster/nats_cluster.h"

#ifndef RESTITCH_NATS

namespace restitch::cluster {
namespace {

tl::unexpected<Error> no_nats() {
  return failure(ErrorCode::unsupported, "this build has no NATS: libnats was not there when it was made");
}

}  // namespace

bool has_nats() { return false; }
Result<void> create_nats(const NatsOptions& /*options*/, unsigned /*partitions*/) { return no_nats(); }
Result<std::unique_ptr<NatsCluster>> open_nats(const NatsOptions& /*options*/) { return no_nats(); }

}  // namespace restitch::cluster

#else

#include <fmt/format.h>
#include <nats/nats.h>

#include <fstream>
#include <utility>
#include <vector>

#include "cluster/nats_handles.h"

namespace restitch::cluster {
namespace {

struct Session {
  OwnedConnection connection;
  OwnedContext context;
};

// A .creds file, or one with USER:PASSWORD in its first line.
natsStatus set_credentials(natsOptions* to, const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return NATS_NOT_FOUND;
  const std::size_t colon = line.find(':');
  if (line.starts_with('-') || colon == std::string::npos) {
    return natsOptions_SetUserCredentialsFromFiles(to, path.c_str(), nullptr);
  }
  return natsOptions_SetUserInfo(to, line.substr(0, colon).c_str(), line.substr(colon + 1).c_str());
}

natsStatus set_options(natsOptions* to, const NatsOptions& options) {
  natsStatus status = natsOptions_SetURL(to, options.url.c_str());
  if (status == NATS_OK) status = natsOptions_SetTimeout(to, options.timeout_ms);
  if (status == NATS_OK) status = natsOptions_SetMaxReconnect(to, -1);
  if (status == NATS_OK) status = natsOptions_SetReconnectWait(to, 250);
  if (status == NATS_OK && !options.credentials.empty()) {
    status = set_credentials(to, options.credentials);
  }
  if (status == NATS_OK && !options.ca.empty()) {
    status = natsOptions_LoadCATrustedCertificates(to, options.ca.c_str());
    if (status == NATS_OK) status = natsOptions_SetSecure(to, true);
  }
  if (status == NATS_OK && !options.certificate.empty()) {
    status = natsOptions_LoadCertificatesChain(to, options.certificate.c_str(), options.key.c_str());
  }
  return status;
}

// libnats says of a file that is missing no more than that something was not found.
Result<void> check_files(const NatsOptions& options) {
  for (const std::string* const path :
       {&options.credentials, &options.ca, &options.certificate, &options.key}) {
    if (path->empty() || std::ifstream(*path).peek() != std::ifstream::traits_type::eof()) continue;
    return failure(ErrorCode::io, *path + ": there is nothing to read");
  }
  return {};
}

Result<Session> connect(const NatsOptions& options) {
  if (const auto files = check_files(options); !files) return tl::make_unexpected(files.error());
  OwnedOptions set;
  natsStatus status = take(set, [](natsOptions** made) { return natsOptions_Create(made); });
  if (status == NATS_OK) status = set_options(set.get(), options);
  if (status != NATS_OK) return nats_failure(options.url, status);
  Session session;
  status = take(session.connection,
                [&](natsConnection** made) { return natsConnection_Connect(made, set.get()); });
  if (status != NATS_OK) return nats_failure(options.url, status);
  jsOptions js;
  jsOptions_Init(&js);
  js.Wait = options.timeout_ms;
  status = take(session.context,
                [&](jsCtx** made) { return natsConnection_JetStream(made, session.connection.get(), &js); });
  if (status != NATS_OK) return nats_failure(options.url, status);
  return session;
}

class NatsLog final : public PacketLog {
 public:
  NatsLog(jsCtx* context, std::string cluster, std::int64_t timeout_ms)
      : context_(context), cluster_(std::move(cluster)), timeout_ms_(timeout_ms) {}

  Result<std::uint64_t> publish(unsigned partition, std::string_view id, Bytes bytes) override {
    const std::string message_id(id);
    jsPubOptions options;
    jsPubOptions_Init(&options);
    options.MsgId = message_id.c_str();
    options.MaxWait = timeout_ms_;
    OwnedAck ack;
    const natsStatus status = take(ack, [&](jsPubAck** made) {
      return js_Publish(made, context_, subject_of(partition).c_str(), bytes.data(),
                        static_cast<int>(bytes.size()), &options, nullptr);
    });
    if (status != NATS_OK) return nats_failure("publishing", status);
    return ack->Sequence;
  }

  Result<std::vector<LogMessage>> read(unsigned partition, std::uint64_t from,
                                       std::size_t size_max) override {
    std::vector<LogMessage> messages;
    std::size_t size = 0;
    const std::string stream = stream_of(partition);
    do {
      OwnedMessage message;
      jsDirectGetMsgOptions which;
      jsDirectGetMsgOptions_Init(&which);
      which.Sequence = from + messages.size();
      const natsStatus status = take(message, [&](natsMsg** made) {
        return js_DirectGetMsg(made, context_, stream.c_str(), nullptr, &which);
      });
      if (status == NATS_NOT_FOUND) break;
      if (status != NATS_OK && messages.empty()) return nats_failure("reading " + stream, status);
      if (status != NATS_OK) break;
      if (natsMsg_GetSequence(message.get()) != which.Sequence) break;
      const auto* const data = reinterpret_cast<const std::uint8_t*>(natsMsg_GetData(message.get()));
      const auto count = static_cast<std::size_t>(natsMsg_GetDataLength(message.get()));
      messages.push_back({which.Sequence, {data, data + count}});
      size += count;
    } while (size < size_max);
    if (messages.empty()) {
      if (const auto here = check(partition, from); !here) return tl::make_unexpected(here.error());
    }
    return messages;
  }

  Result<LogRange> range(unsigned partition) override {
    OwnedInfo info;
    const std::string stream = stream_of(partition);
    const natsStatus status = take(info, [&](jsStreamInfo** made) {
      return js_GetStreamInfo(made, context_, stream.c_str(), nullptr, nullptr);
    });
    if (status != NATS_OK) return nats_failure("looking at " + stream, status);
    const std::uint64_t next = info->State.LastSeq + 1;
    return LogRange{info->State.Msgs == 0 ? next : info->State.FirstSeq, next};
  }

  // To purge up to 0 would empty the stream.
  Result<void> trim(unsigned partition, std::uint64_t below) override {
    if (below <= 1) return {};
    jsOptions options;
    jsOptions_Init(&options);
    options.Wait = timeout_ms_;
    options.Stream.Purge.Sequence = below;
    const std::string stream = stream_of(partition);
    const natsStatus status = js_PurgeStream(context_, stream.c_str(), &options, nullptr);
    if (status != NATS_OK) return nats_failure("trimming " + stream, status);
    return {};
  }

  [[nodiscard]] std::string stream_of(unsigned partition) const {
    return fmt::format("{}_p{}", cluster_, partition);
  }
  [[nodiscard]] std::string subject_of(unsigned partition) const {
    return fmt::format("{}.p{}", cluster_, partition);
  }

 private:
  // Whether it is only not there yet.
  Result<void> check(unsigned partition, std::uint64_t from) {
    const auto range = this->range(partition);
    if (!range) return tl::make_unexpected(range.error());
    if (from < range->first) {
      return failure(ErrorCode::damaged,
                     fmt::format("partition {} begins with message {}: message {} was taken away", partition,
                                 range->first, from));
    }
    if (from <= range->next) return {};
    return failure(ErrorCode::damaged,
                   fmt::format("partition {} was read up to message {}, and now ends at {}", partition,
                               from - 1, range->next - 1));
  }

  jsCtx* context_;
  std::string cluster_;
  std::int64_t timeout_ms_;
};

class NatsLedger final : public Ledger {
 public:
  NatsLedger(OwnedStore values, OwnedStore leases) : values_(std::move(values)), leases_(std::move(leases)) {}

  Result<std::optional<LedgerValue>> get(const std::string& key) override { return get_of(*values_, key); }

  Result<std::uint64_t> create(const std::string& key, Bytes bytes) override {
    std::uint64_t revision = 0;
    const natsStatus status =
        kvStore_Create(&revision, values_.get(), key.c_str(), bytes.data(), static_cast<int>(bytes.size()));
    if (status == NATS_OK) return revision;
    const auto failed = nats_failure("making " + key, status);
    const auto there = get(key);
    if (there && *there) return failure(ErrorCode::invalid_argument, key + " is there already");
    return failed;
  }

  Result<std::uint64_t> update(const std::string& key, Bytes bytes, std::uint64_t revision) override {
    std::uint64_t next = 0;
    const natsStatus status = kvStore_Update(&next, values_.get(), key.c_str(), bytes.data(),
                                             static_cast<int>(bytes.size()), revision);
    if (status == NATS_OK) return next;
    const auto failed = nats_failure("changing " + key, status);
    const auto there = get(key);
    if (there && (!*there || (*there)->revision != revision)) {
      return failure(ErrorCode::invalid_argument, key + " has another revision");
    }
    return failed;
  }

  Result<void> remove(const std::string& key) override { return remove_of(*values_, key); }

  Result<std::vector<std::string>> keys() override {
    kvKeysList list{};
    const natsStatus status = kvStore_Keys(&list, values_.get(), nullptr);
    if (status != NATS_OK && status != NATS_NOT_FOUND) return nats_failure("listing the ledger", status);
    std::vector<std::string> keys;
    keys.reserve(static_cast<std::size_t>(list.Count));
    for (int i = 0; i < list.Count; ++i) keys.emplace_back(list.Keys[i]);
    kvKeysList_Destroy(&list);
    return keys;
  }

  Result<bool> lease(const std::string& name, const std::string& owner) override {
    const auto there = get_of(*leases_, name);
    if (!there) return tl::make_unexpected(there.error());
    const auto size = static_cast<int>(owner.size());
    if (!*there) return kvStore_Create(nullptr, leases_.get(), name.c_str(), owner.data(), size) == NATS_OK;
    if (owner_of(**there) != owner) return false;
    return kvStore_Update(nullptr, leases_.get(), name.c_str(), owner.data(), size, (*there)->revision) ==
           NATS_OK;
  }

  Result<std::string> owner(const std::string& name) override {
    const auto there = get_of(*leases_, name);
    if (!there) return tl::make_unexpected(there.error());
    return *there ? owner_of(**there) : std::string();
  }

  Result<void> give_up(const std::string& name, const std::string& owner) override {
    const auto there = get_of(*leases_, name);
    if (!there) return tl::make_unexpected(there.error());
    if (!*there || owner_of(**there) != owner) return {};
    return remove_of(*leases_, name);
  }

 private:
  static std::string owner_of(const LedgerValue& value) { return {value.bytes.begin(), value.bytes.end()}; }

  static Result<std::optional<LedgerValue>> get_of(kvStore& store, const std::string& key) {
    OwnedEntry entry;
    const natsStatus status =
        take(entry, [&](kvEntry** made) { return kvStore_Get(made, &store, key.c_str()); });
    if (status == NATS_NOT_FOUND) return std::nullopt;
    if (status != NATS_OK) return nats_failure("reading " + key, status);
    const auto* const data = static_cast<const std::uint8_t*>(kvEntry_Value(entry.get()));
    const auto size = static_cast<std::size_t>(kvEntry_ValueLen(entry.get()));
    LedgerValue value{kvEntry_Revision(entry.get()), {}};
    if (size != 0) value.bytes.assign(data, data + size);
    return value;
  }

  static Result<void> remove_of(kvStore& store, const std::string& key) {
    const natsStatus status = kvStore_Purge(&store, key.c_str(), nullptr);
    if (status != NATS_OK) return nats_failure("removing " + key, status);
    return {};
  }

  OwnedStore values_;
  OwnedStore leases_;
};

class OpenNats final : public NatsCluster {
 public:
  OpenNats(Session session, OwnedStore values, OwnedStore leases, const NatsOptions& options)
      : session_(std::move(session)),
        log_(session_.context.get(), options.cluster, options.timeout_ms),
        ledger_(std::move(values), std::move(leases)) {}

  PacketLog& log() override { return log_; }
  Ledger& ledger() override { return ledger_; }

 private:
  Session session_;
  NatsLog log_;
  NatsLedger ledger_;
};

Result<void> create_stream(const Session& session, const NatsOptions& options, unsigned partition) {
  const NatsLog names(session.context.get(), options.cluster, options.timeout_ms);
  const std::string name = names.stream_of(partition);
  const std::string subject = names.subject_of(partition);
  const char* subjects[] = {subject.c_str()};
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  config.Name = name.c_str();
  config.Subjects = subjects;
  config.SubjectsLen = 1;
  config.Storage = js_FileStorage;
  config.Replicas = options.replicas;
  config.Discard = js_DiscardNew;
  config.AllowDirect = true;
  const natsStatus status = js_AddStream(nullptr, session.context.get(), &config, nullptr, nullptr);
  if (status != NATS_OK) return nats_failure("making " + name, status);
  return {};
}

Result<void> create_bucket(const Session& session, const std::string& name, std::int64_t ttl_ms,
                           int replicas) {
  kvConfig config;
  kvConfig_Init(&config);
  config.Bucket = name.c_str();
  config.TTL = ttl_ms * 1'000'000;
  config.Replicas = replicas;
  OwnedStore store;
  const natsStatus status =
      take(store, [&](kvStore** made) { return js_CreateKeyValue(made, session.context.get(), &config); });
  if (status != NATS_OK) return nats_failure("making " + name, status);
  return {};
}

std::string ledger_name(const NatsOptions& options) { return options.cluster + "_ledger"; }
std::string leases_name(const NatsOptions& options) { return options.cluster + "_leases"; }

}  // namespace

bool has_nats() { return true; }

Result<void> create_nats(const NatsOptions& options, unsigned partitions) {
  const auto session = connect(options);
  if (!session) return tl::make_unexpected(session.error());
  for (unsigned partition = 0; partition < partitions; ++partition) {
    if (auto made = create_stream(*session, options, partition); !made) return made;
  }
  if (auto made = create_bucket(*session, ledger_name(options), 0, options.replicas); !made) return made;
  return create_bucket(*session, leases_name(options), options.lease_ms, options.replicas);
}

Result<std::unique_ptr<NatsCluster>> open_nats(const NatsOptions& options) {
  auto session = connect(options);
  if (!session) return tl::make_unexpected(session.error());
  OwnedStore stores[2];
  const std::string names[2] = {ledger_name(options), leases_name(options)};
  for (int i = 0; i < 2; ++i) {
    const natsStatus status = take(stores[i], [&](kvStore** made) {
      return js_KeyValue(made, session->context.get(), names[i].c_str());
    });
    if (status != NATS_OK) return nats_failure(names[i] + " (is there such a cluster?)", status);
  }
  return std::unique_ptr<NatsCluster>(
      std::make_unique<OpenNats>(std::move(*session), std::move(stores[0]), std::move(stores[1]), options));
}

}  // namespace restitch::cluster

#endif
