# Runs a program that must exit with 1 and print TEXT; where it says that the ROW is skipped, the
# test is skipped, too:
#
#     cmake -D TEXT=... -D ROW=... -P fails.cmake -- [EMULATOR...] PROGRAM [ARGUMENT...]
cmake_minimum_required(VERSION 3.25)

set(command)
set(begun OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
    if(begun)
        list(APPEND command "${CMAKE_ARGV${i}}")
    elseif(CMAKE_ARGV${i} STREQUAL "--")
        set(begun ON)
    endif()
endforeach()

execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE output TIMEOUT 100)
message("${output}")
if(output MATCHES "${ROW}: skipped: ([^\r\n]*)")
    message("skipped: ${ROW}: ${CMAKE_MATCH_1}")
    return()
endif()
string(FIND "${output}" "${TEXT}" place)
if(place EQUAL -1)
    message(FATAL_ERROR "it did not say what went wrong")
endif()
if(NOT status STREQUAL "1")
    message(FATAL_ERROR "it exited with ${status}, not with 1")
endif()
