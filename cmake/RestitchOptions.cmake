# Compiler settings shared by every target of this tree and by nobody else's: one interface library,
# restitch_options, linked privately and left out of the installed package.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
  endif()
endif()

add_library(restitch_options INTERFACE)
target_compile_options(restitch_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                                                  -Wnon-virtual-dtor -Wold-style-cast)
# Nobody replaces functions of ours at load time; without this, position independent code inlines none of them.
target_compile_options(restitch_options INTERFACE -fno-semantic-interposition)
if(RESTITCH_WERROR)
  target_compile_options(restitch_options INTERFACE -Werror)
endif()
if(RESTITCH_SANITIZE)
  target_compile_options(restitch_options INTERFACE -fsanitize=${RESTITCH_SANITIZE} -fno-omit-frame-pointer
                                                    -fno-sanitize-recover=all)
  target_link_options(restitch_options INTERFACE -fsanitize=${RESTITCH_SANITIZE})
  # GCC describes each check of UBSan in a variable of its own, and AddressSanitizer guards each of these variables when a
  # program starts: half a million of them took longer than most tests. A check that fails is an illegal instruction
  # instead, of which AddressSanitizer tells with handle_sigill=1.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND RESTITCH_SANITIZE MATCHES address.*undefined)
    target_compile_options(restitch_options INTERFACE -fsanitize-undefined-trap-on-error)
  endif()
  # The sanitizers do not see an index beyond a span's or a vector's size but inside its memory.
  target_compile_definitions(restitch_options INTERFACE _GLIBCXX_ASSERTIONS)
endif()
