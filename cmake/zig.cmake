# A toolchain for other systems: the C compiler of PyPI's package ziglang, which carries their
# headers and what their libraries export. It is installed once, below build/, for all of them.
#
# MIO_ZIG_TARGET   as zig names it: aarch64-macos, x86_64-freebsd, x86_64-netbsd.11.0, ...
# MIO_ZIG_ROOT     where it is installed: an environment made by python3 -m venv
set(MIO_ZIG_VERSION 0.17.1)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MIO_ZIG_TARGET MIO_ZIG_ROOT)
if(NOT MIO_ZIG_ROOT)
    get_filename_component(MIO_ZIG_ROOT
        ${CMAKE_CURRENT_LIST_DIR}/../build/zig-${MIO_ZIG_VERSION} ABSOLUTE)
endif()
if(NOT MIO_ZIG_TARGET)
    message(FATAL_ERROR "MIO_ZIG_TARGET must name the target")
endif()

# Presets may be configured at the same time: one installs, the others wait for it.
file(LOCK ${MIO_ZIG_ROOT}.lock TIMEOUT 900)
if(NOT EXISTS ${MIO_ZIG_ROOT}/zig)
    find_program(MIO_ZIG_PYTHON python3 REQUIRED)
    message(STATUS "Installing ziglang ${MIO_ZIG_VERSION} in ${MIO_ZIG_ROOT}: about 400 MB")
    execute_process(
        COMMAND ${MIO_ZIG_PYTHON} -m venv ${MIO_ZIG_ROOT}
        COMMAND_ERROR_IS_FATAL ANY)
    execute_process(
        COMMAND ${MIO_ZIG_ROOT}/bin/pip install --quiet --disable-pip-version-check
            ziglang==${MIO_ZIG_VERSION}
        RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "ziglang ${MIO_ZIG_VERSION} is not to be had: "
            "the registry of Python's packages does not answer, or does not have it")
    endif()
    # The last step, for it says that all is there.
    file(GLOB program ${MIO_ZIG_ROOT}/lib/python3*/site-packages/ziglang/zig)
    file(CREATE_LINK ${program} ${MIO_ZIG_ROOT}/zig SYMBOLIC)
endif()
# CMake wants a program of its own for archives. The cache is here, too: nothing is left elsewhere.
foreach(command cc ar)
    set(script "#!/bin/sh\n\
ZIG_GLOBAL_CACHE_DIR='${MIO_ZIG_ROOT}/cache' ZIG_LOCAL_CACHE_DIR='${MIO_ZIG_ROOT}/cache' \\\n\
    exec '${MIO_ZIG_ROOT}/zig' ${command} \"$@\"\n")
    file(CONFIGURE OUTPUT ${MIO_ZIG_ROOT}/zig-${command} CONTENT "${script}" @ONLY)
    file(CHMOD ${MIO_ZIG_ROOT}/zig-${command} PERMISSIONS
        OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endforeach()
file(LOCK ${MIO_ZIG_ROOT}.lock RELEASE)
file(REAL_PATH ${MIO_ZIG_ROOT}/zig zig)

# CMake knows iOS by an SDK of Apple's alone; the files are those of macOS.
foreach(pair macos=Darwin ios=Darwin freebsd=FreeBSD netbsd=NetBSD openbsd=OpenBSD
        windows=Windows)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 name)
    if(MIO_ZIG_TARGET MATCHES "-${name}")
        list(GET pair 1 CMAKE_SYSTEM_NAME)
    endif()
endforeach()
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR ${MIO_ZIG_TARGET})
set(CMAKE_C_COMPILER ${MIO_ZIG_ROOT}/zig-cc -target ${MIO_ZIG_TARGET})
set(CMAKE_AR ${MIO_ZIG_ROOT}/zig-ar CACHE FILEPATH "")
find_program(MIO_ZIG_NOTHING true REQUIRED) # its archives have their index
set(CMAKE_RANLIB ${MIO_ZIG_NOTHING} CACHE FILEPATH "")
set(CMAKE_RC_COMPILER ${MIO_ZIG_NOTHING}) # CMake wants one for Windows; nothing has resources

# The libraries and headers of this machine are not for the target.
set(CMAKE_FIND_ROOT_PATH ${MIO_ZIG_ROOT}/nothing)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Apple's headers are found for macOS alone; those of iOS are the same, and nothing links there.
if(MIO_ZIG_TARGET MATCHES "-ios")
    get_filename_component(zig_folder ${zig} DIRECTORY)
    set(CMAKE_C_FLAGS_INIT "-isystem ${zig_folder}/lib/libc/include/any-darwin-any")
    set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
endif()
