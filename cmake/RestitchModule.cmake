# What the tree is made of: the packages it needs and its modules. Both note what they saw in global
# properties, from which RestitchInstall.cmake writes the installed package; so a new dependency is
# named once, where it is used.

# restitch_module(NAME [ONE_UNIT|APART] [UNCHECKED] [DEPENDS module…] [PRIVATE target…] [PRIVATE_PKG_CONFIG pc-module…]
#                 [OPTIONAL_PKG_CONFIG pc-module…] [OPTIONAL_TARGETS target…]):
# one library from src/NAME/*.cc, usable as restitch::NAME here and from an installed tree; static, or
# shared with BUILD_SHARED_LIBS. A module without sources of its own is headers only. A library that
# only pkg-config knows (libzstd) goes behind PRIVATE_PKG_CONFIG, and that is all there is to it. UNCHECKED:
# without the standard library's checks in a hardened build. ONE_UNIT: all files compiled together, APART: each alone.
# It becomes a target by restitch_add_modules(), if it is among those that are wanted.
function(restitch_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  set_property(GLOBAL APPEND PROPERTY restitch_modules ${name})
  set_property(GLOBAL PROPERTY restitch_module_${name} ${ARGN})
  set_property(GLOBAL PROPERTY restitch_below_${name} ${arg_DEPENDS})
endfunction()

# restitch_choose_modules([module…]): these and all that they stand on, or all; sets RESTITCH_CHOSEN_MODULES.
function(restitch_choose_modules)
  get_property(modules GLOBAL PROPERTY restitch_modules)
  set(wanted ${ARGN})
  if(NOT wanted)
    set(wanted ${modules})
  endif()
  foreach(name IN LISTS wanted)
    if(NOT name IN_LIST modules)
      list(JOIN modules ", " names)
      message(FATAL_ERROR "RESTITCH_MODULES: there is no ${name}, but ${names}")
    endif()
  endforeach()
  set(chosen "")
  list(REVERSE modules)  # each stands on such as come behind it now
  foreach(name IN LISTS modules)
    if(name IN_LIST wanted)
      get_property(below GLOBAL PROPERTY restitch_below_${name})
      list(APPEND wanted ${below})
      list(PREPEND chosen ${name})
    endif()
  endforeach()
  set(RESTITCH_CHOSEN_MODULES ${chosen} PARENT_SCOPE)
endfunction()

# restitch_add_modules(): the targets of the chosen ones, and restitch::restitch for them together.
function(restitch_add_modules)
  foreach(name IN LISTS RESTITCH_CHOSEN_MODULES)
    get_property(arguments GLOBAL PROPERTY restitch_module_${name})
    restitch_add_module(${name} ${arguments})
  endforeach()
  list(REVERSE RESTITCH_CHOSEN_MODULES)
  list(TRANSFORM RESTITCH_CHOSEN_MODULES PREPEND restitch_)
  add_library(restitch INTERFACE)
  add_library(restitch::restitch ALIAS restitch)
  target_link_libraries(restitch INTERFACE ${RESTITCH_CHOSEN_MODULES})
endfunction()

# restitch_find_package(PACKAGE [FOR module] [PKG_CONFIG pc-module] [PUBLIC]): find_package, remembered for the
# installed package. FOR: only if that module is wanted. PUBLIC: named by a public header. A macro, so that the
# found variables are the caller's.
macro(restitch_find_package package)
  cmake_parse_arguments(restitch_find "PUBLIC" "FOR;PKG_CONFIG" "" ${ARGN})
  if(NOT restitch_find_FOR OR restitch_find_FOR IN_LIST RESTITCH_CHOSEN_MODULES)
    find_package(${package} REQUIRED)
    if(restitch_find_PUBLIC)
      set_property(GLOBAL APPEND PROPERTY restitch_public_packages ${package})
    else()
      set_property(GLOBAL APPEND PROPERTY restitch_private_packages ${package})
    endif()
    if(restitch_find_PKG_CONFIG)
      set_property(GLOBAL APPEND PROPERTY restitch_pkg_config ${restitch_find_PKG_CONFIG})
    endif()
  endif()
endmacro()

# restitch_optional_pkg_config(PC_MODULE OPTION FOR module): looks for a library that we can do without; modules that
# name it behind OPTIONAL_PKG_CONFIG link it, and are compiled with OPTION defined, where it is there and wanted.
function(restitch_optional_pkg_config module option)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "FOR" "")
  if(NOT ${option} OR NOT arg_FOR IN_LIST RESTITCH_CHOSEN_MODULES)
    return()
  endif()
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(${module} QUIET IMPORTED_TARGET GLOBAL ${module})
  if(TARGET PkgConfig::${module})
    set_property(GLOBAL PROPERTY restitch_definition_${module} ${option})
  else()
    message(STATUS "${module} is not there: built without it (${option})")
  endif()
endfunction()

# restitch_join_sources(TARGET SIZE): that many files are one unit for the compiler, 0: all of them. Calls within a unit
# can be inlined, and a header is read once for all of its files.
function(restitch_join_sources target size)
  if(RESTITCH_ONE_UNIT)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${size})
  endif()
endfunction()

function(restitch_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ONE_UNIT;APART;UNCHECKED" "" "DEPENDS;PRIVATE;PRIVATE_PKG_CONFIG;OPTIONAL_PKG_CONFIG;OPTIONAL_TARGETS")
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  set(target restitch_${name})
  set(scope PUBLIC)
  if(sources)
    add_library(${target} ${sources})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:restitch_options> $<BUILD_INTERFACE:restitch_hardening>
                                            ${arg_PRIVATE})
    if(NOT arg_UNCHECKED)
      target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:restitch_checks>)
    endif()
    restitch_link_pkg_config(${target} ${arg_PRIVATE_PKG_CONFIG})
    foreach(module IN LISTS arg_OPTIONAL_PKG_CONFIG)
      get_property(definition GLOBAL PROPERTY restitch_definition_${module})
      if(definition)
        restitch_link_pkg_config(${target} ${module})
        target_compile_definitions(${target} PRIVATE ${definition})
      endif()
    endforeach()
    # Sources of others that are compiled here, and become part of this library.
    foreach(part IN LISTS arg_OPTIONAL_TARGETS)
      if(TARGET ${part})
        target_sources(${target} PRIVATE $<TARGET_OBJECTS:${part}>)
        target_include_directories(${target} SYSTEM PRIVATE $<TARGET_PROPERTY:${part},INTERFACE_INCLUDE_DIRECTORIES>)
        get_property(definition GLOBAL PROPERTY restitch_definition_${part})
        target_compile_definitions(${target} PRIVATE ${definition})
      endif()
    endforeach()
    if(arg_ONE_UNIT)
      restitch_join_sources(${target} 0)
    elseif(NOT arg_APART)
      restitch_join_sources(${target} 8)
    endif()
    set_property(GLOBAL APPEND PROPERTY restitch_libraries ${target})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(restitch::${name} ALIAS ${target})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_include_directories(${target} ${scope} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} ${scope} tl::expected)
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(${target} ${scope} restitch_${dependency})
  endforeach()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} VERSION ${PROJECT_VERSION} SOVERSION ${RESTITCH_ABI}
                                             CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  restitch_find_libraries_in(${target} "$ORIGIN")
  set_property(GLOBAL APPEND PROPERTY restitch_targets ${target})
endfunction()

function(restitch_link_pkg_config target)
  foreach(module IN LISTS ARGN)
    find_package(PkgConfig REQUIRED)
    # Global: a project that adds this tree with add_subdirectory links these targets itself.
    pkg_check_modules(${module} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${module})
    target_link_libraries(${target} PRIVATE PkgConfig::${module})
    set_property(GLOBAL APPEND PROPERTY restitch_private_pkg_config ${module})
    set_property(GLOBAL APPEND PROPERTY restitch_pkg_config ${module})
  endforeach()
endfunction()
