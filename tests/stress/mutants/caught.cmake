# Runs the stress program over a mutant until it loses a wake; at most BOUND seconds in all.
# -D PROGRAM=... -D BACKEND=... -D WAKER=... -D SPIN=... (--spin or nothing) -D BOUND=...
string(TIMESTAMP begin %s)
set(now ${begin})
set(rounds 0)
math(EXPR end "${begin} + ${BOUND}")
while(now LESS end)
    math(EXPR rest "${end} - ${now}")
    math(EXPR rounds "${rounds} + 1")
    # A mutant's lost wake does not come later, so there is no need for much patience.
    execute_process(
        COMMAND ${PROGRAM} --backend=${BACKEND} --waker=${WAKER} ${SPIN} --patience=3000
        TIMEOUT ${rest} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    string(TIMESTAMP now %s)
    math(EXPR spent "${now} - ${begin}")
    set(lost "# (after [0-9.]+ s: a wake[a-z ]* was lost)\nnot ok [0-9]+ - waker[.]([a-z_]+)")
    if(output MATCHES "${lost}")
        # The case that found it first, and after how long; the other time is that of all cases.
        message(STATUS "caught in run ${rounds}, after ${spent} s in all: "
            "${CMAKE_MATCH_2}: ${CMAKE_MATCH_1}")
        return()
    endif()
    if(NOT result EQUAL 0)
        break()
    endif()
endwhile()
message(FATAL_ERROR "not caught in ${rounds} runs of ${spent} s (${result}):\n${output}")
