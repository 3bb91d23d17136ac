# `cmake --install`: headers, one library a module, find_package(restitch) and `pkg-config restitch`,
# written from what restitch_find_package() and restitch_module() noted. Components: `runtime` (the shared libraries),
# `development`, `tool` (the command and what belongs to it: man pages, completions, units); bindings have their own.
include(CMakePackageConfigHelpers)

get_property(targets GLOBAL PROPERTY restitch_targets)
get_property(libraries GLOBAL PROPERTY restitch_libraries)
get_property(packages GLOBAL PROPERTY restitch_public_packages)
get_property(pkg_config_modules GLOBAL PROPERTY restitch_pkg_config)
list(REMOVE_DUPLICATES pkg_config_modules)
list(REVERSE libraries)  # the linker wants users before what they use

list(TRANSFORM targets REPLACE "^restitch_" "" OUTPUT_VARIABLE components)
list(JOIN components ", " RESTITCH_COMPONENTS)

# An archive hands its private libraries on to whoever links it; a shared library keeps them.
set(private_pkg_config "")
if(NOT BUILD_SHARED_LIBS)
  get_property(private_packages GLOBAL PROPERTY restitch_private_packages)
  get_property(private_pkg_config GLOBAL PROPERTY restitch_private_pkg_config)
  list(APPEND packages ${private_packages})
endif()

set(RESTITCH_CONFIG_DEPENDENCIES "")
foreach(package IN LISTS packages)
  string(APPEND RESTITCH_CONFIG_DEPENDENCIES "find_dependency(${package})\n")
endforeach()
if(private_pkg_config)
  string(APPEND RESTITCH_CONFIG_DEPENDENCIES "find_dependency(PkgConfig)\n")
endif()
foreach(module IN LISTS private_pkg_config)
  string(APPEND RESTITCH_CONFIG_DEPENDENCIES "restitch_find_pkg_config(${module})\n")
endforeach()

set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/restitch)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/restitchConfig.cmake.in restitchConfig.cmake
                              INSTALL_DESTINATION ${cmake_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(restitchConfigVersion.cmake COMPATIBILITY SameMinorVersion)

# pkg-config: the paths are relative to the .pc file, so that an installed tree can be moved.
set(RESTITCH_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  string(REGEX REPLACE "/$" "" up "${up}")
  set(RESTITCH_PC_PREFIX "\${pcfiledir}/${up}")
endif()
list(TRANSFORM libraries PREPEND "-l" OUTPUT_VARIABLE link_flags)
list(JOIN link_flags " " RESTITCH_PC_LIBS)
list(JOIN pkg_config_modules " " requires)
set(RESTITCH_PC_REQUIRES "")
# A shared library names what it needs itself, and no header of ours includes one of theirs. pkg-config would look for
# the development files of each, in Requires.private too.
if(NOT BUILD_SHARED_LIBS)
  # Archives never link without these, so a plain `pkg-config --libs` has to name them too.
  set(RESTITCH_PC_REQUIRES "${requires}")
  string(APPEND RESTITCH_PC_LIBS " ${CMAKE_THREAD_LIBS_INIT}")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/restitch.pc.in restitch.pc @ONLY)

install(TARGETS ${targets} restitch EXPORT restitchTargets
        LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
        ARCHIVE COMPONENT development)
install(EXPORT restitchTargets NAMESPACE restitch:: DESTINATION ${cmake_dir} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/restitch DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/restitchConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/restitchConfigVersion.cmake DESTINATION ${cmake_dir} COMPONENT development)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/restitch.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT license)

if(TARGET restitch_cli)
  file(RELATIVE_PATH bin_to_lib /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
  restitch_find_libraries_in(restitch_cli "$ORIGIN/${bin_to_lib}" "$ORIGIN")
  install(TARGETS restitch_cli COMPONENT tool)
  set(RESTITCH_COMMAND ${CMAKE_INSTALL_FULL_BINDIR}/restitch)
  configure_file(${PROJECT_SOURCE_DIR}/systemd/restitch@.service.in restitch@.service @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/restitch@.service DESTINATION lib/systemd/system COMPONENT tool)
  # Where Wireshark looks for programs that capture for it.
  configure_file(${PROJECT_SOURCE_DIR}/packaging/restitch-extcap.in restitch-extcap @ONLY)
  install(PROGRAMS ${CMAKE_CURRENT_BINARY_DIR}/restitch-extcap DESTINATION ${CMAKE_INSTALL_LIBDIR}/wireshark/extcap
          COMPONENT tool)
endif()
