// RESTITCH_REQUIRE: what the caller must not get wrong. Checked in every build, optimised or not: one line on
// standard error names the rule, and the program ends there, before anything is overwritten.
#pragma once

#include "restitch/export.h"

namespace RESTITCH_API restitch {
namespace detail {

// Writes "restitch: " and the rule, and aborts.
[[noreturn, gnu::cold]] void break_off(const char* rule) noexcept;

}  // namespace detail
}  // namespace restitch

#define RESTITCH_REQUIRE(condition, rule) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::restitch::detail::break_off(rule))
