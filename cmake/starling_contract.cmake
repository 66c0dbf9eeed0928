# A library of messages, typed interface, stub, dispatcher, codecs and method table, generated from a contract; used in this
# repository and, through find_package(Starling), outside it.
#
#   starling_contract(sentiment)
#     Library contract_sentiment from starling/sentiment/v1/*.proto under the current folder.
#   starling_contract(NAME [ROOT folder] [FILES a/b/v1/c.proto ...] [DEPENDS contract_other ...] [PRIVATE_TO_TESTS])
#     ROOT: the folder that the names of files, as contracts import them, start at. DEPENDS: libraries of contracts that it imports.
#     PRIVATE_TO_TESTS: not installed.
#
# #include "starling/sentiment/v1/sentiment.starling.h"
function(starling_contract name)
  cmake_parse_arguments(arg "PRIVATE_TO_TESTS" "ROOT" "FILES;DEPENDS" ${ARGN})
  if(NOT arg_ROOT)
    set(arg_ROOT ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  if(NOT arg_FILES)
    file(GLOB arg_FILES RELATIVE ${arg_ROOT} CONFIGURE_DEPENDS ${arg_ROOT}/starling/${name}/v1/*.proto)
  endif()
  starling_generate(generated ROOT ${arg_ROOT} FILES ${arg_FILES} PLUGIN)
  add_library(contract_${name} STATIC ${generated})
  target_include_directories(contract_${name} SYSTEM PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_BINARY_DIR}>)
  target_link_libraries(contract_${name} PUBLIC Starling::contract_base Starling::core_rpc ${arg_DEPENDS})
  if(NOT arg_PRIVATE_TO_TESTS)
    set_property(GLOBAL APPEND PROPERTY STARLING_LIBRARIES contract_${name})
  endif()
endfunction()

# Sets `variable` to the C++ files that protoc, and with PLUGIN our generator too, makes of FILES under ROOT.
function(starling_generate variable)
  cmake_parse_arguments(arg "PLUGIN" "ROOT" "FILES" ${ARGN})
  set(sources "")
  foreach(file IN LISTS arg_FILES)
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    set(out ${CMAKE_CURRENT_BINARY_DIR}/${stem})
    set(outputs ${out}.pb.h ${out}.pb.cc)
    set(flags --cpp_out=${CMAKE_CURRENT_BINARY_DIR})
    set(needs ${arg_ROOT}/${file})
    if(EXISTS ${STARLING_GOOGLEAPIS_DIR}/${file})
      set(needs ${STARLING_GOOGLEAPIS_DIR}/${file})
    endif()
    if(arg_PLUGIN)
      list(APPEND outputs ${out}.starling.h ${out}.starling.cc ${out}.json.starling.cc ${out}.rules.starling.cc
           ${out}.descriptor.starling.cc)
      list(APPEND flags --plugin=protoc-gen-starling=$<TARGET_FILE:Starling::protoc-gen-starling>
           --starling_out=${CMAKE_CURRENT_BINARY_DIR})
      list(APPEND needs Starling::protoc-gen-starling)
    endif()
    # Ninja takes a depfile for that of the first output, and protoc names the outputs in the order of their names: in any other order
    # every build would generate everything anew.
    list(SORT outputs)
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc -I ${arg_ROOT} -I ${STARLING_API_DIR} -I ${STARLING_GOOGLEAPIS_DIR} ${flags}
              --dependency_out=${out}.d ${file}
      DEPFILE ${out}.d DEPENDS ${needs} VERBATIM COMMENT "Generating ${stem}")
    list(APPEND sources ${outputs})
  endforeach()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()
