# restitch_discover_tests(TARGET LABEL label): makes a test LABEL.SUITE of each *suite* of a GoogleTest program, when it is built. A
# process for each case, as gtest_discover_tests() has it, would spend most of the time with starting: with the sanitizers
# a second each. Each suite leaves an XML file in gtest/ of the build folder, which says of each case how it went
# (tools/check_skips.py).
#
# This file is also the script that lists the suites: cmake -D PROGRAM=… -D OUTPUT=… -D XML=… -D LABEL=… -P
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listed RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} --gtest_list_tests: ${status}")
  endif()
  string(REPLACE "\n" ";" lines "${listed}")
  set(tests "")
  foreach(line IN LISTS lines)
    if(line MATCHES "^([A-Za-z0-9_/<>:, ]+)\\.( *#.*)?$")  # cases are indented; what stands behind # is a type parameter
      set(suite "${CMAKE_MATCH_1}")
      string(REPLACE "/" "." file "${suite}")
      string(APPEND tests "add_test([=[${LABEL}.${suite}]=] [=[${PROGRAM}]=] [=[--gtest_filter=${suite}.*]=] "
                          "[=[--gtest_output=xml:${XML}/${LABEL}.${file}.xml]=])\n"
                          "set_tests_properties([=[${LABEL}.${suite}]=] PROPERTIES LABELS ${LABEL})\n")
    endif()
  endforeach()
  file(WRITE ${OUTPUT} "${tests}")
  return()
endif()

function(restitch_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "")
  set(list ${CMAKE_CURRENT_BINARY_DIR}/${target}_suites.cmake)
  add_custom_command(TARGET ${target} POST_BUILD BYPRODUCTS ${list} VERBATIM
    COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:${target}> -D OUTPUT=${list} -D XML=${PROJECT_BINARY_DIR}/gtest
            -D LABEL=${arg_LABEL} -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE})
  # Before it is built, there is a test that says so.
  set(include ${CMAKE_CURRENT_BINARY_DIR}/${target}_include.cmake)
  file(WRITE ${include} "if(EXISTS \"${list}\")\n  include(\"${list}\")\nelse()\n"
                        "  add_test(${target}_NOT_BUILT ${target}_NOT_BUILT)\n"
                        "  set_tests_properties(${target}_NOT_BUILT PROPERTIES LABELS ${arg_LABEL})\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${include})
endfunction()
