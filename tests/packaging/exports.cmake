# packaging.exports: src/exports.txt names exactly the functions that the header declares, inline
# ones included, each in the section in which the header has it.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/exports_list.cmake)
read_exports()

file(STRINGS ${MIO_SOURCE_DIR}/include/mio.h lines
    REGEX "^(MIO_API|MIO_INLINE|#ifndef MIO_NO_NET|#if MIO_HAS_NAMED_PIPES|#endif)")
set(declared_core)
set(declared_net)
set(declared_windows)
set(section core)
foreach(line IN LISTS lines)
    if(line MATCHES "^#ifndef MIO_NO_NET")
        set(section net)
    elseif(line MATCHES "^#if MIO_HAS_NAMED_PIPES")
        set(section windows)
    elseif(line MATCHES "^#endif")
        set(section core)
    elseif(line MATCHES "^MIO_[A-Z]+ [^(]*[ *](mio_[a-z0-9_]+)\\(")
        list(APPEND declared_${section} ${CMAKE_MATCH_1})
    else()
        message(FATAL_ERROR "mio.h: no function name in the line '${line}'")
    endif()
endforeach()

compare_lists(declared_core "mio.h (core)" EXPORTS_CORE "src/exports.txt [core]")
compare_lists(declared_net "mio.h (net)" EXPORTS_NET "src/exports.txt [net]")
compare_lists(declared_windows "mio.h (named pipes)" EXPORTS_WINDOWS "src/exports.txt [windows]")
