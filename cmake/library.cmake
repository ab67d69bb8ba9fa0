# The library. The system's files are chosen here and nowhere else.
#
# MIO_SYSTEM_DIR          the folder with the system's own headers (system_calls.h, ...), which the
#                         files in src/sys/unix/ include
# MIO_SYSTEM_DEFINITIONS  what opens the system's headers, for all files alike
set(MIO_SOURCES
    src/error.c
    src/event.c
    src/grow.c
    src/inline.c
    src/io.c
    src/poll.c
    src/registry.c
    src/sizes.c
    src/slots.c
    src/source.c
    src/waker.c)

set(MIO_NET_SOURCES
    src/net/addr.c
    src/net/addr_text.c
    src/net/datagram.c
    src/net/datagram_batch.c
    src/net/options.c
    src/net/rights.c
    src/net/socket.c
    src/net/stream.c
    src/net/tcp_listener.c
    src/net/tcp_stream.c
    src/net/udp_socket.c
    src/net/unix_datagram.c
    src/net/unix_listener.c
    src/net/unix_stream.c)

if(CMAKE_SYSTEM_NAME MATCHES "^(Linux|Android)$")
    set(MIO_SYSTEM_DIR ${PROJECT_SOURCE_DIR}/src/sys/linux)
    set(MIO_SYSTEM_DEFINITIONS _GNU_SOURCE=1)
    list(APPEND MIO_SOURCES
        src/pipe.c
        src/sys/linux/pipe_write.c
        src/sys/linux/platform.c
        src/sys/linux/raw_io.c
        src/sys/linux/take_sigpipe.c
        src/sys/unix/clock.c
        src/sys/unix/fd.c
        src/sys/unix/new_pipe.c
        src/sys/unix/notifier_pipe.c
        src/sys/unix/pipe.c
        src/sys/unix/pipe_guarded.c
        src/sys/unix/poll.c
        src/sys/unix/poll_set.c)
    if(NOT MIO_FORCE_POLL)
        list(APPEND MIO_SOURCES src/sys/linux/epoll.c src/sys/linux/epoll_spin.c)
    endif()
    if(NOT MIO_FORCE_WAKER_PIPE)
        list(APPEND MIO_SOURCES src/sys/linux/notifier_eventfd.c)
    endif()
    list(APPEND MIO_NET_SOURCES
        src/sys/linux/new_socket.c
        src/sys/unix/batch.c
        src/sys/unix/control.c
        src/sys/unix/control_pktinfo.c
        src/sys/unix/message_row.c
        src/sys/unix/multicast.c
        src/sys/unix/multicast_v4.c
        src/sys/unix/rights.c
        src/sys/sockaddr.c
        src/sys/unix/socket.c
        src/sys/unix/sockopt.c)
elseif(CMAKE_SYSTEM_NAME MATCHES "^(Darwin|iOS|FreeBSD|DragonFly|NetBSD|OpenBSD)$")
    set(MIO_SYSTEM_DIR ${PROJECT_SOURCE_DIR}/src/sys/bsd)
    set(MIO_SYSTEM_DEFINITIONS)
    list(APPEND MIO_SOURCES
        src/pipe.c
        src/sys/bsd/platform.c
        src/sys/bsd/raw_io.c
        src/sys/unix/clock.c
        src/sys/unix/fd.c
        src/sys/unix/notifier_pipe.c
        src/sys/unix/pipe.c
        src/sys/unix/poll.c
        src/sys/unix/poll_set.c)
    if(NOT MIO_FORCE_POLL)
        list(APPEND MIO_SOURCES src/sys/bsd/kqueue.c)
    endif()
    list(APPEND MIO_NET_SOURCES
        src/sys/unix/batch.c
        src/sys/unix/control.c
        src/sys/unix/multicast.c
        src/sys/unix/rights.c
        src/sys/sockaddr.c
        src/sys/unix/socket.c
        src/sys/unix/sockopt.c)
    # Where descriptors and flags come from, and what keeps SIGPIPE away from pipes.
    if(CMAKE_SYSTEM_NAME MATCHES "^(Darwin|iOS)$")
        set(MIO_SYSTEM_DEFINITIONS _DARWIN_C_SOURCE=1 __APPLE_USE_RFC_3542=1)
        list(APPEND MIO_SOURCES src/sys/bsd/new_pipe_flagged.c)
        list(APPEND MIO_NET_SOURCES src/sys/bsd/new_socket_flagged.c)
    else()
        list(APPEND MIO_SOURCES src/sys/unix/new_pipe.c)
        list(APPEND MIO_NET_SOURCES src/sys/bsd/new_socket.c)
    endif()
    if(CMAKE_SYSTEM_NAME MATCHES "^(Darwin|iOS|NetBSD)$")
        list(APPEND MIO_SOURCES src/sys/bsd/pipe_write_flagged.c)
    else()
        list(APPEND MIO_SOURCES
            src/sys/bsd/pipe_write.c
            src/sys/bsd/take_sigpipe.c
            src/sys/unix/pipe_guarded.c)
    endif()
    if(CMAKE_SYSTEM_NAME MATCHES "^(Darwin|iOS|NetBSD)$")
        list(APPEND MIO_NET_SOURCES src/sys/unix/control_pktinfo.c)
    else()
        list(APPEND MIO_NET_SOURCES src/sys/bsd/control_dstaddr.c)
    endif()
    if(CMAKE_SYSTEM_NAME MATCHES "^(NetBSD|OpenBSD)$")
        list(APPEND MIO_NET_SOURCES src/sys/unix/message_row.c)
    else()
        list(APPEND MIO_NET_SOURCES src/sys/unix/message_loop.c)
    endif()
    if(CMAKE_SYSTEM_NAME STREQUAL "NetBSD")
        set(MIO_SYSTEM_DEFINITIONS _NETBSD_SOURCE=1)
        list(APPEND MIO_NET_SOURCES src/sys/bsd/multicast_v4_plain.c)
    else()
        list(APPEND MIO_NET_SOURCES src/sys/unix/multicast_v4.c)
    endif()
elseif(WIN32)
    set(MIO_SYSTEM_DIR ${PROJECT_SOURCE_DIR}/src/sys/windows)
    set(MIO_SYSTEM_DEFINITIONS
        _WIN32_WINNT=0x0a00 WIN32_LEAN_AND_MEAN NOMINMAX "MIO_EXPORT=__declspec(dllexport)")
    if(MIO_FORCE_POLL OR MIO_FORCE_WAKER_PIPE)
        message(FATAL_ERROR "MIO_FORCE_POLL and MIO_FORCE_WAKER_PIPE are for Unix")
    endif()
    list(APPEND MIO_SOURCES
        src/sys/windows/afd.c
        src/sys/windows/afd_set.c
        src/sys/windows/ask.c
        src/sys/windows/base_socket.c
        src/sys/windows/clock.c
        src/sys/windows/error.c
        src/sys/windows/fd.c
        src/sys/windows/iocp.c
        src/sys/windows/named_pipe.c
        src/sys/windows/named_pipe_io.c
        src/sys/windows/named_pipe_operations.c
        src/sys/windows/ntdll.c
        src/sys/windows/pipe_set.c
        src/sys/windows/platform.c
        src/sys/windows/startup.c)
    list(APPEND MIO_NET_SOURCES
        src/sys/sockaddr.c
        src/sys/windows/batch.c
        src/sys/windows/batch_options.c
        src/sys/windows/control.c
        src/sys/windows/control_probe.c
        src/sys/windows/mapped.c
        src/sys/windows/message.c
        src/sys/windows/multicast.c
        src/sys/windows/new_socket.c
        src/sys/windows/socket.c
        src/sys/windows/sockopt.c
        src/sys/windows/transfer.c)
else()
    message(FATAL_ERROR "mio does not support ${CMAKE_SYSTEM_NAME}")
endif()

if(MIO_NET)
    list(APPEND MIO_SOURCES ${MIO_NET_SOURCES})
endif()

# How the files of the library are compiled: for the libraries, and by tests that build them in a
# way of their own. Sizes and inodes of files have 64 bits everywhere, else fstat refuses what has
# large ones; the interface has no such type, so programs need not do the same.
function(mio_set_library_sources target)
    target_include_directories(${target} PRIVATE
        ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${MIO_SYSTEM_DIR})
    target_compile_definitions(${target} PRIVATE
        MIO_BUILDING _FILE_OFFSET_BITS=64 ${MIO_SYSTEM_DEFINITIONS})
    foreach(option MIO_FORCE_POLL MIO_FORCE_WAKER_PIPE)
        if(${option})
            target_compile_definitions(${target} PRIVATE ${option})
        endif()
    endforeach()
endfunction()

# Compiled once for both libraries; position-independent code costs the static one nothing much. All
# files as one: then there are fewer functions to return from after a system call, which a server
# notices (docs/design.md).
if(NOT DEFINED CMAKE_UNITY_BUILD)
    set(MIO_UNITY ON)
else()
    set(MIO_UNITY ${CMAKE_UNITY_BUILD})
endif()
add_library(mio_objects OBJECT ${MIO_SOURCES})
mio_set_library_sources(mio_objects)
mio_set_warnings(mio_objects)
if(CMAKE_C_FLAGS_RELEASE STREQUAL "-O3 -DNDEBUG")
    # CMake's choice would copy what runs once to many places: a quarter more code, nothing faster.
    target_compile_options(mio_objects PRIVATE $<$<CONFIG:Release>:-O2>)
endif()
set_target_properties(mio_objects PROPERTIES
    C_STANDARD 11
    C_STANDARD_REQUIRED ON
    C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden
    UNITY_BUILD ${MIO_UNITY}
    UNITY_BUILD_BATCH_SIZE 0
    POSITION_INDEPENDENT_CODE ON)

function(mio_add_library target kind)
    add_library(${target} ${kind} $<TARGET_OBJECTS:mio_objects>)
    add_library(mio::${target} ALIAS ${target})
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    if(WIN32)
        target_link_libraries(${target} PRIVATE ws2_32)
    else()
        target_link_libraries(${target} PRIVATE Threads::Threads) # the lock of the poll backend
    endif()
    if(NOT MIO_NET)
        target_compile_definitions(${target} PUBLIC MIO_NO_NET)
        target_compile_definitions(mio_objects PRIVATE MIO_NO_NET)
    endif()
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME mio
        VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
    # A DLL has the ABI in its name, as a SONAME does. Microsoft's linker wants a library beside it,
    # with the name that the static one has elsewhere.
    if(WIN32 AND kind STREQUAL "SHARED")
        set_target_properties(${target} PROPERTIES
            RUNTIME_OUTPUT_NAME mio-${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
        if(MINGW) # whose functions for divisions of 64-bit numbers are in a DLL, else
            target_link_options(${target} PRIVATE -static-libgcc)
        endif()
    elseif(MSVC)
        set_target_properties(${target} PROPERTIES OUTPUT_NAME mio_static)
    endif()
endfunction()

include(GNUInstallDirs)
if(NOT WIN32)
    find_package(Threads REQUIRED)
endif()
set(MIO_LIBRARIES)
if(MIO_SHARED)
    mio_add_library(mio SHARED)
    list(APPEND MIO_LIBRARIES mio)
endif()
if(MIO_STATIC)
    mio_add_library(mio_static STATIC)
    list(APPEND MIO_LIBRARIES mio_static)
    if(NOT MIO_SHARED)
        add_library(mio::mio ALIAS mio_static)
    endif()
endif()
