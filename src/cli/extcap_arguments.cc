#include "cli/extcap_arguments.h"

#include <optional>
#include <string_view>

namespace restitch::cli {
namespace {

// Reads arguments one by one.
class Reader {
 public:
  explicit Reader(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  [[nodiscard]] bool at_end() const { return next_ >= arguments_.size(); }
  const std::string& take() { return arguments_[next_++]; }
  [[nodiscard]] bool next_is_empty() const { return !at_end() && arguments_[next_].empty(); }

  // The value of this flag, if it is the next one: behind '=', or else the argument behind it.
  std::optional<std::string> take_value(std::string_view flag) {
    const std::string_view word = arguments_[next_];
    if (!word.starts_with(flag)) return std::nullopt;
    const std::string_view rest = word.substr(flag.size());
    if (!rest.empty() && rest.front() != '=') return std::nullopt;
    ++next_;
    if (!rest.empty()) return std::string(rest.substr(1));
    return at_end() ? std::string() : take();
  }
  bool take_flag(std::string_view flag) {
    if (arguments_[next_] != flag) return false;
    ++next_;
    return true;
  }

 private:
  const std::vector<std::string>& arguments_;
  std::size_t next_ = 0;
};

}  // namespace

ExtcapArguments::ExtcapArguments(const std::vector<std::string>& arguments) {
  Reader reader(arguments);
  const auto take_value = [&](std::string_view flag, std::string& value) {
    auto found = reader.take_value(flag);
    if (found) value = std::move(*found);
    return found.has_value();
  };
  std::string ignored;  // Wireshark's version, and what is to be read anew
  while (!reader.at_end()) {
    if (take_value("--extcap-interface", interface) || take_value("--extcap-capture-filter", filter) ||
        take_value("--fifo", fifo) || take_value("--extcap-version", ignored) ||
        take_value("--extcap-reload-option", ignored)) {
      continue;
    }
    if (reader.take_flag("--extcap-interfaces")) {
      interfaces = true;
    } else if (reader.take_flag("--extcap-dlts")) {
      link_types = true;
    } else if (reader.take_flag("--extcap-config")) {
      config = true;
    } else if (reader.take_flag("--capture")) {
      capture = true;
    } else {
      const std::string& word = reader.take();
      // A field that the user left empty.
      if (word.starts_with("--") && reader.next_is_empty()) {
        reader.take();
      } else {
        rest.push_back(word);
      }
    }
  }
}

}  // namespace restitch::cli
