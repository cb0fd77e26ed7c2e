# SPDX-License-Identifier: GPL-3.0-or-later
# A room of the window is one folder of widgets/: a static library widgets_NAME of its sources.
function(rolora_widgets_room name)
  cmake_parse_arguments(ROOM "" "" "USES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.h)
  file(GLOB_RECURSE resources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.qrc)
  set(bodies ${sources})
  list(FILTER bodies INCLUDE REGEX "\\.cpp$")
  if(NOT bodies)  # a room that has only headers so far
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp CONTENT "")  # written once, so that nothing is built again
    list(APPEND sources ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  endif()
  add_library(widgets_${name} STATIC ${sources} ${resources})
  set_target_properties(widgets_${name} PROPERTIES AUTOMOC ON AUTORCC ON AUTOGEN_ORIGIN_DEPENDS OFF)
  target_include_directories(widgets_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(widgets_${name} PUBLIC ${ROOM_USES} Qt6::Widgets Qt6::Svg Qt6::PrintSupport QCustomPlotQt6::QCustomPlotQt6
                                               nlohmann_json::nlohmann_json rolora_sanitizers
                        PRIVATE rolora_warnings rolora_floating_point rolora_widgets_pch)
  target_precompile_headers(widgets_${name} REUSE_FROM rolora_widgets_pch)
endfunction()

# One binary from tests/widgets/NAME, run offscreen.
function(rolora_widgets_tests name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/widgets/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_widgets_${name} ${sources} ${CMAKE_SOURCE_DIR}/tests/support/qt_main.cpp)
  set_target_properties(test_widgets_${name} PROPERTIES AUTOMOC ON)
  target_link_libraries(test_widgets_${name} PRIVATE widgets_${name} Qt6::Test rolora_test_support GTest::gtest GTest::gmock rolora_warnings
                                                     rolora_floating_point ${ARGN})
  rolora_program_pch(test_widgets_${name} rolora_widgets_test_pch)
  rolora_compile_quickly(test_widgets_${name})
  add_test(NAME widgets.${name} COMMAND test_widgets_${name})
  # alone: several measure how long the GUI thread is busy
  set_tests_properties(widgets.${name} PROPERTIES TIMEOUT 600 RUN_SERIAL ON ENVIRONMENT
    "ROLORA_SOURCE=${CMAKE_SOURCE_DIR};ROLORA_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/rolora;QT_QPA_PLATFORM=offscreen;LC_ALL=C.UTF-8")
endfunction()
