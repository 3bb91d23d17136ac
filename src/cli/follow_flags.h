// What `follow` prints, and how: that part of the command line.
#pragma once

#include <string>

#include "cli/follow_target.h"
#include "restitch/output_follow.h"

namespace CLI {
class App;
}

namespace restitch::cli {

class InputFlags;

// What of a connection is printed: what its ends sent, or what was found inside.
enum class FollowView { stream, decrypted, http };

struct FollowSelection {
  FollowTarget target;
  bool all = false;  // all connections, or those that were chosen
  FollowView view = FollowView::stream;
  FollowStyle style{};
  bool read_on = false;  // to the end of the input, also when the connection is complete
};

class FollowFlags {
 public:
  // `selection` has to outlive this.
  explicit FollowFlags(FollowSelection& selection) : selection_(selection) {}

  // Before the words that are files: N comes first.
  void add_target_to(CLI::App& command);
  void add_to(CLI::App& command);

  // After parsing, and before `input` finishes. `chosen`: the command line chooses connections otherwise.
  // False: what is wrong is in `complaint`.
  bool finish(bool chosen, InputFlags& input, std::string& complaint);

 private:
  bool take_target(std::string& complaint);
  bool take_side(std::string& complaint);
  void take_view();

  FollowSelection& selection_;
  // What -T names.
  enum class Text { ascii, hex, raw, yaml, bytes, http };
  Text text_ = Text::ascii;
  bool decrypted_ = false;
  std::string target_;  // a number, or two ends
  bool client_ = false;
  bool server_ = false;
};

}  // namespace restitch::cli
