# Language level, warnings, sanitizers and the compiler cache: the same for every target of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(STARLING_WERROR "Warnings in our own code are errors" ON)
set(STARLING_SANITIZE "" CACHE STRING "Value for -fsanitize=, for example address,undefined")

option(STARLING_FUZZ "Build tests/fuzz as libFuzzer programs; needs clang" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Relative paths, here and below in debug information and __FILE__: one cache serves every checkout.
  set(ccache ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${ccache})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ccache})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

if(STARLING_SANITIZE)
  add_compile_options(-fsanitize=${STARLING_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${STARLING_SANITIZE})
endif()

if(STARLING_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

add_library(starling_warnings INTERFACE)
target_compile_options(starling_warnings INTERFACE -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(STARLING_WERROR)
  target_compile_options(starling_warnings INTERFACE -Werror)
endif()
