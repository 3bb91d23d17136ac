#include "cli/filter_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace restitch::cli {
namespace {

// The words of pcap-filter(7) that a primitive, an arithmetic expression or a negation begins with.
constexpr auto opening_words = std::to_array<std::string_view>(
    {"aarp",      "action",  "ah",         "arp",     "atalk", "atm",   "broadcast", "carp",  "clnp",
     "csnp",      "decnet",  "dir",        "dst",     "es-is", "esis",  "esp",       "ether", "fddi",
     "gateway",   "geneve",  "greater",    "host",    "icmp",  "icmp6", "ifname",    "igmp",  "igrp",
     "iih",       "inbound", "ip",         "ip6",     "ipx",   "is-is", "isis",      "iso",   "lat",
     "len",       "less",    "link",       "llc",     "lsp",   "moprc", "mopdl",     "mpls",  "multicast",
     "net",       "netbeui", "not",        "on",      "oam",   "or",    "outbound",  "pim",   "port",
     "portrange", "ppp",     "pppoed",     "pppoes",  "proto", "psnp",  "radio",     "rarp",  "reason",
     "rnr",       "rset",    "rulenum",    "ruleset", "sca",   "sctp",  "slip",      "snp",   "src",
     "srnr",      "stp",     "subrulenum", "subtype", "tcp",   "tr",    "type",      "udp",   "vlan",
     "vci",       "vpi",     "vrrp",       "wlan"});

bool exists(const std::string& word) {
  std::error_code error;
  return std::filesystem::exists(word, error);
}

bool opens_filter(const std::string& word) {
  if (word.empty()) return false;
  if (word.front() == '(' || word.front() == '!') return true;
  const auto end = std::find_if(word.begin(), word.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-';
  });
  // "tcp[13] & 2" begins with a word and a bracket, "tcp port 80" in one argument with a word and a space;
  // "ip.pcap" is a file that is not there.
  if (end != word.end() && *end != '[' && *end != ' ') return false;
  const std::string_view start(word.data(), static_cast<std::size_t>(end - word.begin()));
  return std::find(opening_words.begin(), opening_words.end(), start) != opening_words.end();
}

}  // namespace

std::size_t filter_start(const std::vector<std::string>& words) {
  const auto start = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return opens_filter(word) && !exists(word);
  });
  return static_cast<std::size_t>(start - words.begin());
}

std::string joined(const std::vector<std::string>& words, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i) text += (text.empty() ? "" : " ") + words[i];
  return text;
}

}  // namespace restitch::cli
