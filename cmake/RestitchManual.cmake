# The manual pages, made from docs/man/*.scd by scdoc where it is found, and the completions of the shells. A line
# @NAME@ in a page stands for docs/man/parts/name.scd: what several commands have in common is written once. A page with
# @LONG_NAMES@ is about a command in which the letters of these flags are others'.
find_program(SCDOC scdoc)
set(man_dir ${PROJECT_BINARY_DIR}/man)

# Puts the parts (ARGN) into the text that the variable holds.
function(restitch_fill_in variable)
  set(text "${${variable}}")
  foreach(round RANGE 1)  # a part may have parts
    foreach(part IN LISTS ARGN)
      get_filename_component(name ${part} NAME_WE)
      string(TOUPPER ${name} name)
      file(READ ${part} content)
      string(REPLACE "@${name}@" "${content}" text "${text}")
    endforeach()
  endforeach()
  string(REGEX REPLACE "\n\n\n+" "\n\n" text "${text}")
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

file(GLOB man_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.scd)
file(GLOB man_parts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/parts/*.scd)
set(man_pages "")
if(SCDOC)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${man_sources} ${man_parts}
                                                                 ${PROJECT_SOURCE_DIR}/examples/count_bytes.cc)
  foreach(source IN LISTS man_sources)
    get_filename_component(page ${source} NAME_WLE)  # restitch.1
    file(READ ${source} text)
    restitch_fill_in(text ${man_parts})
    if(text MATCHES "@LONG_NAMES@")
      string(REGEX REPLACE "\\*-[fFivB]\\*, (\\*--(filter|filter-file|interface|verbose|buffer-size)\\*)" "\\1" text "${text}")
      string(REPLACE "*-c*, *--count* _N_" "*--packets* _N_" text "${text}")
      string(REPLACE "*-q*, *--quiet*\n\tNo summary and no progress, only errors.\n\n" "" text "${text}")
      string(REPLACE "(or *-i TCP@HOST:PORT*)" "(or *--interface TCP@HOST:PORT*)" text "${text}")
      string(REPLACE "@LONG_NAMES@\n" "" text "${text}")
      string(REGEX REPLACE "\n\n\n+" "\n\n" text "${text}")
    endif()
    file(READ ${PROJECT_SOURCE_DIR}/examples/count_bytes.cc example)
    string(REGEX REPLACE "^(//[^\n]*\n)+" "" example "${example}")
    string(STRIP "${example}" example)
    string(REPLACE "\\" "\\\\" example "${example}")  # as scdoc wants them
    string(REPLACE "@EXAMPLE@" "${example}" text "${text}")
    file(CONFIGURE OUTPUT ${man_dir}/${page}.scd CONTENT "@text@" @ONLY)
    add_custom_command(OUTPUT ${man_dir}/${page}
                       COMMAND ${CMAKE_COMMAND} -DSCDOC=${SCDOC} -DSOURCE=${man_dir}/${page}.scd
                               -DOUTPUT=${man_dir}/${page} -P ${PROJECT_SOURCE_DIR}/cmake/RunScdoc.cmake
                       DEPENDS ${man_dir}/${page}.scd VERBATIM)
    list(APPEND man_pages ${man_dir}/${page})
  endforeach()
  add_custom_target(man ALL DEPENDS ${man_pages})
  add_dependencies(tool man)  # what is installed beside it
else()
  message(STATUS "No scdoc: the manual pages are not built (Debian package scdoc)")
endif()

foreach(page IN LISTS man_pages)
  string(REGEX MATCH "[0-9]$" section ${page})
  set(component man)
  if(section EQUAL 3)
    set(component development)
  endif()
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endforeach()
if(TARGET restitch_cli)
  set(completions ${PROJECT_SOURCE_DIR}/completions)
  install(FILES ${completions}/restitch.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
          RENAME restitch COMPONENT tool)
  install(FILES ${completions}/_restitch DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT tool)
  install(FILES ${completions}/restitch.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
          COMPONENT tool)
endif()
