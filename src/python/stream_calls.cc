#include "python/stream_calls.h"

#include <memory>

#include "python/values.h"

namespace restitch::python {

class StreamCalls::Held {
 public:
  explicit Held(StreamCalls& calls) : calls_(calls), was_released_(calls.released_ != nullptr) {
    if (was_released_) PyEval_RestoreThread(std::exchange(calls_.released_, nullptr));
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (was_released_) calls_.released_ = PyEval_SaveThread();
  }

 private:
  StreamCalls& calls_;
  bool was_released_;
};

// A stream, and those of its methods that are called.
struct StreamCalls::Slot {
  Ref stream;
  Ref accept;
  Ref deliver;
  Ref event;
  Ref complete;
};

void StreamCalls::begin() { released_ = PyEval_SaveThread(); }

void StreamCalls::end(restitch_status status) {
  PyEval_RestoreThread(std::exchange(released_, nullptr));
  if (type_ != nullptr) {
    PyErr_Restore(std::exchange(type_, nullptr), std::exchange(value_, nullptr),
                  std::exchange(traceback_, nullptr));
    throw Raised();
  }
  if (status < 0 && status != RESTITCH_DAMAGED) raise_status(status);
}

// The first one counts.
void StreamCalls::set_aside() {
  if (type_ == nullptr) {
    PyErr_Fetch(&type_, &value_, &traceback_);
  } else {
    PyErr_Clear();
  }
}

template <class Call>
int StreamCalls::answer(Call&& call) noexcept {
  const Held held(*this);
  try {
    return call();
  } catch (const Raised&) {
    set_aside();
  } catch (...) {
    PyErr_NoMemory();
    set_aside();
  }
  return RESTITCH_STOPPED;
}

Ref StreamCalls::method_of(PyObject* stream, const char* name) const {
  const Ref own(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(stream)), name));
  if (!own) {
    if (PyErr_ExceptionMatches(PyExc_AttributeError) == 0) throw Raised();
    PyErr_Clear();
    return {};
  }
  const Ref usual = checked(PyObject_GetAttrString(base_.get(), name));
  return own.get() == usual.get() ? Ref() : checked(PyObject_GetAttrString(stream, name));
}

int StreamCalls::open(const restitch_opening& opening, void** stream) {
  return answer([&] {
    const Ref shown = opening_value(opening);
    Ref made = checked(PyObject_CallFunctionObjArgs(make_stream_.get(), shown.get(), nullptr));
    if (made.get() == Py_None) return RESTITCH_IGNORE;
    auto slot = std::make_unique<Slot>();
    slot->accept = method_of(made.get(), "accept");
    slot->deliver = method_of(made.get(), "deliver");
    slot->event = method_of(made.get(), "event");
    slot->complete = method_of(made.get(), "complete");
    slot->stream = std::move(made);
    *stream = slot.release();
    return RESTITCH_GO_ON;
  });
}

namespace {

// Bytes that the callee sees until it returns. They are copied, which makes a slice that outlives the call
// safe.
class LentBytes {
 public:
  LentBytes(const std::uint8_t* data, std::size_t size)
      : bytes_(bytes(data, size)), view_(checked(PyMemoryView_FromObject(bytes_.get()))) {}
  LentBytes(const LentBytes&) = delete;
  LentBytes& operator=(const LentBytes&) = delete;
  // An exception that is set stays so.
  ~LentBytes() {
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    const Ref done(PyObject_CallMethod(view_.get(), "release", nullptr));
    if (!done) PyErr_Clear();  // somebody exported it
    PyErr_Restore(type, value, traceback);
  }
  [[nodiscard]] Ref view() const { return Ref::borrowed(view_.get()); }

 private:
  Ref bytes_;
  Ref view_;
};

}  // namespace

int StreamCalls::accept(const Slot& slot, const restitch_segment& segment) {
  if (!slot.accept) return RESTITCH_GO_ON;
  return answer([&] {
    const LentBytes payload(segment.payload, segment.payload_size);
    const Ref shown = segment_value(segment, payload.view());
    const Ref taken = checked(PyObject_CallFunctionObjArgs(slot.accept.get(), shown.get(), nullptr));
    return taken.get() == Py_False ? RESTITCH_IGNORE : RESTITCH_GO_ON;
  });
}

int StreamCalls::deliver(const Slot& slot, const restitch_delivery& delivery) {
  if (!slot.deliver) return RESTITCH_GO_ON;
  return answer([&] {
    const LentBytes data(delivery.data, delivery.data_size);
    const Ref shown = delivery_value(delivery, data.view());
    checked(PyObject_CallFunctionObjArgs(slot.deliver.get(), shown.get(), nullptr));
    return RESTITCH_GO_ON;
  });
}

int StreamCalls::event(const Slot& slot, const restitch_event& event) {
  if (!slot.event) return RESTITCH_GO_ON;
  return answer([&] {
    const Ref shown = event_value(event);
    checked(PyObject_CallFunctionObjArgs(slot.event.get(), shown.get(), nullptr));
    return RESTITCH_GO_ON;
  });
}

int StreamCalls::complete(const Slot& slot, int end) {
  if (!slot.complete) return RESTITCH_GO_ON;
  return answer([&] {
    const Ref shown = text(restitch_end_name(end));
    checked(PyObject_CallFunctionObjArgs(slot.complete.get(), shown.get(), nullptr));
    return RESTITCH_GO_ON;
  });
}

void StreamCalls::release(Slot* slot) noexcept {
  const Held held(*this);
  const std::unique_ptr<Slot> released(slot);
}

restitch_callbacks StreamCalls::callbacks() {
  static constexpr auto of = [](void* user) -> StreamCalls& { return *static_cast<StreamCalls*>(user); };
  restitch_callbacks callbacks{};
  callbacks.size = sizeof callbacks;
  callbacks.user = this;
  callbacks.open = [](void* user, const restitch_opening* opening, void** stream) {
    return of(user).open(*opening, stream);
  };
  callbacks.accept = [](void* user, void* stream, const restitch_segment* segment) {
    return of(user).accept(*static_cast<Slot*>(stream), *segment);
  };
  callbacks.deliver = [](void* user, void* stream, const restitch_delivery* delivery) {
    return of(user).deliver(*static_cast<Slot*>(stream), *delivery);
  };
  callbacks.event = [](void* user, void* stream, const restitch_event* event) {
    return of(user).event(*static_cast<Slot*>(stream), *event);
  };
  callbacks.complete = [](void* user, void* stream, int end) {
    return of(user).complete(*static_cast<Slot*>(stream), end);
  };
  callbacks.release = [](void* user, void* stream) { of(user).release(static_cast<Slot*>(stream)); };
  return callbacks;
}

}  // namespace restitch::python
