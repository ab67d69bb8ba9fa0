# The files of `cmake --install`: libraries, header, pkg-config file, CMake package, licence.
include(CMakePackageConfigHelpers)

install(TARGETS ${MIO_LIBRARIES} EXPORT mio-targets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES include/mio.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/mio)

# The CMake package finds its files relative to itself, so an installed tree can be moved.
set(MIO_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/mio)
install(EXPORT mio-targets NAMESPACE mio:: DESTINATION ${MIO_CMAKE_DIR})
configure_package_config_file(cmake/mio-config.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/package/mio-config.cmake
    INSTALL_DESTINATION ${MIO_CMAKE_DIR}
    NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor release may break the ABI: 0.2 does not satisfy a request for 0.1.
write_basic_package_version_file(
    ${CMAKE_CURRENT_BINARY_DIR}/package/mio-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${CMAKE_CURRENT_BINARY_DIR}/package/mio-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/package/mio-config-version.cmake
    DESTINATION ${MIO_CMAKE_DIR})

# The pkg-config file starts from its own folder for the same reason. Absolute install folders,
# which some distributions set, are taken as they are.
set(MIO_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE "${MIO_PC_DIR}")
    set(MIO_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
else()
    file(RELATIVE_PATH MIO_PC_UP "/prefix/${MIO_PC_DIR}" "/prefix")
    string(REGEX REPLACE "/$" "" MIO_PC_UP "${MIO_PC_UP}")
    set(MIO_PC_PREFIX "\${pcfiledir}/${MIO_PC_UP}")
endif()
foreach(name LIBDIR INCLUDEDIR)
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${name}}")
        set(MIO_PC_${name} "${CMAKE_INSTALL_${name}}")
    else()
        set(MIO_PC_${name} "\${prefix}/${CMAKE_INSTALL_${name}}")
    endif()
endforeach()
set(MIO_PC_LIBS_PRIVATE "${CMAKE_THREAD_LIBS_INIT}")
if(WIN32)
    set(MIO_PC_LIBS_PRIVATE "-lws2_32")
endif()
set(MIO_PC_CFLAGS "-I\${includedir}")
if(NOT MIO_NET)
    string(APPEND MIO_PC_CFLAGS " -DMIO_NO_NET")
endif()
configure_file(cmake/mio.pc.in ${CMAKE_CURRENT_BINARY_DIR}/package/mio.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/package/mio.pc DESTINATION ${MIO_PC_DIR})
