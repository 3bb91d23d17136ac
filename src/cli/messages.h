// What the command says on standard error. Nothing here throws or fails: a standard error that is closed,
// full or a terminal that is gone loses the messages, never the work. Any thread.
#pragma once

#include <string_view>

namespace restitch::cli {

// "restitch: MESSAGE" as one line, whatever names of strangers are in it.
void say(std::string_view message) noexcept;

// Lines of our own, as they are but for what would steer a terminal.
void show(std::string_view lines) noexcept;

// Bytes for a terminal that may be steered by them.
void draw(std::string_view bytes) noexcept;

}  // namespace restitch::cli
