# SPDX-License-Identifier: GPL-3.0-or-later
# Every library comes from the distribution. A missing one is an error that names the Debian package.

function(aclk_missing package)
  message(FATAL_ERROR "\n  Missing: ${package}\n  Install: apt-get install ${package}\n"
                      "  Or everything at once: packaging/deps")
endfunction()

find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
  aclk_missing(pkg-config)
endif()

# aclk_pkg(<target> <pkg-config module> <debian package>): makes PkgConfig::<target>
function(aclk_pkg target module package)
  pkg_check_modules(${target} IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${target}_FOUND)
    aclk_missing(${package})
  endif()
endfunction()

# aclk_cmake(<package name> <debian package>)
macro(aclk_cmake name package)
  find_package(${name} QUIET)
  if(NOT ${name}_FOUND)
    aclk_missing(${package})
  endif()
endmacro()

# aclk_program(<variable> <program> <debian package>)
macro(aclk_program variable program package)
  find_program(${variable} ${program})
  if(NOT ${variable})
    aclk_missing(${package})
  endif()
endmacro()

aclk_pkg(uv libuv libuv1-dev)
aclk_pkg(lws libwebsockets libwebsockets-dev)
aclk_pkg(mosquitto libmosquitto libmosquitto-dev)
aclk_pkg(curl libcurl libcurl4-openssl-dev)
aclk_pkg(protobuf_c libprotobuf-c libprotobuf-c-dev)
aclk_pkg(sqlite sqlite3 libsqlite3-dev)
aclk_pkg(deflate libdeflate libdeflate-dev)
aclk_cmake(OpenSSL libssl-dev)
aclk_cmake(fmt libfmt-dev)
aclk_cmake(nlohmann_json nlohmann-json3-dev)
aclk_cmake(CLI11 libcli11-dev)
aclk_cmake(Threads libc6-dev)
aclk_program(PROTOC_C protoc-c protobuf-c-compiler)

# Header only; Debian's cmake file does not offer a target that can be marked as a system header everywhere.
find_path(TL_EXPECTED_INCLUDE tl/expected.hpp)
if(NOT TL_EXPECTED_INCLUDE)
  aclk_missing(libexpected-dev)
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
  aclk_pkg(cmocka cmocka libcmocka-dev)
endif()
