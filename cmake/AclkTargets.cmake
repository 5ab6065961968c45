# SPDX-License-Identifier: GPL-3.0-or-later
# How libraries, programs and unit tests are built here: one place for language level, warnings and sanitizers.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# CMAKE_UNITY_BUILD, which the presets set but for debug, compiles a library's files in batches: a third of the time.
# What is in a batch is one translation unit (each file of tests has a namespace of its own): its types without linkage
# are no mistake.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(aclk_options INTERFACE)
target_compile_options(aclk_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow
                       $<$<COMPILE_LANGUAGE:CXX>:-Wconversion> $<$<BOOL:${ACLK_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False at -O2 for std::string = "literal" (GCC bug 105651, mended in 13).
  target_compile_options(aclk_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
target_compile_definitions(aclk_options INTERFACE _GNU_SOURCE ACLK_VERSION="${PROJECT_VERSION}")
target_include_directories(aclk_options INTERFACE ${PROJECT_SOURCE_DIR})
if(ACLK_SANITIZE)
  add_compile_options(-fsanitize=${ACLK_SANITIZE} -fno-omit-frame-pointer)
  if(ACLK_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  add_link_options(-fsanitize=${ACLK_SANITIZE})
endif()
# What Debian builds its packages with. Position independent programs; addresses are resolved at the start and then
# read-only; the stack and the calls that copy are checked.
include(CheckPIESupported)
check_pie_supported(OUTPUT_VARIABLE pie_output LANGUAGES C CXX)
include(CheckCXXCompilerFlag)
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  string(MAKE_C_IDENTIFIER "ACLK_HAS${flag}" has)
  check_cxx_compiler_flag(${flag} ${has})
  if(${has})
    add_compile_options(${flag})
  endif()
endforeach()
add_compile_options(-Wformat -Werror=format-security)
add_link_options(LINKER:-z,relro,-z,now)
if(NOT ACLK_SANITIZE) # the sanitizers bring their own checks of the same calls; without optimizing there are none
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=2>)
endif()
if(ACLK_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# aclk_library(<name> <sources>...): a part of the product; its objects also go into libnetdata-aclk.
function(aclk_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC aclk_options)
  set_property(GLOBAL APPEND PROPERTY ACLK_PARTS ${name})
endfunction()

# aclk_cmocka_test(<target> <sources>...): one CMocka executable, a test of ctest.
function(aclk_cmocka_test target)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE aclk_options PkgConfig::cmocka)
  target_compile_definitions(${target} PRIVATE ACLK_GOLDEN_DIR="${PROJECT_SOURCE_DIR}/tests/golden"
                             ACLK_TESTS_DIR="${PROJECT_SOURCE_DIR}/tests")
  # Nobody waits for a test's own code, and optimizing it was half of the time that compiling took.
  target_compile_options(${target} PRIVATE -O0 -U_FORTIFY_SOURCE)
  if(ACLK_FUZZ) # what a test itself reaches guides no fuzzer
    target_compile_options(${target} PRIVATE -fno-sanitize=fuzzer-no-link)
  endif()
  add_test(NAME ${target} COMMAND ${target})
  set_tests_properties(${target} PROPERTIES TIMEOUT 300
                       ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
endfunction()

# Tests of one folder of the product: without sockets and processes (tests/unit), with them (tests/sockets).
function(aclk_unit_test folder)
  aclk_cmocka_test(unit_${folder} ${ARGN})
endfunction()
function(aclk_socket_test folder)
  aclk_cmocka_test(sockets_${folder} ${ARGN})
endfunction()
