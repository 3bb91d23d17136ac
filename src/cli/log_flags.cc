#include "cli/log_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <string_view>

#include "cli/choices.h"
#include "cli/numbers.h"
#include "restitch/app/record_logs.h"

namespace restitch::cli {

void LogFlags::add_to(CLI::App& command) {
  command.add_option("--format", options_.log.format, "zeek, zeek-json, eve, json, csv or parquet")
      ->option_text("FORMAT=zeek")
      ->transform(one_of<LogFormat>({{"zeek", LogFormat::zeek},
                                     {"zeek-json", LogFormat::zeek_json},
                                     {"eve", LogFormat::eve},
                                     {"json", LogFormat::json},
                                     {"csv", LogFormat::csv},
                                     {"parquet", LogFormat::parquet}}));
  command
      .add_option("--rotate", rotation_,
                  "With -o: another file after each 1h, or 1G;\n"
                  "a time of the capture (30s, 5m, 1h, 1d), or so many bytes (100M, 1G)")
      ->type_name("TIME|SIZE");
  command
      .add_option("--logs", kind_names_,
                  "Only these: conn,http,tls,x509,files,websocket,smtp,\nftp,ssh,anomaly; usually all")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("LOG,…");
  command.add_option("--hash", digest_names_, "Digests of files: md5,sha1,sha256; usually none")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("HASH,…");
}

bool LogFlags::finish(const std::string& directory, std::string& complaint) {
  rows_.format = options_.log.format;
  return finish_rotation(directory, complaint) && finish_kinds(directory, complaint) &&
         finish_digests(complaint);
}

bool LogFlags::finish_kinds(const std::string& directory, std::string& complaint) {
  const bool single = directory.empty() && !can_mix_rows(options_.log.format);
  if (kind_names_.empty()) {
    if (single) rows_.kinds = LogKinds().set(static_cast<std::size_t>(LogKind::conn));
    return true;
  }
  rows_.kinds.reset();
  for (const std::string& name : kind_names_) {
    const auto kind = log_kind_of(name);
    if (!kind) {
      complaint = fmt::format(
          "--logs: there is no log \"{}\", but conn, http, tls, x509, files, websocket, smtp, ftp, ssh and "
          "anomaly",
          name);
      return false;
    }
    rows_.kinds.set(static_cast<std::size_t>(*kind));
  }
  if (single && rows_.kinds.count() > 1)
    complaint = "--logs: several logs in this format take a folder, -o DIR";
  return complaint.empty();
}

bool LogFlags::finish_digests(std::string& complaint) {
  for (const std::string& name : digest_names_) {
    if (name == "md5") {
      rows_.md5 = true;
    } else if (name == "sha1") {
      rows_.sha1 = true;
    } else if (name == "sha256") {
      rows_.sha256 = true;
    } else {
      complaint = fmt::format("--hash: there is no \"{}\", but md5, sha1 and sha256", name);
      return false;
    }
  }
  return true;
}

// Seconds, minutes, hours and days in small letters, as in other tools; sizes in large ones.
bool LogFlags::finish_rotation(const std::string& directory, std::string& complaint) {
  if (rotation_.empty()) return true;
  constexpr std::string_view units = "smhd";
  constexpr std::array<std::int64_t, 4> seconds = {1, 60, 3600, 86400};
  const std::size_t unit = units.find(rotation_.back());
  if (directory.empty()) {
    complaint = "--rotate: it takes a folder, -o DIR";
  } else if (unit != std::string_view::npos) {
    const auto number = decimal_of(std::string_view(rotation_).substr(0, rotation_.size() - 1), 1, 1e6);
    if (number) options_.rotation_ns = static_cast<std::int64_t>(*number) * seconds[unit] * 1'000'000'000;
  } else {
    std::string size = rotation_;
    if (size_with_unit()(size).empty()) options_.rotation_size = std::stoull(size);
  }
  if (complaint.empty() && options_.rotation_ns == 0 && options_.rotation_size == 0) {
    complaint =
        fmt::format("--rotate: \"{}\" is neither a time (30s, 5m, 1h, 1d) nor a size (100M, 1G)", rotation_);
  }
  return complaint.empty();
}

}  // namespace restitch::cli
