#include "c/status.h"

#include <algorithm>
#include <array>
#include <exception>
#include <new>

namespace restitch::c {
namespace {

// Has room without asking for memory, which there may be no more of.
using Text = std::array<char, 1024>;

Text& text() {
  thread_local Text text{};
  return text;
}

restitch_status status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return RESTITCH_INVALID;
    case ErrorCode::unknown_format:
      return RESTITCH_UNKNOWN_FORMAT;
    case ErrorCode::damaged:
      return RESTITCH_DAMAGED;
    case ErrorCode::unsupported:
      return RESTITCH_UNSUPPORTED;
    case ErrorCode::io:
      break;
  }
  return RESTITCH_IO;
}

}  // namespace

restitch_status fail(restitch_status status, std::string_view why) noexcept {
  Text& to = text();
  const std::size_t size = std::min(why.size(), to.size() - 1);
  std::copy_n(why.begin(), size, to.begin());
  to.at(size) = 0;
  return status;
}

restitch_status fail(const Error& error) noexcept { return fail(status_of(error.code), error.message); }

restitch_status fail_with_exception() noexcept {
  try {
    throw;
  } catch (const Stop&) {
    return fail(RESTITCH_STOPPED, "a callback asked for the end");
  } catch (const std::bad_alloc&) {
    return fail(RESTITCH_NO_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return fail(RESTITCH_INTERNAL, error.what());
  } catch (...) {
    return fail(RESTITCH_INTERNAL, "a callback threw something");
  }
}

}  // namespace restitch::c

const char* restitch_error(void) { return restitch::c::text().data(); }
