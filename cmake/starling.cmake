# The kinds of target in this project. Every folder's CMakeLists.txt is a list of calls of these.
#
#   starling_library(core_async SOURCES loop.cc DEPENDS base absl::status [PRIVATE Boost::headers])
#     A static library of our own code; headers of the folder come with it. Include paths start at src/.
#   starling_test(core_async_test SOURCES task_test.cc DEPENDS core_async)
#     A GoogleTest binary, registered with ctest under its own name. `THROUGH program` runs it as an argument of that program, which gives
#     it a server to talk to. core/async's test main is not needed: gtest_main.
#   starling_bench(core_observe_bench SOURCES observe_bench.cc DEPENDS core_observe)
#     A benchmark with its own main, outside of what is built by default.
#   starling_contract(sentiment)
#     Library contract_sentiment from api/starling/sentiment/v1/*.proto: see starling_contract.cmake.
#
# Beside them: starling_service_names(names) lists the services of src/app/services.def.
set(STARLING_API_DIR ${PROJECT_SOURCE_DIR}/api)
include(starling_contract)

function(starling_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
    target_compile_features(${name} PUBLIC cxx_std_20)
    target_link_libraries(${name} PUBLIC ${arg_DEPENDS} PRIVATE $<BUILD_INTERFACE:starling_warnings> ${arg_PRIVATE})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
    target_compile_features(${name} INTERFACE cxx_std_20)
    target_link_libraries(${name} INTERFACE ${arg_DEPENDS})
  endif()
  add_library(Starling::${name} ALIAS ${name})
  set_property(GLOBAL APPEND PROPERTY STARLING_LIBRARIES ${name})
endfunction()

function(starling_test name)
  cmake_parse_arguments(arg "" "TIMEOUT;THROUGH" "SOURCES;DEPENDS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 180)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} starling_warnings GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${arg_THROUGH} $<TARGET_FILE:${name}> WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()

# A Google Benchmark binary; built when asked for by name, where the library is installed.
function(starling_bench name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  find_package(benchmark QUIET)
  if(NOT benchmark_FOUND)
    return()
  endif()
  add_executable(${name} EXCLUDE_FROM_ALL ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} starling_warnings benchmark::benchmark)
endfunction()

function(starling_service_names variable)
  set(list ${PROJECT_SOURCE_DIR}/src/app/services.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
  file(STRINGS ${list} lines REGEX "^STARLING_SERVICE\\(")
  list(TRANSFORM lines REPLACE "^STARLING_SERVICE\\(([a-z0-9_]+)\\).*" "\\1")
  set(${variable} ${lines} PARENT_SCOPE)
endfunction()
