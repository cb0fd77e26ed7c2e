# SPDX-License-Identifier: GPL-3.0-or-later
# Warnings, sanitizers and floating-point rules as interface targets, linked privately by the project's own targets.
add_library(rolora_warnings INTERFACE)
target_compile_options(rolora_warnings INTERFACE -Wall -Wextra $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> -Wnon-virtual-dtor -Woverloaded-virtual
                                                 $<$<BOOL:${ROLORA_WERROR}>:-Werror>)

# Contraction into fused multiply-add is off: the rounding of quantizers is part of their definition.
add_library(rolora_floating_point INTERFACE)
target_compile_options(rolora_floating_point INTERFACE -ffp-contract=off)

add_library(rolora_sanitizers INTERFACE)
if(ROLORA_SANITIZE)
  target_compile_options(rolora_sanitizers INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize=vptr)
  target_link_options(rolora_sanitizers INTERFACE -fsanitize=address,undefined)
endif()

if(ROLORA_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    message(FATAL_ERROR "ROLORA_FUZZ: expected the compiler clang++ (libFuzzer is part of it), found ${CMAKE_CXX_COMPILER_ID}")
  endif()
  set(ROLORA_FUZZ_OPTIMISE 1 CACHE STRING "0 compiles in half the time, 1 runs twice as often")
  # How deep the stack is depends on where it lies: without it the same inputs are kept each time.
  set(_instruments -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-sanitize-coverage=stack-depth)
  target_compile_options(rolora_sanitizers INTERFACE -O${ROLORA_FUZZ_OPTIMISE} -gline-tables-only -fno-omit-frame-pointer ${_instruments} -ffunction-sections)
  target_link_options(rolora_sanitizers INTERFACE ${_instruments})
endif()

set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
# Vectorised like -O3 but inlined like -O2: at -O3 GCC 12 warns of overlaps inside std::string that cannot happen (its bug 105651).
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -ftree-vectorize -fvect-cost-model=dynamic -DNDEBUG")

find_program(ROLORA_CCACHE ccache)
if(ROLORA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
                                  ${ROLORA_CCACHE})
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
endif()
