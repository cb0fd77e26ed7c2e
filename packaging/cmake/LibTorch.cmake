# SPDX-License-Identifier: GPL-3.0-or-later
# Imported target rolora::libtorch from a LibTorch folder: the unpacked PyPI wheel or the official zip. No find_package(Torch): the
# wheel's own stops where no CUDA toolkit is installed, and this program links the CPU libraries alone.
set(ROLORA_LIBTORCH "$ENV{ROLORA_LIBTORCH}" CACHE PATH "LibTorch folder (with include/ and lib/)")
if(NOT ROLORA_LIBTORCH)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/packaging/fetch-libtorch.sh OUTPUT_VARIABLE _libtorch OUTPUT_STRIP_TRAILING_WHITESPACE
                  RESULT_VARIABLE _failed)
  if(_failed)
    message(FATAL_ERROR "LibTorch: fetching failed; set ROLORA_LIBTORCH to a LibTorch folder with include/ and lib/")
  endif()
  set(ROLORA_LIBTORCH ${_libtorch} CACHE PATH "LibTorch folder (with include/ and lib/)" FORCE)
endif()
foreach(_needed lib/libtorch_cpu.so lib/libc10.so include/ATen/core/Tensor.h include/torch/csrc/api/include/torch/types.h)
  if(NOT EXISTS ${ROLORA_LIBTORCH}/${_needed})
    message(FATAL_ERROR "LibTorch: ${ROLORA_LIBTORCH}: expected ${_needed}, found none")
  endif()
endforeach()
message(STATUS "LibTorch: ${ROLORA_LIBTORCH}")

add_library(rolora_c10 SHARED IMPORTED)
set_target_properties(rolora_c10 PROPERTIES IMPORTED_LOCATION ${ROLORA_LIBTORCH}/lib/libc10.so)
add_library(rolora_torch_cpu SHARED IMPORTED)
set_target_properties(rolora_torch_cpu PROPERTIES IMPORTED_LOCATION ${ROLORA_LIBTORCH}/lib/libtorch_cpu.so)
add_library(rolora_libtorch INTERFACE)
target_include_directories(rolora_libtorch SYSTEM INTERFACE ${ROLORA_LIBTORCH}/include
                                                            ${ROLORA_LIBTORCH}/include/torch/csrc/api/include)
set(CMAKE_INSTALL_RPATH ${ROLORA_LIBTORCH}/lib)
# libtorch_cpu.so finds the CUDA runtime it was linked with through its own rpath; the linker need not.
target_link_options(rolora_libtorch INTERFACE -Wl,--allow-shlib-undefined -Wl,-rpath,${ROLORA_LIBTORCH}/lib)
target_link_libraries(rolora_libtorch INTERFACE rolora_torch_cpu rolora_c10)
# at::parallel_for is a template: without OpenMP in the including file its loops run on one thread, silently. The runtime is the one
# that LibTorch brings (same soname, found first through the rpath above).
# The fuzz entries do without.
if(NOT ROLORA_FUZZ)
  target_compile_options(rolora_libtorch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
  target_link_options(rolora_libtorch INTERFACE -fopenmp)
endif()
add_library(rolora::libtorch ALIAS rolora_libtorch)
