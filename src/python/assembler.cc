#include <memory>

#include "python/handles.h"
#include "python/stream_calls.h"
#include "python/values.h"

namespace restitch::python {
namespace {

// Streams must not outlive what calls them, so the assembler goes first.
struct AssemblerState {
  std::unique_ptr<StreamCalls> calls;
  struct Close {
    void operator()(restitch_assembler* assembler) const { restitch_assembler_close(assembler); }
  };
  std::unique_ptr<restitch_assembler, Close> assembler;
};

using AssemblerHandle = Handle<AssemblerState>;

// A frame, lent while this lives.
class Frame {
 public:
  explicit Frame(PyObject* object) { check(PyObject_GetBuffer(object, &view_, PyBUF_SIMPLE)); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { PyBuffer_Release(&view_); }
  [[nodiscard]] const std::uint8_t* data() const { return static_cast<const std::uint8_t*>(view_.buf); }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(view_.len); }

 private:
  Py_buffer view_{};
};

// (make_stream, base, receiver, memory_max)
Ref open_assembler(PyTypeObject* type, PyObject* arguments) {
  PyObject* make_stream = nullptr;
  PyObject* base = nullptr;
  restitch_assembler_options options{};
  options.size = sizeof options;
  unsigned long long memory_max = 0;
  if (PyArg_ParseTuple(arguments, "OOzK", &make_stream, &base, &options.receiver, &memory_max) == 0) {
    throw Raised();
  }
  options.memory_max = memory_max;
  auto state = std::make_unique<AssemblerState>();
  state->calls = std::make_unique<StreamCalls>(Ref::borrowed(make_stream), Ref::borrowed(base));
  const restitch_callbacks callbacks = state->calls->callbacks();
  restitch_assembler* assembler = nullptr;
  const restitch_status status = restitch_assembler_open(&assembler, &callbacks, &options);
  state->assembler.reset(assembler);
  if (status < 0) raise_status(status);
  Ref made = AssemblerHandle::make(type, state.get());
  static_cast<void>(state.release());
  return made;
}

PyObject* assembler_new(PyTypeObject* type, PyObject* arguments, PyObject* /*keywords*/) {
  return guarded([&] { return open_assembler(type, arguments); });
}

// (link_type, frame, time_ns, number, user_tag, original_size)
PyObject* assembler_packet(PyObject* self, PyObject* arguments) {
  return AssemblerHandle::enter(self, [arguments](AssemblerState& state) {
    unsigned short link_type = 0;
    PyObject* object = nullptr;
    long long time_ns = 0;
    unsigned long long number = 0;
    unsigned long long user_tag = 0;
    unsigned int original_size = 0;
    if (PyArg_ParseTuple(arguments, "HOLKKI", &link_type, &object, &time_ns, &number, &user_tag,
                         &original_size) == 0) {
      throw Raised();
    }
    const Frame frame(object);
    const restitch_packet packet{time_ns, number, user_tag, 0, original_size, 0, 0};
    state.calls->run([&] {
      return restitch_assembler_packet(state.assembler.get(), link_type, frame.data(), frame.size(), &packet);
    });
    return none();
  });
}

PyObject* assembler_flush(PyObject* self, PyObject* /*unused*/) {
  return AssemblerHandle::enter(self, [](AssemblerState& state) {
    state.calls->run([&] { return restitch_assembler_flush(state.assembler.get()); });
    return none();
  });
}

PyObject* assembler_flush_older(PyObject* self, PyObject* argument) {
  return AssemblerHandle::enter(self, [argument](AssemblerState& state) {
    const long long time_ns = PyLong_AsLongLong(argument);
    if (time_ns == -1 && PyErr_Occurred() != nullptr) throw Raised();
    state.calls->run([&] { return restitch_assembler_flush_older(state.assembler.get(), time_ns); });
    return none();
  });
}

PyObject* assembler_counts(PyObject* self, PyObject* /*unused*/) {
  return AssemblerHandle::enter(self, [](AssemblerState& state) {
    restitch_counts counts{};
    counts.size = sizeof counts;
    if (restitch_assembler_counts(state.assembler.get(), &counts) < 0) raise_status(RESTITCH_INTERNAL);
    return counts_value(counts);
  });
}

PyMethodDef methods[] = {{"packet", assembler_packet, METH_VARARGS, nullptr},
                         {"flush", assembler_flush, METH_NOARGS, nullptr},
                         {"flush_older", assembler_flush_older, METH_O, nullptr},
                         {"counts", assembler_counts, METH_NOARGS, nullptr},
                         {"close", &AssemblerHandle::close, METH_NOARGS, nullptr},
                         {nullptr, nullptr, 0, nullptr}};

}  // namespace

void add_assembler_type(PyObject* module) {
  add_handle_type<AssemblerState>(module, "Assembler", "restitch._restitch.Assembler", &assembler_new,
                                  methods);
}

}  // namespace restitch::python
