#include "restitch/receiver.h"

#include <algorithm>

namespace restitch {
namespace {

constexpr OverlapTable always(Winner winner) {
  OverlapTable table{};
  table.fill(winner);
  return table;
}

// The columns of a published table, in the order of Relation: H the held copy, N the new one.
constexpr ReceiverPolicy table(std::string_view name, std::string_view summary, std::string_view columns) {
  ReceiverPolicy policy{.name = name, .summary = summary};
  for (std::size_t i = 0; i < relation_count; ++i) {
    policy.overlap[i] = columns[i] == 'H' ? Winner::held : Winner::arrived;
  }
  return policy;
}

constexpr std::array policies = {
    ReceiverPolicy{.name = "gopacket",
                   .summary = "as gopacket/reassembly: of copies that wait, the later one wins",
                   .overlap = always(Winner::arrived)},
    ReceiverPolicy{.name = "capture",
                   .summary = "everything captured is delivered, the first copy wins",
                   .overlap = always(Winner::held),
                   .after_fin = AfterEnd::deliver,
                   .after_rst = AfterEnd::deliver},
    ReceiverPolicy{.name = "linux",
                   .summary = "exactly what Linux 6.18 reads, checked against a real kernel",
                   .rule = OverlapRule::linux_,
                   .refusals = Refusals::all(),
                   .urgent = Urgent::out_of_band},
    ReceiverPolicy{.name = "linux-oobinline",
                   .summary = "the same for a socket with SO_OOBINLINE",
                   .rule = OverlapRule::linux_,
                   .refusals = Refusals::all()},
    table("first", "of copies that wait, the first one wins", "HHHHHHHHH"),
    ReceiverPolicy{.name = "last",
                   .summary = "of copies that wait, the last one wins",
                   .overlap = always(Winner::arrived),
                   .rereads = true},
    table("bsd", "4.4BSD, checked against libslirp 4.7.0", "HNHHNHNHH"),
    table("bsd-right", "by name in Suricata, where it acts like first", "HHHHHHHHH"),
    table("macos", "Mac OS 10.3 and later, by Snort and Suricata", "HNHHNHNHH"),
    table("windows", "Windows 98, NT, 2000, XP, by Snort and Suricata", "HNHHNHNHH"),
    table("windows2k3", "Windows Server 2003, by Snort and Suricata", "HNHHNHNHH"),
    table("vista", "Windows Vista, by Snort and Suricata", "HHHHHHHHH"),
    table("solaris", "Solaris 9 and 10, by Snort and Suricata", "NHNHNHNHN"),
    table("hpux11", "HP-UX 11, by Snort and Suricata", "NHNHNHNHN"),
    table("hpux10", "HP-UX 10, by Snort (Suricata differs where both start together)", "HNNHNHNHH"),
    table("irix", "IRIX 6, by Snort (Suricata differs where both start together)", "HNNHNHNHH"),
    table("old-linux", "Linux 2.2 and before, by Snort and Suricata", "HNNHNHNHN"),
};

constexpr std::array<std::string_view, refusal_count> refusal_names = {
    "checksum",     "md5",           "no_flags",      "handshake", "paws",
    "old_sequence", "beyond_window", "rst_not_exact", "syn",       "no_ack",
    "ack_unsent",   "ack_too_old",   "rst_data",      "syn_data",  "never_read"};

}  // namespace

const ReceiverPolicy* find_receiver_policy(std::string_view name) {
  const auto* found = std::find_if(policies.begin(), policies.end(),
                                   [name](const ReceiverPolicy& policy) { return policy.name == name; });
  return found == policies.end() ? nullptr : found;
}

std::span<const ReceiverPolicy> receiver_policies() { return policies; }

std::string_view to_string(Refusal refusal) {
  return refusal < Refusal::count_ ? refusal_names[static_cast<std::size_t>(refusal)] : "none";
}

const ReceiverPolicy& default_receiver_policy() { return policies.front(); }

}  // namespace restitch
