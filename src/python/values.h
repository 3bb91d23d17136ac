// The values that the Python module hands out, made from those of the C interface.
#pragma once

#include "python/object.h"
#include "restitch/c.h"

namespace restitch::python {

// Makes the types of the small values, and puts them into the module.
void add_value_types(PyObject* module);

Ref opening_value(const restitch_opening& opening);
Ref segment_value(const restitch_segment& segment, Ref payload);
Ref delivery_value(const restitch_delivery& delivery, Ref data);
Ref event_value(const restitch_event& event);
Ref counts_value(const restitch_counts& counts);

// A connection as a tuple, in the order in which restitch/__init__.py takes it apart.
Ref connection_value(const restitch_connection& connection);

// Raises what a status below zero means, or what restitch_error() says.
[[noreturn]] void raise_status(restitch_status status);

}  // namespace restitch::python
