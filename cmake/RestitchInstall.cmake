# `cmake --install`: headers, one library a module, find_package(restitch) and `pkg-config restitch`,
# written from what restitch_find_package() and restitch_module() noted.
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
set(RESTITCH_PC_REQUIRES_PRIVATE "")
set(RESTITCH_PC_LIBS_PRIVATE "")
if(BUILD_SHARED_LIBS)
  set(RESTITCH_PC_REQUIRES_PRIVATE "${requires}")
  set(RESTITCH_PC_LIBS_PRIVATE "${CMAKE_THREAD_LIBS_INIT}")
else()
  # Archives never link without these, so a plain `pkg-config --libs` has to name them too.
  set(RESTITCH_PC_REQUIRES "${requires}")
  string(APPEND RESTITCH_PC_LIBS " ${CMAKE_THREAD_LIBS_INIT}")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/restitch.pc.in restitch.pc @ONLY)

install(TARGETS ${targets} restitch EXPORT restitchTargets)
install(EXPORT restitchTargets NAMESPACE restitch:: DESTINATION ${cmake_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/restitch DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/restitchConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/restitchConfigVersion.cmake DESTINATION ${cmake_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/restitch.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(TARGET restitch_cli)
  file(RELATIVE_PATH bin_to_lib /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
  restitch_find_libraries_in(restitch_cli "$ORIGIN/${bin_to_lib}" "$ORIGIN")
  install(TARGETS restitch_cli)
endif()
