#include "cli/extract_flags.h"

#include <CLI/CLI.hpp>

#include "cli/choices.h"
#include "cli/listening_address.h"
#include "cli/numbers.h"

namespace restitch::cli {

void ExtractFlags::add_to(CLI::App& command) {
  command.add_option("-o,--output", options_.directory, "Folder to write to; made if it is not there")
      ->type_name("DIR");
  auto* const pcap = command.add_flag("--pcap", options_.captures, "A pcapng for each connection instead");
  command
      .add_flag("--objects", options_.objects,
                "What is inside instead: each file, body and part\nof a mail, decoded")
      ->excludes(pcap);
  command
      .add_option(
          "--listen", options_.listen,
          "With --pcap: send the packets of all to whoever\nconnects, as one pcapng, in place of files\n"
          "(pcap-over-IP); of files once somebody reads")
      ->type_name("[ADDRESS:]PORT");
  command
      .add_option("--gaps", options_.extraction.gaps,
                  "Bytes that were not captured: skip, zero or stop;\n"
                  "leave them out, put zeros in their place, or end the file there")
      ->option_text("MODE=skip")
      ->transform(
          one_of<GapMode>({{"skip", GapMode::skip}, {"zero", GapMode::zero}, {"stop", GapMode::stop}}));
  command
      .add_option("--zeros-max", options_.extraction.zeros_max,
                  "With --gaps=zero: bytes of zeros in one file; a gap\nbeyond is left out")
      ->type_name("SIZE")
      ->transform(size_with_unit(0))
      ->option_text("SIZE=64M");
  command
      .add_option("--zeros-total-max", options_.extraction.zeros_total_max, "The same of all files together")
      ->type_name("SIZE")
      ->transform(size_with_unit(0))
      ->option_text("SIZE=1G");
  command
      .add_option("--files-max", options_.extraction.files_max,
                  "Write no more files than these; what has none is\ncounted")
      ->type_name("N")
      ->transform(whole_number(0));
  command
      .add_option("--bytes-max", options_.extraction.bytes_max,
                  "Write no more bytes than these;\nzeros included, and what is left out is counted")
      ->type_name("SIZE")
      ->transform(size_with_unit(0));
  command
      .add_option("--file-bytes-max", options_.extraction.file_bytes_max,
                  "The same of each file;\nwhich is one direction, or with --pcap one connection")
      ->type_name("SIZE")
      ->transform(size_with_unit(0));
  command
      .add_option("--flush-interval", options_.flush_interval_s,
                  "How long bytes may wait in memory before they\nare written; 0: not at all")
      ->type_name("SECONDS")
      ->transform(decimal_number(0, 1e9))
      ->capture_default_str();
  command
      .add_option("--template", template_,
                  "Names of the files, in tcpflow's letters:\n%A %a %B %b addresses and ports, %T %t time,\n"
                  "%C%c repeats, %# %N %K %M %G numbers;\n/ makes folders")
      ->type_name("NAME")
      ->capture_default_str();
}

bool ExtractFlags::finish(std::string& complaint) {
  if (!check_destination(complaint)) return false;
  const auto names = NameTemplate::parse(template_);
  if (!names) {
    complaint = names.error().message;
    return false;
  }
  options_.extraction.names = *names;
  return true;
}

// Files need a folder; what is sent needs none.
bool ExtractFlags::check_destination(std::string& complaint) const {
  const bool to_folder = !options_.directory.empty();
  if (options_.directory == "-") {
    complaint = "-o -: files go to a folder; for one direction: restitch follow N --client -T bytes FILE";
  } else if (options_.listen.empty()) {
    if (!to_folder) complaint = "-o DIR: where to write to";
  } else if (!options_.captures) {
    complaint = "--listen: it sends packets: --pcap";
  } else if (to_folder) {
    complaint = "--listen: it writes no files: leave -o out";
  } else if (const auto address = check_listening_address("--listen", options_.listen); !address) {
    complaint = address.error().message;
  }
  return complaint.empty();
}

}  // namespace restitch::cli
