// What a call of the C interface answers, and the text that restitch_error() gives: nothing that is thrown
// passes. Any thread; each has a text of its own.
#pragma once

#include <string>
#include <string_view>

#include "restitch/c.h"
#include "restitch/result.h"

namespace restitch::c {

// A callback asked for the end of the call that runs.
struct Stop {};

// Notes why a call fails, and answers the status.
restitch_status fail(restitch_status status, std::string_view why) noexcept;
restitch_status fail(const Error& error) noexcept;
// What is being thrown, as a status. Requires: it is called where that was caught.
restitch_status fail_with_exception() noexcept;

// Runs `call`, which answers a status.
template <class Call>
restitch_status guarded(Call&& call) noexcept {
  try {
    return call();
  } catch (...) {
    return fail_with_exception();
  }
}

// Marks a handle as in use for as long as this lives, unless it is already: entered from its own callback, or
// by another thread.
class Use {
 public:
  explicit Use(bool& busy) : busy_(busy), alone_(!busy) { busy_ = true; }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    if (alone_) busy_ = false;
  }
  [[nodiscard]] bool alone() const { return alone_; }

 private:
  bool& busy_;
  bool alone_;
};

// The same for a call: refused while another one is running.
template <class Call>
restitch_status guarded(bool& busy, Call&& call) noexcept {
  const Use use(busy);
  if (!use.alone()) return fail(RESTITCH_INVALID, "a handle is used from one of its own callbacks");
  return guarded(call);
}

// What a sized struct of the caller says, in one of this library's size: what he does not know of is zero.
template <class T>
T read_sized(const T* given) {
  T copy{};
  if (given == nullptr || given->size < sizeof(given->size)) return copy;
  const auto* const from = reinterpret_cast<const unsigned char*>(given);
  const std::size_t size = given->size < sizeof copy ? given->size : sizeof copy;
  for (std::size_t i = 0; i < size; ++i) reinterpret_cast<unsigned char*>(&copy)[i] = from[i];
  copy.size = sizeof copy;
  return copy;
}

// The other way round: no more than he has room for.
template <class T>
restitch_status write_sized(T* to, const T& from) {
  if (to == nullptr || to->size < sizeof(to->size)) return fail(RESTITCH_INVALID, "a struct without a size");
  const std::size_t size = to->size < sizeof from ? to->size : sizeof from;
  for (std::size_t i = sizeof(to->size); i < size; ++i) {
    reinterpret_cast<unsigned char*>(to)[i] = reinterpret_cast<const unsigned char*>(&from)[i];
  }
  return RESTITCH_OK;
}

}  // namespace restitch::c
