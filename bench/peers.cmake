# The contestants that are libraries in C, as the distribution packages them.

# mio_add_library_contestant(NAME PACKAGE HEADER LIBRARIES...): one that uses an installed library.
macro(mio_add_library_contestant name package header)
    find_path(BENCH_HEADER_${name} ${header})
    set(BENCH_FOUND ${BENCH_HEADER_${name}})
    foreach(library ${ARGN})
        find_library(BENCH_LIBRARY_${library} ${library})
        list(APPEND BENCH_FOUND ${BENCH_LIBRARY_${library}})
    endforeach()
    if(BENCH_FOUND MATCHES "NOTFOUND")
        mio_skip_contestant(${name} "the package ${package} is not installed")
    else()
        mio_add_contestant(${name} contestants/${name}/loop.c contestants/${name}/server.c)
        target_include_directories(bench_${name} SYSTEM PRIVATE ${BENCH_HEADER_${name}})
        foreach(library ${ARGN})
            target_link_libraries(bench_${name} PRIVATE ${BENCH_LIBRARY_${library}})
        endforeach()
    endif()
endmacro()

mio_add_library_contestant(libuv libuv1-dev uv.h uv)
mio_add_library_contestant(libev libev-dev ev.h ev)
mio_add_library_contestant(libevent libevent-dev event2/event.h event_core event_pthreads)
