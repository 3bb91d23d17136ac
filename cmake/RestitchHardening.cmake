# What makes a mistake in an optimised build an end instead of a way in: restitch_hardening, compile and link options
# of the modules and the command, and restitch_checks, for the modules that can afford the standard library's checks
# of indices. RESTITCH_HARDEN=OFF leaves both out; sanitizers bring checks of their own. What each costs is in
# docs/decisions/0005-hardened-build.md; that the command has them, tests/guards/hardening.py sees.
#
# And where a program looks for libraries (RUNPATH), whatever the build: restitch_find_libraries_in().
include(CheckCXXCompilerFlag)
include(CheckPIESupported)

check_pie_supported(LANGUAGES CXX)  # position-independent executables are linked as such
add_library(restitch_hardening INTERFACE)
add_library(restitch_checks INTERFACE)

if(RESTITCH_HARDEN AND NOT RESTITCH_SANITIZE)
  set(optimised "$<CONFIG:Release,RelWithDebInfo,MinSizeRel>")
  foreach(flag -fstack-protector-strong -fstack-clash-protection)
    string(MAKE_C_IDENTIFIER "RESTITCH_HAS${flag}" has)
    check_cxx_compiler_flag(${flag} ${has})
    if(${has})
      target_compile_options(restitch_hardening INTERFACE $<${optimised}:${flag}>)
    endif()
  endforeach()
  # A distribution may define it already, with another level.
  target_compile_options(restitch_hardening INTERFACE $<${optimised}:-U_FORTIFY_SOURCE>
                                                      $<${optimised}:-D_FORTIFY_SOURCE=2>)
  target_compile_definitions(restitch_checks INTERFACE $<${optimised}:_GLIBCXX_ASSERTIONS>)
  if(NOT APPLE)
    target_link_options(restitch_hardening INTERFACE $<${optimised}:-Wl,-z,relro,-z,now,-z,noexecstack>)
  endif()
endif()

# restitch_find_libraries_in(target folders...): where a shared build of `target` looks for the modules, in the build
# tree and installed. A static build looks nowhere but where the system does. CMake would write one path for the build
# tree and rewrite it as it installs, and it makes room for that with empty entries; the loader takes an empty entry
# for the current folder, so a library lying next to a capture would run.
function(restitch_find_libraries_in target)
  if(BUILD_SHARED_LIBS)
    set_target_properties(${target} PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "${ARGN}")
  endif()
endfunction()
