# SPDX-License-Identifier: GPL-3.0-or-later
# Every library comes from the distribution. What is missing or cannot be used is named with its Debian package. With
# ACLK_CLOUD=REQUIRE that is an error; with AUTO the build goes on without the link, and ACLK_LACKS says what is lacking.
set(ACLK_LACKS "")

# aclk_lacks(<what> <package> <how>): `how` is "find", or "build with" for what is there and is of no use.
macro(aclk_lacks what package how)
  if(ACLK_CLOUD STREQUAL REQUIRE)
    message(FATAL_ERROR "\n  Unable to ${how} ${what}, which Netdata Cloud needs.\n  Install: apt-get install ${package}\n"
                        "  Or everything at once: packaging/deps")
  endif()
  message(WARNING "\n  Unable to ${how} ${what} (Debian's package ${package}). The install process will continue, but you "
                  "will not be able to connect this node to Netdata Cloud.\n") # indented: CMake wraps no line of it
  list(APPEND ACLK_LACKS ${what})
endmacro()

include(CheckLanguage)
check_language(CXX)
if(NOT CMAKE_CXX_COMPILER)
  unset(CMAKE_CXX_COMPILER CACHE) # looked for again once it is there
  aclk_lacks("a C++ compiler" g++ find)
  return()
endif()
enable_language(CXX)
find_package(PkgConfig QUIET)
if(NOT PKG_CONFIG_FOUND)
  aclk_lacks(pkg-config pkg-config find)
  return()
endif()
include(CheckCSourceCompiles)

# aclk_pkg(<target> <pkg-config module> <debian package> [<header> <expression>]): makes PkgConfig::<target>. The
# expression has to compile, and to link.
macro(aclk_pkg target module package)
  pkg_check_modules(${target} QUIET IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${target}_FOUND)
    aclk_lacks(${module} ${package} find)
  elseif(${ARGC} GREATER 4)
    set(CMAKE_REQUIRED_LIBRARIES PkgConfig::${target})
    set(CMAKE_REQUIRED_QUIET TRUE)
    check_c_source_compiles("#include <${ARGV3}>\nint main(void) { return (${ARGV4}) == 0; }" ACLK_${target}_USABLE)
    unset(CMAKE_REQUIRED_LIBRARIES)
    unset(CMAKE_REQUIRED_QUIET)
    if(NOT ACLK_${target}_USABLE)
      unset(ACLK_${target}_USABLE CACHE) # both are looked at again once it is mended
      unset(__pkg_config_checked_${target} CACHE)
      aclk_lacks(${module} ${package} "build with")
    endif()
  endif()
endmacro()

# aclk_cmake(<package name> <debian package>)
macro(aclk_cmake name package)
  find_package(${name} QUIET)
  if(NOT ${name}_FOUND)
    aclk_lacks(${name} ${package} find)
  endif()
endmacro()

# aclk_program(<variable> <program> <debian package>)
macro(aclk_program variable program package)
  find_program(${variable} ${program})
  if(NOT ${variable})
    aclk_lacks(${program} ${package} find)
  endif()
endmacro()

aclk_pkg(uv libuv libuv1-dev uv.h "uv_version()")
# With TLS and libuv's loop, as the link uses it.
aclk_pkg(lws libwebsockets libwebsockets-dev libwebsockets.h "LWS_SERVER_OPTION_LIBUV && lws_get_library_version()")
aclk_pkg(mosquitto libmosquitto libmosquitto-dev mosquitto.h "MOSQ_OPT_PROTOCOL_VERSION && mosquitto_connect_bind_v5 != 0")
aclk_pkg(curl libcurl libcurl4-openssl-dev curl/curl.h "curl_multi_init() != 0")
aclk_pkg(protobuf_c libprotobuf-c libprotobuf-c-dev protobuf-c/protobuf-c.h "protobuf_c_version_number()")
aclk_pkg(sqlite sqlite3 libsqlite3-dev sqlite3.h "sqlite3_libversion_number()")
aclk_pkg(deflate libdeflate libdeflate-dev libdeflate.h "libdeflate_alloc_compressor(6) != 0")
aclk_cmake(OpenSSL libssl-dev)
aclk_cmake(fmt libfmt-dev)
aclk_cmake(nlohmann_json nlohmann-json3-dev)
aclk_cmake(CLI11 libcli11-dev)
aclk_cmake(Threads libc6-dev)
# Not protoc-c, which is deprecated since protobuf-c 1.5.
aclk_program(PROTOC protoc protobuf-compiler)
aclk_program(PROTOC_GEN_C protoc-gen-c protobuf-c-compiler)

# Header only; Debian's cmake file does not offer a target that can be marked as a system header everywhere.
find_path(TL_EXPECTED_INCLUDE tl/expected.hpp)
if(NOT TL_EXPECTED_INCLUDE)
  aclk_lacks(tl-expected libexpected-dev find)
endif()
if(ACLK_LACKS)
  return()
endif()
add_library(tl-expected INTERFACE)
target_include_directories(tl-expected SYSTEM INTERFACE ${TL_EXPECTED_INCLUDE})

# Whoever only builds and installs needs no test library: packaging/deps brings it with --tests.
if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED ACLK_TESTS)
  pkg_check_modules(cmocka QUIET IMPORTED_TARGET GLOBAL cmocka)
  if(NOT cmocka_FOUND)
    message(STATUS "Tests are not built: libcmocka-dev is not installed (packaging/deps --tests)")
  endif()
  set(ACLK_TESTS ${cmocka_FOUND})
elseif(ACLK_TESTS)
  pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET GLOBAL cmocka) # Debian: libcmocka-dev
endif()
