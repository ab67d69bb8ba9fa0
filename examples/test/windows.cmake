# The examples for Windows: those that end by themselves, the demo, and servers against clients of
# the host.
function(mio_add_example_test name)
    add_test(NAME example.${name} COMMAND ${ARGN})
    set_tests_properties(example.${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
endfunction()

mio_add_example_test(deadlines example_deadlines)
if(TARGET example_waker)
    mio_add_example_test(waker example_waker)
endif()

# The demo on a smaller scale, for emulators take their time, and the proof that each row notices
# what goes wrong.
mio_add_example_test(demo example_demo --connections=300)
function(mio_add_demo_failure what row)
    string(REPLACE ":" "_" name ${what})
    mio_add_example_test(demo.notices_${name}
        ${CMAKE_COMMAND} -D "TEXT=FAILED: ${row}: " -D "ROW=${row}"
        -P ${CMAKE_CURRENT_SOURCE_DIR}/fails.cmake --
        ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:example_demo>
        --connections=300 --break=${what})
    set_tests_properties(example.demo.notices_${name} PROPERTIES
        SKIP_REGULAR_EXPRESSION "[^ ]skipped: ") # at the beginning of a line
endfunction()
mio_add_demo_failure(byte "TCP IPv4")
mio_add_demo_failure(byte:unix "Unix stream")
mio_add_demo_failure(byte:udp "UDP")
mio_add_demo_failure(refuse "TCP IPv4")
mio_add_demo_failure(refuse:unix "Unix stream")
mio_add_demo_failure(refuse:udp "UDP")
mio_add_demo_failure(wake "wakes")

# A lost datagram is no failure, but it is noticed and sent again.
mio_add_example_test(demo.repeats_datagrams example_demo --connections=300 --break=loss)
set_tests_properties(example.demo.repeats_datagrams PROPERTIES
    PASS_REGULAR_EXPRESSION "in time: [1-9][0-9,]*\r?\nevery byte came back")

find_program(MIO_EXAMPLE_python python3)
mark_as_advanced(MIO_EXAMPLE_python)
if(NOT MIO_EXAMPLE_python)
    message(STATUS "The servers are not tested: python3 is not installed")
    return()
endif()
foreach(name quickstart tcp_server udp_server proxy)
    mio_add_example_test(${name} ${MIO_EXAMPLE_python} -B
        ${CMAKE_CURRENT_SOURCE_DIR}/windows.py ${name}
        ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:example_${name}>)
endforeach()
