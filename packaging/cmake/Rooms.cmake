# SPDX-License-Identifier: GPL-3.0-or-later
# A room is one folder of core/: a static library of its sources. TORCH rooms share one precompiled header.
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# rolora_room(NAME [TORCH] [USES other rooms or libraries...])
function(rolora_room name)
  cmake_parse_arguments(ROOM "TORCH" "" "USES;PRIVATELY" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/cuda/")
  if(NOT sources)  # a room that has only headers so far
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp CONTENT "")  # written once, so that nothing is built again
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  endif()
  add_library(rolora_${name} STATIC ${sources})
  target_include_directories(rolora_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  list(TRANSFORM ROOM_USES PREPEND rolora_ REGEX "^[a-z]+$")
  target_link_libraries(rolora_${name} PUBLIC ${ROOM_USES} nlohmann_json::nlohmann_json
                        PRIVATE rolora_warnings rolora_floating_point ${ROOM_PRIVATELY} PUBLIC rolora_sanitizers)
  if(ROOM_TORCH)
    target_link_libraries(rolora_${name} PUBLIC rolora_libtorch)
    target_precompile_headers(rolora_${name} REUSE_FROM rolora_pch)
    target_link_libraries(rolora_${name} PRIVATE rolora_pch)
  endif()
endfunction()

# A shared precompiled header for a program: it was compiled with -fPIC, and a program's own -fPIE would not match it.
function(rolora_program_pch name pch)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_precompile_headers(${name} REUSE_FROM ${pch})
  target_link_libraries(${name} PRIVATE ${pch})
endfunction()

# Tests spend no time of their own: -O1 compiles them in two thirds of the time. (Not programs: their copies of inline functions would win.)
function(rolora_compile_quickly name)
  target_compile_options(${name} PRIVATE $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<NOT:$<CONFIG:Debug,None>>>:-O1>)
endfunction()

# rolora_tests(NAME [TORCH] ROOMS rooms...): one binary from tests/core/NAME, one ctest entry (loading LibTorch costs a moment each).
function(rolora_tests name)
  cmake_parse_arguments(T "TORCH" "" "ROOMS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/core/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  list(TRANSFORM T_ROOMS PREPEND rolora_)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE ${T_ROOMS} rolora_test_support GTest::gtest GTest::gmock GTest::gtest_main rolora_warnings
                                             rolora_floating_point)
  if(T_TORCH)
    rolora_program_pch(test_${name} rolora_test_pch)
  endif()
  rolora_compile_quickly(test_${name})
  add_test(NAME core.${name} COMMAND test_${name})
  set_tests_properties(core.${name} PROPERTIES ENVIRONMENT "ROLORA_SOURCE=${CMAKE_SOURCE_DIR}" TIMEOUT 900)
endfunction()
