# restitch_preload: the variables of the environment with which a program that is not ours, Python for one, can load
# a library that is built with AddressSanitizer; empty without. Leaks are not looked for: an interpreter never frees all.
set(restitch_preload "")
if(RESTITCH_SANITIZE MATCHES address)
  set(libraries "")
  foreach(library libasan.so libstdc++.so)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${library} OUTPUT_VARIABLE path
                    OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(APPEND libraries "${path} ")
  endforeach()
  string(STRIP "${libraries}" libraries)
  set(restitch_preload "LD_PRELOAD=${libraries}" "ASAN_OPTIONS=detect_leaks=0")
endif()
