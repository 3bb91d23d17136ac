// What the Python module is made of: references that are owned, and values made from those of C. It is built
// for the stable ABI of CPython 3.11, so one build is good for all later versions. The GIL is held
// throughout, unless a function says otherwise.
//
// A function of CPython that fails has set an exception; here that is thrown on as Raised, and caught where
// CPython calls (guarded()).
#pragma once

#ifndef PY_SSIZE_T_CLEAN
#define PY_SSIZE_T_CLEAN
#endif
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <cstdint>
#include <utility>

namespace restitch::python {

// An exception of Python is set.
struct Raised {};

// Owns a reference, or nothing.
class Ref {
 public:
  Ref() = default;
  explicit Ref(PyObject* owned) : object_(owned) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() { Py_XDECREF(object_); }

  static Ref borrowed(PyObject* object) {
    Py_XINCREF(object);
    return Ref(object);
  }

  [[nodiscard]] PyObject* get() const { return object_; }
  [[nodiscard]] PyObject* release() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

// What a function of CPython answered. Throws Raised if it failed.
inline Ref checked(PyObject* owned) {
  if (owned == nullptr) throw Raised();
  return Ref(owned);
}
inline void check(int status) {
  if (status < 0) throw Raised();
}

inline Ref none() { return Ref::borrowed(Py_None); }
inline Ref boolean(bool value) { return checked(PyBool_FromLong(value ? 1 : 0)); }
inline Ref number(std::uint64_t value) { return checked(PyLong_FromUnsignedLongLong(value)); }
inline Ref signed_number(std::int64_t value) { return checked(PyLong_FromLongLong(value)); }
// None for NULL.
inline Ref text(const char* value) {
  return value == nullptr ? none() : checked(PyUnicode_FromString(value));
}
inline Ref bytes(const std::uint8_t* data, std::size_t size) {
  return checked(
      PyBytes_FromStringAndSize(reinterpret_cast<const char*>(data), static_cast<Py_ssize_t>(size)));
}

template <class... Items>
Ref tuple(Items&&... items) {
  Ref made = checked(PyTuple_New(sizeof...(items)));
  Py_ssize_t at = 0;
  (check(PyTuple_SetItem(made.get(), at++, items.release())), ...);
  return made;
}

// A value of a type made by PyStructSequence_NewType(). Requires: it has so many fields.
template <class... Items>
Ref structure(PyTypeObject* type, Items&&... items) {
  Ref made = checked(PyStructSequence_New(type));
  Py_ssize_t at = 0;
  (PyStructSequence_SetItem(made.get(), at++, items.release()), ...);
  return made;
}

// Runs `call`, which answers a Ref, for CPython.
template <class Call>
PyObject* guarded(Call&& call) noexcept {
  try {
    return call().release();
  } catch (const Raised&) {
    return nullptr;
  } catch (...) {
    return PyErr_NoMemory();
  }
}

}  // namespace restitch::python
