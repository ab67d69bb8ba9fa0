# The examples for Windows: those that end by themselves, and servers against clients of the host.
function(mio_add_example_test name)
    add_test(NAME example.${name} COMMAND ${ARGN})
    set_tests_properties(example.${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
endfunction()

mio_add_example_test(deadlines example_deadlines)
if(TARGET example_waker)
    mio_add_example_test(waker example_waker)
endif()

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
