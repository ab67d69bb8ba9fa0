# Runs a program over a mutant: -D PROGRAM=... -D "ARGUMENTS=a;b". A case has to fail; one that
# hangs fails by the time limits of its waits. Over the unchanged backend (-D UNCHANGED=...) the
# same cases have to pass.
execute_process(COMMAND ${UNCHANGED} ${ARGUMENTS}
    TIMEOUT 110 RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "the unchanged backend fails, too (${result}):\n${output}")
endif()
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS}
    TIMEOUT 110 RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(output MATCHES "not ok [0-9]+ - ([a-z0-9_.]+)")
    message(STATUS "caught by ${CMAKE_MATCH_1}")
else()
    message(FATAL_ERROR "not caught (${result}):\n${output}")
endif()
