#include "cli/batch_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "cli/choices.h"
#include "cli/input_flags.h"
#include "cli/numbers.h"

namespace restitch::cli {
namespace {

// What comes out depends on these, so each task has to read them out of the manifest.
constexpr std::array<std::string_view, 3> recorded_groups = {"Decoding", "Reassembly", "Limits"};
constexpr std::array<std::string_view, 3> recorded_names = {"--events", "--all", "--community-seed"};
// A file at rest takes none of these.
constexpr std::array<std::string_view, 7> refused_names = {
    "--follow", "--idle-timeout", "--merge-window", "--count", "--metrics", "--stats", "--connection"};

template <class Names>
bool has(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string name_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? std::string() : "--" + option.get_lnames().front();
}

// Its value as it was written: choices were turned into numbers.
std::string value_of(const std::string& name, const std::string& value) {
  static constexpr std::array<std::string_view, 5> policies = {"first", "last", "bsd", "old-linux", "linux"};
  if (name != "--fragments") return value;
  const std::size_t number = value.size() == 1 ? static_cast<std::size_t>(value[0] - '0') : policies.size();
  return std::string(number < policies.size() ? policies[number] : value);
}

}  // namespace

void BatchFlags::add_step_to(CLI::App& command) {
  command
      .add_option("STEP", selection_.step,
                  "plan, map or reduce.\nplan writes a manifest of FILEs, map reads one file of\nit, reduce "
                  "makes one result of DIR")
      ->option_text("")
      ->required()
      ->transform(one_of<BatchStep>(
          {{"plan", BatchStep::plan}, {"map", BatchStep::map}, {"reduce", BatchStep::reduce}}));
}

void BatchFlags::add_to(CLI::App& command) {
  command
      .add_option("--manifest", selection_.manifest,
                  "Says which captures these are.\nAnd in which order, and how they are read; plan writes it")
      ->type_name("FILE")
      ->required();
  command.add_option("--task", selection_.task, "Of map: which file, from 1")
      ->type_name("N")
      ->transform(whole_number(1));
  command
      .add_option("-o,--output", selection_.output,
                  "Where to.\nOf map a folder, which is made if it is not there; of\nreduce a file, "
                  "or standard output without it")
      ->type_name("PATH");
}

bool BatchFlags::finish(const CLI::App& command, const InputSelection& input, std::string& complaint) {
  return take_arguments(command, input, complaint) && check_step(input, complaint);
}

bool BatchFlags::take_arguments(const CLI::App& command, const InputSelection& input,
                                std::string& complaint) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() == 0) continue;
    const std::string name = name_of(*option);
    if (has(refused_names, name) || option->get_group() == "Live capture") {
      complaint = fmt::format("{}: a batch is about files, as they are", name);
      return false;
    }
    if (!has(recorded_groups, option->get_group()) && !has(recorded_names, name)) continue;
    const bool plain = option->get_items_expected_max() == 0 && name != "--acknowledged";
    for (const std::string& value : option->results()) {
      selection_.arguments.push_back(plain ? name : fmt::format("{}={}", name, value_of(name, value)));
    }
  }
  if (!input.filter.empty()) selection_.arguments.push_back("--filter=" + input.filter);
  if (selection_.step == BatchStep::plan || selection_.arguments.empty()) return true;
  complaint = fmt::format("{}: it is plan that takes it; the manifest has it", selection_.arguments.front());
  return false;
}

bool BatchFlags::check_step(const InputSelection& input, std::string& complaint) const {
  switch (selection_.step) {
    case BatchStep::plan:
      if (input.decoder.interface_in_key) {
        complaint =
            "--key interface: each file numbers its interfaces anew, so no connection would go on in the "
            "next";
      } else if (selection_.task != 0 || !selection_.output.empty()) {
        complaint = "--task, --output: plan writes the manifest alone";
      }
      break;
    case BatchStep::map:
      if (selection_.task == 0) complaint = "no task (--task): they are numbered from 1";
      if (selection_.output.empty()) complaint = "no folder for what it finds (-o)";
      break;
    case BatchStep::reduce:
      if (input.files.size() != 1) complaint = "it takes one folder: that of map";
      if (selection_.task != 0) complaint = "--task: reduce is about all of them";
      break;
  }
  return complaint.empty();
}

}  // namespace restitch::cli
