// The module restitch._restitch, which the package restitch is made of.
#include "python/handles.h"
#include "python/values.h"

namespace {

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "restitch._restitch", nullptr, -1, nullptr, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__restitch() {
  using namespace restitch::python;
  return guarded([] {
    Ref module = checked(PyModule_Create(&definition));
    add_value_types(module.get());
    add_reader_type(module.get());
    add_assembler_type(module.get());
    check(PyModule_AddStringConstant(module.get(), "version", restitch_version()));
    return module;
  });
}
