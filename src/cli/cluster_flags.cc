#include "cli/cluster_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "cli/choices.h"
#include "cli/input_flags.h"
#include "cli/numbers.h"

namespace restitch::cli {
namespace {

constexpr const char* broker = "Broker";
constexpr std::size_t partitions_max = 1024;

// Of sensors and clusters: what can stand in the names of the broker.
CLI::Validator plain_name() {
  return {[](std::string& name) {
            const bool plain = !name.empty() && name.size() <= 64 &&
                               std::all_of(name.begin(), name.end(), [](unsigned char letter) {
                                 return std::isalnum(letter) != 0 || letter == '-' || letter == '_';
                               });
            return plain ? std::string() : "a name has up to 64 letters, digits, - and _";
          },
          ""};
}

}  // namespace

void ClusterFlags::add_action_to(CLI::App& command) {
  command
      .add_option("ACTION", selection_.action,
                  "create, status, check, drain or cat.\ncreate makes it; status tells how far it is; check "
                  "looks\nwhether all that was found is there; drain says that\nnothing more comes; cat "
                  "prints what was found")
      ->option_text("")
      ->required()
      ->transform(one_of<ClusterAction>({{"create", ClusterAction::create},
                                         {"status", ClusterAction::status},
                                         {"check", ClusterAction::check},
                                         {"drain", ClusterAction::drain},
                                         {"cat", ClusterAction::cat}}));
}

void ClusterFlags::add_broker_to(CLI::App& command) {
  command
      .add_option("--log", selection_.nats.url,
                  "Where the broker is: nats://HOST:PORT.\nSeveral of a cluster with commas; tls:// with TLS")
      ->type_name("URL")
      ->required()
      ->group(broker);
  command.add_option("--cluster", selection_.nats.cluster, "Which one, where a broker has several")
      ->option_text("NAME=restitch")
      ->check(plain_name())
      ->group(broker);
  command.add_option("--creds", selection_.nats.credentials, "Who we are, for the broker: its .creds file")
      ->type_name("FILE")
      ->group(broker);
  command.add_option("--tls-ca", selection_.nats.ca, "TLS: whom we believe that it is the broker")
      ->type_name("FILE")
      ->group(broker);
  command.add_option("--tls-cert", selection_.nats.certificate, "TLS: our own certificate")
      ->type_name("FILE")
      ->group(broker);
  command.add_option("--tls-key", selection_.nats.key, "TLS: and its key")->type_name("FILE")->group(broker);
}

void ClusterFlags::add_directory_to(CLI::App& command, const char* description) {
  command.add_option("-o,--output", selection_.directory, description)->type_name("DIR");
}

void ClusterFlags::add_cluster_to(CLI::App& command) {
  add_broker_to(command);
  command
      .add_option("--sensor", selection_.sensors,
                  "Of create: waits for this one; of drain: it is not\ncoming back. May be repeated. drain "
                  "without it: the\ninput is over, and all connections end")
      ->type_name("NAME")
      ->check(plain_name())
      ->allow_extra_args(false)
      ->take_all();
  add_directory_to(command, "Of check and cat: the folder of the workers");
  command.add_flag("--metrics", selection_.metrics, "Of status: for Prometheus, not as a table");
  command
      .add_option("--partitions", selection_.partitions,
                  "Of create: how many parts the work has.\nFor ever; several for each worker there may be")
      ->option_text("N=8")
      ->transform(whole_number(1, partitions_max));
  command.add_option("--replicas", selection_.nats.replicas, "Of create: on so many brokers of theirs")
      ->option_text("N=1")
      ->transform(whole_number(1, 5));
  command
      .add_option("--lease", lease_s_,
                  "Of create: a worker that says nothing for so long\nhas lost its partitions")
      ->option_text("SECONDS=10")
      ->transform(whole_number(1, 3600));
}

void ClusterFlags::add_sense_to(CLI::App& command) {
  add_broker_to(command);
  command.add_option("--sensor", selection_.sensors, "The name of this one, which no other has")
      ->type_name("NAME")
      ->check(plain_name())
      ->allow_extra_args(false)
      ->take_all()
      ->required();
  command.add_flag("--compress", selection_.compress, "Send with zstd");
  command.add_flag("--anew", selection_.anew,
                   "Of files: these are others.\nNot those of before, of which only the rest is sent");
  command
      .add_option("--spool", selection_.spool,
                  "Live: keeps packets here until workers have them.\nThen neither a broker that is away "
                  "nor a kill of this\nsensor loses them. It is made if it is not there")
      ->type_name("DIR");
  command
      .add_option("--spool-max", selection_.spool_max,
                  "No more than this, at least 1M.\nWhat comes then is lost, counted and told")
      ->option_text("SIZE=1G")
      ->transform(size_with_unit());
}

void ClusterFlags::add_work_to(CLI::App& command) {
  add_broker_to(command);
  command
      .add_option("-o,--output", selection_.directory,
                  "Where to: one folder for all workers.\nIt is made if it is not there")
      ->type_name("DIR")
      ->required();
  command.add_option("--partitions", selection_.partitions, "Take no more at a time")
      ->type_name("MAX")
      ->transform(whole_number(1, partitions_max));
  command
      .add_option("--replay-max", selection_.replay_max,
                  "What whoever takes over a partition has to read.\nA connection that began farther back is "
                  "cut, and told\nso; 0: however much that is")
      ->option_text("SIZE=4G")
      ->transform(size_with_unit(0));
  command.add_option("--lease", lease_s_, "As the cluster was made with")
      ->option_text("SECONDS=10")
      ->transform(whole_number(1, 3600));
}

bool ClusterFlags::finish(std::string& complaint) {
  cluster::NatsOptions& nats = selection_.nats;
  nats.lease_ms = std::int64_t{lease_s_} * 1000;
  if (nats.url.find('@') != std::string::npos) {
    complaint = "--log: who we are is taken from a file (--creds), as others see a command line";
  } else if (nats.certificate.empty() != nats.key.empty()) {
    complaint = "--tls-cert, --tls-key: they belong together";
  }
  return complaint.empty();
}

bool ClusterFlags::finish_sense(const InputSelection& input, std::string& complaint) const {
  constexpr std::size_t spool_least = std::size_t{1} << 20;
  if (selection_.spool_max < spool_least) {
    complaint = "--spool-max: at least 1M";
  } else if (selection_.sensors.size() != 1) {
    complaint = "--sensor: this is one, with one name";
  } else if (!selection_.spool.empty() && !input.endless()) {
    complaint = "--spool: it is for what is captured live; files wait where they are";
  } else if (selection_.anew && input.endless()) {
    complaint = "--anew: what is captured live is always new";
  }
  return complaint.empty();
}

bool ClusterFlags::finish_action(std::string& complaint) const {
  const ClusterAction action = selection_.action;
  if ((action == ClusterAction::check || action == ClusterAction::cat) && selection_.directory.empty()) {
    complaint = "no folder of the workers (-o)";
  }
  return complaint.empty();
}

}  // namespace restitch::cli
