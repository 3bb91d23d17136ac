// StreamCalls: the way from callbacks of the C interface to the methods of streams written in Python. While
// C++ works, the GIL is released; a callback takes it, and gives it back. An exception of a method ends the
// C++ call, and comes out where that was made.
#pragma once

#include "python/object.h"
#include "restitch/c.h"

namespace restitch::python {

class StreamCalls {
 public:
  // `make_stream(opening)` answers a stream, or None. Methods that are `base`'s own are not called.
  StreamCalls(Ref make_stream, Ref base) : make_stream_(std::move(make_stream)), base_(std::move(base)) {}
  StreamCalls(const StreamCalls&) = delete;
  StreamCalls& operator=(const StreamCalls&) = delete;

  // Borrow this.
  [[nodiscard]] restitch_callbacks callbacks();

  // Answers what `call` answers, a status, which is not below zero. Throws Raised for that, and for what a
  // method raised.
  template <class Call>
  restitch_status run(Call&& call) {
    begin();
    const restitch_status status = call();
    end(status);
    return status;
  }

 private:
  // Holds the GIL, and an exception that is set aside: destructors of Python may run.
  class Held;
  struct Slot;

  void begin();
  void end(restitch_status status);
  template <class Call>
  int answer(Call&& call) noexcept;
  void set_aside();
  [[nodiscard]] Ref method_of(PyObject* stream, const char* name) const;

  int open(const restitch_opening& opening, void** stream);
  int accept(const Slot& slot, const restitch_segment& segment);
  int deliver(const Slot& slot, const restitch_delivery& delivery);
  int event(const Slot& slot, const restitch_event& event);
  int complete(const Slot& slot, int end);
  void release(Slot* slot) noexcept;

  Ref make_stream_;
  Ref base_;
  PyThreadState* released_ = nullptr;  // while the GIL is
  // The exception that a method raised.
  PyObject* type_ = nullptr;
  PyObject* value_ = nullptr;
  PyObject* traceback_ = nullptr;
};

}  // namespace restitch::python
