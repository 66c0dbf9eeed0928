# `cmake --install build/release --prefix P` gives
#   P/bin/starling, P/bin/protoc-gen-starling    the program and the code generator
#   P/include/starling/                          headers, as they are included inside this repository, and the contracts' generated ones
#   P/lib/starling/                              static libraries, and openvino/ and xgboost/ with the runtimes that the program finds by its rpath
#   P/lib/cmake/Starling/                        find_package(Starling): targets Starling::<library>, all of them as Starling::starling_all,
#                                                and starling_contract() for contracts of one's own
#   P/share/starling/                            contracts (api/), example configuration, models
# starling_install() goes last in the top CMakeLists.txt: it takes what starling_library() has listed.
include(CMakePackageConfigHelpers)

function(starling_install)
  get_property(libraries GLOBAL PROPERTY STARLING_LIBRARIES)
  install(TARGETS ${libraries} llhttp EXPORT StarlingTargets ARCHIVE DESTINATION lib/starling
          INCLUDES DESTINATION include/starling)
  foreach(program starling protoc-gen-starling)
    if(TARGET ${program})
      set_target_properties(${program} PROPERTIES INSTALL_RPATH
                            "$ORIGIN/../lib/starling/openvino/libs;$ORIGIN/../lib/starling/xgboost/xgboost/lib")
      install(TARGETS ${program} EXPORT StarlingTargets RUNTIME DESTINATION bin)
    endif()
  endforeach()

  install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/ DESTINATION include/starling FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
  install(DIRECTORY ${PROJECT_BINARY_DIR}/api/ DESTINATION include/starling
          FILES_MATCHING PATTERN "*.h" PATTERN CMakeFiles EXCLUDE)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/api DESTINATION share/starling FILES_MATCHING PATTERN "*.proto")
  install(DIRECTORY ${STARLING_GOOGLEAPIS_DIR}/google DESTINATION share/starling/api FILES_MATCHING PATTERN "*.proto")
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs ${PROJECT_SOURCE_DIR}/models DESTINATION share/starling OPTIONAL)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE DESTINATION share/starling)

  starling_package(drf-yasg drf_yasg)
  install(FILES ${drf_yasg}/drf_yasg/static/drf-yasg/swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt DESTINATION share/starling RENAME swagger-ui-licences.txt)

  # The plugins for GPU and NPU are most of the rest of the wheel, and nothing here loads them.
  starling_package(openvino openvino)
  install(DIRECTORY ${openvino}/openvino/cmake ${openvino}/openvino/include ${openvino}/openvino/libs DESTINATION lib/starling/openvino
          PATTERN "*intel_gpu*" EXCLUDE PATTERN "*intel_npu*" EXCLUDE PATTERN "cache.json" EXCLUDE)

  # libxgboost.so finds its OpenMP beside its own folder.
  starling_package(xgboost-cpu xgboost)
  install(DIRECTORY ${xgboost}/xgboost ${xgboost}/xgboost_cpu.libs DESTINATION lib/starling/xgboost
          FILES_MATCHING PATTERN "*.so*")

  install(EXPORT StarlingTargets NAMESPACE Starling:: DESTINATION lib/cmake/Starling)
  list(TRANSFORM libraries PREPEND Starling:: OUTPUT_VARIABLE STARLING_EXPORTED_LIBRARIES)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/StarlingConfig.cmake.in
    ${PROJECT_BINARY_DIR}/StarlingConfig.cmake INSTALL_DESTINATION lib/cmake/Starling)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/StarlingConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/StarlingConfig.cmake ${PROJECT_BINARY_DIR}/StarlingConfigVersion.cmake
          ${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake DESTINATION lib/cmake/Starling)
  if(EXISTS ${PROJECT_SOURCE_DIR}/cmake/starling_contract.cmake)
    install(FILES ${PROJECT_SOURCE_DIR}/cmake/starling_contract.cmake DESTINATION lib/cmake/Starling)
  endif()
endfunction()
