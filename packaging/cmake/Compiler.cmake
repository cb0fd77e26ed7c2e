# SPDX-License-Identifier: GPL-3.0-or-later
# Warnings, sanitizers and floating-point rules as interface targets, linked privately by the project's own targets.
add_library(rolora_warnings INTERFACE)
target_compile_options(rolora_warnings INTERFACE -Wall -Wextra -Wshadow=local -Wnon-virtual-dtor -Woverloaded-virtual
                                                 $<$<BOOL:${ROLORA_WERROR}>:-Werror>)

# Contraction into fused multiply-add is off: the rounding of quantizers is part of their definition.
add_library(rolora_floating_point INTERFACE)
target_compile_options(rolora_floating_point INTERFACE -ffp-contract=off)

add_library(rolora_sanitizers INTERFACE)
if(ROLORA_SANITIZE)
  target_compile_options(rolora_sanitizers INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize=vptr)
  target_link_options(rolora_sanitizers INTERFACE -fsanitize=address,undefined)
endif()

set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
# Vectorised like -O3 but inlined like -O2: at -O3 GCC 12 warns of overlaps inside std::string that cannot happen (its bug 105651).
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -ftree-vectorize -fvect-cost-model=dynamic -DNDEBUG")

find_program(ROLORA_CCACHE ccache)
if(ROLORA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
                                  ${ROLORA_CCACHE})
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()
