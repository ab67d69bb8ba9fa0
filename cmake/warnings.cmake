# Warnings for our own code: the library, the tests and the examples.
function(mio_set_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
    if(MIO_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()
