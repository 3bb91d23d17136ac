#include <memory>
#include <vector>

#include "python/handles.h"
#include "python/stream_calls.h"
#include "python/values.h"

namespace restitch::python {
namespace {

// So much is read before signals are looked at: some milliseconds of work.
constexpr std::uint32_t step_packets = 8192;

// Streams must not outlive what calls them, so the reader goes first.
struct ReaderState {
  std::unique_ptr<StreamCalls> calls;
  struct Close {
    void operator()(restitch_reader* reader) const { restitch_reader_close(reader); }
  };
  std::unique_ptr<restitch_reader, Close> reader;
};

using ReaderHandle = Handle<ReaderState>;

// The bytes of a list live as long as it.
std::vector<const char*> texts_of(PyObject* list) {
  std::vector<const char*> texts;
  const Py_ssize_t count = PyList_Size(list);
  if (count < 0) throw Raised();
  for (Py_ssize_t i = 0; i < count; ++i) {
    const char* const path = PyBytes_AsString(PyList_GetItem(list, i));
    if (path == nullptr) throw Raised();
    texts.push_back(path);
  }
  return texts;
}

Ref open_reader(PyTypeObject* type, PyObject* arguments) {
  PyObject* list = nullptr;
  restitch_reader_options options{};
  options.size = sizeof options;
  options.step_packets = step_packets;
  options.scattered = 1;
  unsigned long long data_max = 0;
  unsigned long long data_total_max = 0;
  unsigned long long memory_max = 0;
  if (PyArg_ParseTuple(arguments, "OzzzppppHKKK", &list, &options.filter, &options.where, &options.receiver,
                       &options.recursive, &options.list_events, &options.list_pieces, &options.without_data,
                       &options.community_seed, &data_max, &data_total_max, &memory_max) == 0) {
    throw Raised();
  }
  options.data_max = data_max;
  options.data_total_max = data_total_max;
  options.memory_max = memory_max;
  const std::vector<const char*> paths = texts_of(list);
  auto state = std::make_unique<ReaderState>();
  restitch_reader* reader = nullptr;
  PyThreadState* const released = PyEval_SaveThread();
  const restitch_status status = restitch_reader_open(&reader, paths.data(), paths.size(), &options);
  PyEval_RestoreThread(released);
  state->reader.reset(reader);
  if (status < 0) raise_status(status);
  Ref made = ReaderHandle::make(type, state.get());
  static_cast<void>(state.release());
  return made;
}

PyObject* reader_new(PyTypeObject* type, PyObject* arguments, PyObject* /*keywords*/) {
  return guarded([&] { return open_reader(type, arguments); });
}

// At the end: None, or what was wrong with the input, as a str.
Ref end_of(restitch_status status) {
  if (status == RESTITCH_DAMAGED) return text(restitch_error());
  if (status < 0) raise_status(status);
  return none();
}

// A tuple, or the end.
PyObject* reader_next(PyObject* self, PyObject* /*unused*/) {
  return ReaderHandle::enter(self, [](ReaderState& state) {
    const restitch_connection* connection = nullptr;
    restitch_status status = RESTITCH_AGAIN;
    while (status == RESTITCH_AGAIN) {
      check(PyErr_CheckSignals());
      PyThreadState* const released = PyEval_SaveThread();
      status = restitch_reader_next(state.reader.get(), &connection);
      PyEval_RestoreThread(released);
    }
    return status == RESTITCH_OK ? connection_value(*connection) : end_of(status);
  });
}

// (make_stream, base): to the end.
PyObject* reader_run(PyObject* self, PyObject* arguments) {
  return ReaderHandle::enter(self, [arguments](ReaderState& state) {
    PyObject* make_stream = nullptr;
    PyObject* base = nullptr;
    if (PyArg_ParseTuple(arguments, "OO", &make_stream, &base) == 0) throw Raised();
    if (!state.calls) {
      state.calls = std::make_unique<StreamCalls>(Ref::borrowed(make_stream), Ref::borrowed(base));
    }
    const restitch_callbacks callbacks = state.calls->callbacks();
    restitch_status status = RESTITCH_AGAIN;
    while (status == RESTITCH_AGAIN) {
      check(PyErr_CheckSignals());
      status = state.calls->run([&] { return restitch_reader_run(state.reader.get(), &callbacks); });
    }
    return end_of(status);
  });
}

// Also while another thread is in it.
PyObject* reader_stop(PyObject* self, PyObject* /*unused*/) {
  ReaderState* const state = ReaderHandle::of(self).state;
  if (state != nullptr) restitch_reader_stop(state->reader.get());
  return none().release();
}

PyObject* reader_counts(PyObject* self, PyObject* /*unused*/) {
  return ReaderHandle::enter(self, [](ReaderState& state) {
    restitch_counts counts{};
    counts.size = sizeof counts;
    if (restitch_reader_counts(state.reader.get(), &counts) < 0) raise_status(RESTITCH_INTERNAL);
    return counts_value(counts);
  });
}

PyMethodDef methods[] = {
    {"next", reader_next, METH_NOARGS, nullptr},           {"run", reader_run, METH_VARARGS, nullptr},
    {"stop", reader_stop, METH_NOARGS, nullptr},           {"counts", reader_counts, METH_NOARGS, nullptr},
    {"close", &ReaderHandle::close, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};

}  // namespace

void add_reader_type(PyObject* module) {
  add_handle_type<ReaderState>(module, "Reader", "restitch._restitch.Reader", &reader_new, methods);
}

}  // namespace restitch::python
