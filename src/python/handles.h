// The types Reader and Assembler of the Python module, which restitch/__init__.py wraps.
#pragma once

#include "python/object.h"

namespace restitch::python {

void add_reader_type(PyObject* module);
void add_assembler_type(PyObject* module);

// An object of Python with a C++ state, which `close` and the end of the object destroy. A call that runs
// releases the GIL, so another thread may come meanwhile: it is refused.
template <class State>
class Handle {
 public:
  PyObject_HEAD State* state;
  bool busy;

  static Handle& of(PyObject* self) { return *reinterpret_cast<Handle*>(self); }

  static Ref make(PyTypeObject* type, State* state) {
    Ref made = checked(PyType_GenericAlloc(type, 0));
    of(made.get()).state = state;
    return made;
  }

  // Runs call(state), which answers a Ref.
  template <class Call>
  static PyObject* enter(PyObject* self, Call&& call) {
    Handle& handle = of(self);
    if (handle.state == nullptr) return fail(PyExc_ValueError, "it is closed");
    if (handle.busy) return fail(PyExc_RuntimeError, "it is in use: by its own stream, or another thread");
    handle.busy = true;
    PyObject* const answer = guarded([&] { return call(*handle.state); });
    handle.busy = false;
    return answer;
  }

  static PyObject* close(PyObject* self, PyObject* /*unused*/) {
    Handle& handle = of(self);
    if (handle.busy) return fail(PyExc_RuntimeError, "it is in use: by its own stream, or another thread");
    delete std::exchange(handle.state, nullptr);
    return none().release();
  }

  static void destroy(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    delete std::exchange(of(self).state, nullptr);
    PyObject_Free(self);
    Py_DECREF(reinterpret_cast<PyObject*>(type));
  }

 private:
  static PyObject* fail(PyObject* exception, const char* why) {
    PyErr_SetString(exception, why);
    return nullptr;
  }
};

// Adds a type of such objects.
template <class State>
void add_handle_type(PyObject* module, const char* name, const char* full_name, newfunc make,
                     PyMethodDef* methods) {
  PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(make)},
                         {Py_tp_dealloc, reinterpret_cast<void*>(&Handle<State>::destroy)},
                         {Py_tp_methods, methods},
                         {0, nullptr}};
  PyType_Spec spec{full_name, static_cast<int>(sizeof(Handle<State>)), 0, Py_TPFLAGS_DEFAULT, slots};
  const Ref type = checked(PyType_FromSpec(&spec));
  check(PyModule_AddObjectRef(module, name, type.get()));
}

}  // namespace restitch::python
