# packaging.consumer.cmake: find_package finds the installed library, in the versions it satisfies.
# CXX_FITS: whether the C++ compiler has the target of the C compiler.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/consumer_install.cmake)
fresh_folder(consumer_cmake folder)
install_and_move(${folder})

set(first STATIC)
if(MIO_SHARED_FILE)
    set(first SHARED)
endif()
set(static OFF)
if(MIO_STATIC_FILE)
    set(static ON)
endif()
set(arguments -D CMAKE_PREFIX_PATH=${prefix} -D FIRST=${first} -D STATIC=${static}
    -D CXX_FITS=${CXX_FITS})

string(REGEX MATCH "^([0-9]+)[.]([0-9]+)" series ${MIO_VERSION})
set(major ${CMAKE_MATCH_1})
set(minor ${CMAKE_MATCH_2})
configure(${MIO_HERE}/consumer ${folder}/build ${arguments} -D WANTED_VERSION=${series})
build_tree(${folder}/build)
build_tree(${folder}/build --target run)
if(NOT RUN_OUTPUT MATCHES "mio ${MIO_VERSION}, ")
    message(FATAL_ERROR "the consumer did not run: ${RUN_OUTPUT}")
endif()

# Requests that this version must not satisfy: of the next series, and of the one before.
math(EXPR next_minor "${minor} + 1")
math(EXPR next_major "${major} + 1")
set(refused ${major}.${next_minor} ${next_major}.0)
if(minor GREATER 0)
    math(EXPR last_minor "${minor} - 1")
    list(APPEND refused ${major}.${last_minor})
endif()
foreach(wanted IN LISTS refused)
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${MIO_HERE}/consumer -B ${folder}/refused
        -G ${MIO_GENERATOR} -D CMAKE_C_COMPILER=${MIO_C_COMPILER}
        -D CMAKE_MAKE_PROGRAM=${MIO_MAKE_PROGRAM} ${arguments} -D WANTED_VERSION=${wanted}
        RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(status EQUAL 0 OR NOT output MATCHES "considered but not accepted")
        message(FATAL_ERROR "find_package(mio ${wanted}) was not refused: ${output}")
    endif()
endforeach()
