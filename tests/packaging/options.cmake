# packaging.options.*: builds the library alone with one option changed, and looks at what it is. It
# is not optimised, for nobody asks how fast it is.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/exports_list.cmake)
string(REGEX REPLACE "=.*" "" name ${OPTION})
fresh_folder(options_${name} folder)
configure(${MIO_SOURCE_DIR} ${folder}/build
    -D MIO_TESTS=OFF -D MIO_EXAMPLES=OFF -D MIO_INSTALL=OFF -D CMAKE_BUILD_TYPE=Debug
    -D ${OPTION})
build_tree(${folder}/build --parallel 2)
read_exports()

file(GLOB_RECURSE shared ${folder}/build/libmio.so)
file(GLOB_RECURSE static ${folder}/build/libmio.a)
set(net ON)
if(OPTION STREQUAL "MIO_NET=OFF")
    set(net OFF)
endif()
if(MIO_NM)
    check_symbols(shared ${shared} ${net})
    check_symbols(static ${static} ${net})
endif()

# Whether names can be linked says the same where there is no nm.
function(compile_symbol symbol program)
    file(WRITE ${folder}/${symbol}.c
        "void ${symbol}(void);\nint main(void)\n{\n    ${symbol}();\n    return 0;\n}\n")
    set(COMPILE_SYMBOL ${MIO_COMPILE} -fno-builtin ${folder}/${symbol}.c ${static} -o ${program}
        PARENT_SCOPE)
endfunction()
compile_symbol(mio_poll_init ${folder}/core)
run(${COMPILE_SYMBOL})
compile_symbol(mio_addr_parse ${folder}/net)
if(net)
    run(${COMPILE_SYMBOL})
else()
    run_expecting_failure(${COMPILE_SYMBOL})
endif()

set(backends "epoll and poll")
set(wakers "eventfd and pipe")
if(OPTION STREQUAL "MIO_FORCE_POLL=ON")
    set(backends "poll")
elseif(OPTION STREQUAL "MIO_FORCE_WAKER_PIPE=ON")
    set(wakers "pipe")
endif()
list(REMOVE_ITEM MIO_COMPILE -DMIO_NO_NET)
if(NOT net)
    list(APPEND MIO_COMPILE -DMIO_NO_NET)
endif()
foreach(library ${shared} ${static})
    link_arguments(${library} link)
    run(${MIO_COMPILE} -I ${MIO_SOURCE_DIR}/include ${MIO_HERE}/options/choices.c ${link}
        -o ${folder}/choices)
    run(${folder}/choices "${backends}" "${wakers}")
endforeach()
