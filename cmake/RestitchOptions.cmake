# Compiler settings shared by every target: one interface library, restitch_options.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(restitch_options INTERFACE)
target_compile_options(restitch_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                                                  -Wnon-virtual-dtor -Wold-style-cast)
if(RESTITCH_WERROR)
  target_compile_options(restitch_options INTERFACE -Werror)
endif()
if(RESTITCH_SANITIZE)
  target_compile_options(restitch_options INTERFACE -fsanitize=${RESTITCH_SANITIZE} -fno-omit-frame-pointer
                                                    -fno-sanitize-recover=all)
  target_link_options(restitch_options INTERFACE -fsanitize=${RESTITCH_SANITIZE})
endif()
