// JsonLine reads one line of JSON that is flat: an object of strings, whole numbers and lists of strings, as
// the files of a batch have them. Hostile text is an error, never a crash. A value; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "restitch/export.h"

namespace RESTITCH_API restitch {
namespace batch {

class JsonLine {
 public:
  // Nothing: it is no such object, or a name stands in it twice.
  static std::optional<JsonLine> parse(std::string_view text);

  // nullptr: there is no member of this name and kind.
  [[nodiscard]] const std::string* text(std::string_view name) const { return find<std::string>(name); }
  [[nodiscard]] const std::uint64_t* number(std::string_view name) const { return find<std::uint64_t>(name); }
  [[nodiscard]] const std::vector<std::string>* texts(std::string_view name) const {
    return find<std::vector<std::string>>(name);
  }

 private:
  using Value = std::variant<std::uint64_t, std::string, std::vector<std::string>>;

  template <class T>
  const T* find(std::string_view name) const {
    const auto found = members_.find(name);
    return found == members_.end() ? nullptr : std::get_if<T>(&found->second);
  }

  std::map<std::string, Value, std::less<>> members_;
};

}  // namespace batch
}  // namespace restitch
