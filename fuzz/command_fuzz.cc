// The command, in this process, over a capture of any bytes behind one that says which command line. Whatever
// the capture holds, all that is printed is UTF-8 that steers no terminal, and each line of JSON parses, with
// no name twice.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clean_text.h"
#include "cli/commands.h"
#include "cli/counters.h"
#include "restitch/capture.h"

namespace {

using namespace restitch;
using Words = std::vector<std::string>;

void require(bool condition, std::string_view what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// A file without a name that takes the place of a descriptor, so that what is written there can be read.
class Captured {
 public:
  explicit Captured(int descriptor) : descriptor_(descriptor), before_(::dup(descriptor)) {
    require(file_ != nullptr && before_ >= 0, "there is a file");
    ::dup2(::fileno(file_), descriptor);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured() { std::fclose(file_); }

  std::string give_back() {
    ::dup2(before_, descriptor_);
    ::close(before_);
    std::string text(static_cast<std::size_t>(::lseek(::fileno(file_), 0, SEEK_END)), '\0');
    require(::pread(::fileno(file_), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
            "read");
    return text;
  }

 private:
  std::FILE* file_ = std::tmpfile();
  int descriptor_;
  int before_;
};

void check_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = first_character(text.substr(i));
    require(character.valid, "output is UTF-8");
    const char c = text[i];
    const bool line_end = c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    require(line_end || c == '\t' || !is_steering(character.code), "output steers no terminal");
    i += character.size;
  }
}

void check_json(std::string_view line) {
  std::vector<std::set<std::string>> open;
  const auto watch = [&](int /*depth*/, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (event == nlohmann::json::parse_event_t::object_start) open.emplace_back();
    if (event == nlohmann::json::parse_event_t::object_end) open.pop_back();
    if (event == nlohmann::json::parse_event_t::key) {
      require(open.back().insert(value.get<std::string>()).second, "no name is there twice");
    }
    return true;
  };
  const nlohmann::json parsed = nlohmann::json::parse(line, watch, false);
  require(!parsed.is_discarded(), "a line of JSON parses");
}

// With `some`, only the lines that begin as an object does.
void check_json_lines(const std::string& text, bool some = false) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!some || line.starts_with('{')) check_json(line);
  }
}

// A series is there once, and its label is text in quotes.
void check_page(const std::string& page) {
  std::istringstream lines(page);
  std::set<std::string> series;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = line.rfind(' ');
    require(end != std::string::npos && series.insert(line.substr(0, end)).second, "a series is there once");
    if (line.starts_with('#')) continue;
    const std::size_t brace = line.find('{');
    if (brace != std::string::npos) require(line.substr(end - 2, 2) == "\"}", "a label ends");
  }
}

void check_metrics(const std::string& path) {
  auto reader = open_capture(path);
  if (!reader) return;
  while (!(*reader)->finished()) (*reader)->next_batch();
  cli::RunCounts counts;
  counts.interfaces = (*reader)->metadata().interfaces;
  const std::string page = cli::counters_prometheus(cli::counters_of(counts));
  check_text(page);
  check_page(page);
}

const std::vector<Words>& command_lines() {
  static const std::vector<Words> lines = {
      {"streams", "-v", "--stats", "text"},
      {"streams", "--json", "--all", "--events", "--stats", "json"},
      {"streams", "--json", "-v", "--receiver", "linux", "--observe", "--other-copies", "--timeout",
       "hole=1"},
      {"follow", "0", "--notes", "--read-on"},
      {"follow", "0"},
      {"follow", "0", "-T", "hex", "--notes"},
      {"follow", "0", "-T", "yaml"},
      {"diff"},
      {"diff", "--json"},
      {"extract", "-o", ""},
      {"extract", "--pcap", "-o", ""},
  };
  return lines;
}

struct Printed {
  std::string out;
  std::string err;
};

Printed run(const Words& words) {
  std::vector<const char*> arguments = {"restitch"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  Captured out(STDOUT_FILENO);
  Captured err(STDERR_FILENO);
  (void)cli::run_command(static_cast<int>(arguments.size()), arguments.data());
  return {out.give_back(), err.give_back()};
}

std::string make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "restitch-fuzz-XXXXXX").string();
  require(::mkdtemp(name.data()) != nullptr, "there is a folder");
  return name;
}

void check_extract(Words words) {
  const std::string folder = make_folder();
  for (std::string& word : words) word = word.empty() ? folder : word;
  check_text(run(words).err);
  std::ifstream index(folder + "/index.jsonl");
  const std::string text{std::istreambuf_iterator<char>(index), {}};
  check_text(text);
  check_json_lines(text);
  std::filesystem::remove_all(folder);
}

void check_command(Words words, const std::string& path) {
  words.push_back(path);
  if (words.front() == "extract") return check_extract(words);
  if (words.front() == "streams") words.insert(words.begin() + 1, {"--threads", "1"});
  const Printed printed = run(words);
  check_text(printed.out);
  check_text(printed.err);
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  if (json) check_json_lines(printed.out);
  if (std::find(words.begin(), words.end(), "json") != words.end()) check_json_lines(printed.err, true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string folder = make_folder();
  const std::string path = folder + "/capture";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(data) + 1, static_cast<long>(size - 1));
  const std::size_t choice = data[0] % (command_lines().size() + 1);
  choice == command_lines().size() ? check_metrics(path) : check_command(command_lines()[choice], path);
  std::filesystem::remove_all(folder);
  return 0;
}
