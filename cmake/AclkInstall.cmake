# SPDX-License-Identifier: GPL-3.0-or-later
# libnetdata-aclk for whoever builds an agent: find_package(NetdataAclk) with NetdataAclk::aclk and
# NetdataAclk::aclk-static, `pkg-config netdata-aclk`, and the same two names for add_subdirectory and FetchContent.
include(CMakePackageConfigHelpers)

# The target aclk_abi: <netdata-aclk/plugin.h>.
function(aclk_abi_headers)
  set(include ${PROJECT_SOURCE_DIR}/plugin-api/include)
  add_library(aclk_abi INTERFACE)
  target_include_directories(aclk_abi INTERFACE $<BUILD_INTERFACE:${include}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(DIRECTORY ${include}/netdata-aclk DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

# aclk_install_library(<pkg-config module>...): installs netdata-aclk-shared and netdata-aclk-static, which exist, with
# what finds them. The modules are what the static library needs besides; none: nothing but libc.
function(aclk_install_library)
  add_library(NetdataAclk::aclk ALIAS netdata-aclk-shared)
  add_library(NetdataAclk::aclk-static ALIAS netdata-aclk-static)
  # A program that was linked with another major version of the ABI does not get this one.
  file(STRINGS ${PROJECT_SOURCE_DIR}/plugin-api/include/netdata-aclk/plugin.h abi REGEX "define NACLK_ABI_M(AJ|IN)OR")
  string(REGEX REPLACE ".*MAJOR ([0-9]+)u;.*MINOR ([0-9]+)u.*" "\\1.\\2" abi "${abi}")
  string(REGEX REPLACE "\\..*" "" major ${abi})
  set_target_properties(netdata-aclk-shared PROPERTIES OUTPUT_NAME netdata-aclk EXPORT_NAME aclk VERSION ${abi}
                        SOVERSION ${major})
  set_target_properties(netdata-aclk-static PROPERTIES OUTPUT_NAME netdata-aclk EXPORT_NAME aclk-static)
  set(exports ${PROJECT_SOURCE_DIR}/plugin-api/exports.map)
  target_link_options(netdata-aclk-shared PRIVATE LINKER:--version-script=${exports})
  set_target_properties(netdata-aclk-shared PROPERTIES LINK_DEPENDS ${exports})

  set(dir ${CMAKE_INSTALL_LIBDIR}/cmake/NetdataAclk)
  install(TARGETS aclk_abi netdata-aclk-shared EXPORT NetdataAclk LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(TARGETS netdata-aclk-static EXPORT NetdataAclkStatic ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT NetdataAclk NAMESPACE NetdataAclk:: DESTINATION ${dir})
  install(EXPORT NetdataAclkStatic NAMESPACE NetdataAclk:: DESTINATION ${dir})
  set(ACLK_STATIC_NEEDS ${ARGN})
  # The host for an agent is compiled by the agent's project, since it needs the agent's headers.
  set(ACLK_AGENT_DIR ${CMAKE_INSTALL_DATADIR}/netdata-aclk/agent)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugin-api/agent/ DESTINATION ${ACLK_AGENT_DIR})
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/package/NetdataAclkConfig.cmake.in
                                ${CMAKE_CURRENT_BINARY_DIR}/NetdataAclkConfig.cmake INSTALL_DESTINATION ${dir}
                                PATH_VARS ACLK_AGENT_DIR)
  write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/NetdataAclkConfigVersion.cmake
                                   COMPATIBILITY SameMajorVersion)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/NetdataAclkConfig.cmake
          ${CMAKE_CURRENT_BINARY_DIR}/NetdataAclkConfigVersion.cmake DESTINATION ${dir})

  # Not Requires.private: that would ask for what the static forms of these libraries need.
  set(ACLK_PC_LIBS "")
  if(ARGN)
    foreach(need ${ARGN})
      string(MAKE_C_IDENTIFIER aclk_pc_${need} found)
      pkg_check_modules(${found} QUIET ${need})
      list(APPEND ACLK_PC_LIBS ${${found}_LDFLAGS})
    endforeach()
    list(REMOVE_DUPLICATES ACLK_PC_LIBS)
    list(APPEND ACLK_PC_LIBS -lstdc++ -lm -pthread)
    list(JOIN ACLK_PC_LIBS " " ACLK_PC_LIBS)
  endif()
  # Found from where the file is, so that an installed tree can be moved.
  file(RELATIVE_PATH ACLK_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/package/netdata-aclk.pc.in ${CMAKE_CURRENT_BINARY_DIR}/netdata-aclk.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/netdata-aclk.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
