# `make deb`: Debian packages of the components that have install rules, each with its own dependencies as
# dpkg-shlibdeps finds them, and exactly this version of the shared libraries. `man` goes with `tool`. A binding adds a
# component of its own and lists it here (python). What CPack does not do itself, DebianContents.cmake does.
set(RESTITCH_MAINTAINER "The restitch authors <restitch@packages.invalid>" CACHE STRING
    "Maintainer of the Debian packages: Name <address>")
set(RESTITCH_DEBIAN_RELEASE 1 CACHE STRING "Debian revision of the packages")

get_cmake_property(installed COMPONENTS)
set(CPACK_COMPONENTS_ALL "")
foreach(component runtime development tool man python)
  if(component IN_LIST installed AND NOT (component STREQUAL runtime AND NOT BUILD_SHARED_LIBS))
    list(APPEND CPACK_COMPONENTS_ALL ${component})
  endif()
endforeach()

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_PACKAGE_VENDOR "The restitch authors")
set(CPACK_PACKAGE_CONTACT "${RESTITCH_MAINTAINER}")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENT_TOOL_GROUP tool)
set(CPACK_COMPONENT_MAN_GROUP tool)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${RESTITCH_DEBIAN_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SOURCE restitch)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/DebianContents.cmake)
set(CPACK_RESTITCH_SOURCE ${PROJECT_SOURCE_DIR})
set(CPACK_RESTITCH_SHARED ${BUILD_SHARED_LIBS})

set(about "restitch turns captured TCP segments back into the byte streams that the
endpoints exchanged: what the receiver really read, with gaps, overlaps and
retransmissions named, and bounded whatever it is fed.
")

# restitch_debian(COMPONENT NAME SECTION synopsis text): what the package of a component is called and says of itself.
macro(restitch_debian component name section synopsis text)
  set(CPACK_DEBIAN_${component}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${component}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${component}_DESCRIPTION "${synopsis}\n${about}\n${text}")
endmacro()

restitch_debian(RUNTIME librestitch${RESTITCH_ABI} libs "reassembly of TCP streams - shared libraries"
                "This package has the shared libraries, which programs that are built on
restitch need.")
restitch_debian(DEVELOPMENT librestitch-dev libdevel "reassembly of TCP streams - development files"
                "This package has the C++ headers and what CMake and pkg-config need to build
programs on restitch.")
restitch_debian(TOOL restitch net "captured TCP segments back into byte streams"
                "This package has the command: it lists the connections of captures and
interfaces, writes out or follows their streams, and logs connections as Zeek
and Suricata do.")
restitch_debian(PYTHON python3-restitch python "reassembly of TCP streams - Python module"
                "This package has the module for Python, which hands out connections of
captures, their bytes, gaps and events.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libexpected-dev")
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS "python3 (>= 3.11)")  # the stable ABI: also later ones
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/triggers)
if(BUILD_SHARED_LIBS)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_GENERATE_SHLIBS ON)
  foreach(component DEVELOPMENT TOOL PYTHON)
    set(CPACK_COMPONENT_${component}_DEPENDS runtime)
  endforeach()
endif()

include(CPack)
