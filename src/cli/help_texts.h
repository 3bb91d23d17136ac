// What the help says beside the flags. Texts.
#pragma once

#include <string_view>
#include <vector>

namespace restitch::cli {

struct HelpText {
  std::string_view usage;
  std::vector<std::string_view> everyday;  // the flags of the short page, in its order
  std::string_view examples;
  std::string_view more;  // at the end of the long page
};

// `command` is empty for the program itself.
const HelpText& help_text(std::string_view command);

}  // namespace restitch::cli
